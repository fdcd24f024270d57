//! Variables that a Windows server fills in itself, and that a template may therefore leave as they are.

/// Their names. Web Deploy runs a command through `cmd.exe`, which knows the variables of every Windows; IIS expands
/// them in `fullPath` and `arguments`, but not in `monitorChangesTo`. The last four are set by IIS Express and by the
/// Web Platform Installer, as the original's bootstrap used them, and by the bootstrap for `web.config.in`.
pub const SERVER_VARIABLES: [&str; 37] = [
    "ALLUSERSPROFILE",
    "APPDATA",
    "CommonProgramFiles",
    "CommonProgramFiles(x86)",
    "CommonProgramW6432",
    "COMPUTERNAME",
    "ComSpec",
    "DriverData",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "LOGONSERVER",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "Path",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROCESSOR_IDENTIFIER",
    "PROCESSOR_LEVEL",
    "PROCESSOR_REVISION",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "PUBLIC",
    "SystemDrive",
    "SystemRoot",
    "TEMP",
    "TMP",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "windir",
    "APPL_PHYSICAL_PATH",
    "IIS_BIN",
    "IIS_SITES_HOME",
    "IIS_USER_HOME",
];

/// Whether a Windows server fills in a variable, upper and lower case alike.
pub fn is_server_variable(name: &str) -> bool {
    SERVER_VARIABLES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
