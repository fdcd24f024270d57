//! What is known of Web Deploy's providers: their names, and the settings of `runCommand`.

/// The providers of Web Deploy 1 to 4: the enumeration `DeploymentWellKnownProvider` and the pages of the provider
/// reference. Sorted without regard to case.
const PROVIDERS: [&str; 41] = [
    "alias",
    "appHostAuthOverride",
    "appHostConfig",
    "appHostSchema",
    "appPoolConfig",
    "appPoolEnable32Bit",
    "appPoolNetFx",
    "appPoolPipeline",
    "archiveDir",
    "auto",
    "backupManager",
    "backupSettings",
    "cert",
    "comObject32",
    "comObject64",
    "contentPath",
    "contentPathLib",
    "createApp",
    "dbDacFx",
    "dbFullSql",
    "dbMySql",
    "dirPath",
    "filePath",
    "gacAssembly",
    "gacInstall",
    "iisApp",
    "machineConfig32",
    "machineConfig64",
    "manifest",
    "metaKey",
    "package",
    "recycleApp",
    "regKey",
    "regValue",
    "rootWebConfig32",
    "rootWebConfig64",
    "runCommand",
    "setAcl",
    "urlScanConfig",
    "webServer",
    "webServer60",
];

/// Whether Web Deploy has a provider of this name. A server may have others: third parties can add their own.
pub fn is_known_provider(name: &str) -> bool {
    PROVIDERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The settings of `runCommand` (Web Deploy `runCommand` provider page).
pub const RUN_COMMAND_SETTINGS: [&str; 5] =
    ["waitAttempts", "waitInterval", "successReturnCodes", "dontUseCommandExe", "dontUseJobObject"];

/// What is wrong with one setting of `runCommand`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    /// No such setting.
    #[error("`runCommand` has no setting `{name}`{}", nearest(name))]
    Unknown {
        /// Its name.
        name: String,
    },
    /// The value is not of the setting's type.
    #[error("`{name}` must be {expected}, not `{value}`")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
}

fn nearest(name: &str) -> String {
    RUN_COMMAND_SETTINGS
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= 4)
        .min()
        .map(|(_, known)| format!(", did you mean `{known}`?"))
        .unwrap_or_default()
}

/// Checks one setting of `runCommand`: its name, upper and lower case alike, and its value.
///
/// # Errors
/// There is no such setting, or the value is not of its type.
pub fn check_run_command_setting(name: &str, value: &str) -> Result<(), SettingFault> {
    let Some(known) = RUN_COMMAND_SETTINGS.into_iter().find(|known| known.eq_ignore_ascii_case(name)) else {
        return Err(SettingFault::Unknown { name: name.to_owned() });
    };
    let (good, expected) = match known {
        "waitAttempts" => (value.parse::<i32>().is_ok_and(|n| n >= 1), "a whole number from 1 to 2147483647"),
        "waitInterval" => {
            (value.parse::<i32>().is_ok_and(|n| n >= 0), "a number of milliseconds from 0 to 2147483647")
        }
        "successReturnCodes" => {
            (value.split(';').all(is_return_code), "return codes separated by semicolons, as `0x0;0x2`")
        }
        _ => (value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"), "`true` or `false`"),
    };
    if good { Ok(()) } else { Err(SettingFault::Value { name: known, value: value.to_owned(), expected }) }
}

/// A 32-bit number, decimal or with `0x` before it.
fn is_return_code(code: &str) -> bool {
    let code = code.trim();
    match code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        Some(hex) => !hex.starts_with('+') && u32::from_str_radix(hex, 16).is_ok(),
        None => code.parse::<i32>().is_ok() || code.parse::<u32>().is_ok(),
    }
}
