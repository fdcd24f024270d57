//! The tags that installers know.

/// The well-known tags of parameters (Microsoft's "Reference for the Web Application Package" and the enumeration
/// `DeploymentWellKnownTag`), in their usual spelling; upper and lower case are alike in files.
pub const KNOWN_TAGS: &[&str] = &[
    "AppHostConfig",
    "AppPoolConfig",
    "AppURL",
    "Boolean",
    "ComObject32",
    "ComObject64",
    "DBAdminPassword",
    "DBAdminUserName",
    "DBConnectionString",
    "DBName",
    "DBServer",
    "DBUserName",
    "DBUserPassword",
    "FlatFile",
    "Hidden",
    "IisApp",
    "MetaKey",
    "MySQL",
    "MySQLConnectionString",
    "MySQLParam",
    "New",
    "NoStore",
    "None",
    "Password",
    "PhysicalPath",
    "RegKey",
    "SetAcl",
    "SQL",
    "SqlConnectionString",
    "SQLite",
    "Validate",
    "VistaDB",
];

/// Whether a tag is well-known, upper and lower case alike.
pub fn is_known_tag(tag: &str) -> bool {
    KNOWN_TAGS.iter().any(|known| known.eq_ignore_ascii_case(tag))
}

/// Whether a tag says that the value is a secret.
pub fn is_secret_tag(tag: &str) -> bool {
    ["Password", "DBAdminPassword", "DBUserPassword"].iter().any(|secret| secret.eq_ignore_ascii_case(tag))
}
