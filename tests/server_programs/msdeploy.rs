//! `msdeploy.exe`, as "Web Deploy Command Line Reference" has it.
//!
//! - Words are `-NAME` or `-NAME:VALUE`; `-verb:sync` with `-source:package='ZIP'` and `-dest:auto[,SETTING='VALUE'…]` alone.
//! - Without `computerName` or `publishSettings` the package goes into the IIS of the machine: values of `-setParamFile` (a
//!   parameter must be one of the package) are put into provider paths, the application's files are unpacked below the
//!   site, the application is made, and each `runCommand` is run, which must end with one of its `successReturnCodes`.
//! - With them, nothing is unpacked: user and password of the `publishSettings` file must be those in the file `users` beside
//!   the program (`NAME:PASSWORD`), and `-allowUntrusted` must be there.
//! - `-whatif` changes nothing. A file `in-use` beside the program is an open file at the destination: a sync without
//!   `-enableRule:AppOffline` ends with `ERROR_FILE_IN_USE`.
//! - Errors are told as `Error Code: NAME` with the exit code -1.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use iiswsgi::iis::ApplicationPath;
use iiswsgi::iis::application_host::ApplicationHost;
use iiswsgi::package::apply::{self, Resolved};
use iiswsgi::package::archive::{Limits, Reader};
use iiswsgi::package::archive_format::Contents;
use iiswsgi::package::manifest::Provider;
use iiswsgi::package::parameters::{Parameters, SetParameters};
use iiswsgi::process::command_line;
use iiswsgi::xml::Document;

use crate::call::Call;

const KNOWN: [&str; 12] = [
    "verb",
    "source",
    "dest",
    "setParamFile",
    "disableLink",
    "enableRule",
    "retryAttempts",
    "retryInterval",
    "whatif",
    "allowUntrusted",
    "verbose",
    "skip",
];

/// Runs a call and gives the exit code.
pub(crate) fn run(call: &Call) -> i32 {
    match sync(call) {
        Ok(said) => call.finish(&said, 0),
        Err(said) => call.finish(&format!("{said}\nError count: 1.\n"), -1),
    }
}

fn named(code: &str) -> String {
    format!("Error Code: {code}\nMore Information: …\nError: it did not work.")
}

fn sync(call: &Call) -> Result<String, String> {
    for word in &call.arguments {
        let name = word.strip_prefix('-').unwrap_or_default().split(':').next().unwrap_or_default();
        if !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(format!(
                "Error: Unrecognized argument '{word}'. All arguments must begin with \"-\"."
            ));
        }
    }
    if call.value("verb") != Some("sync") {
        return Err("Error: A verb must be specified.".into());
    }
    let source = provider(call.value("source").unwrap_or_default())?;
    let destination = provider(call.value("dest").unwrap_or_default())?;
    let package = match source.first() {
        Some((name, value)) if name == "package" => PathBuf::from(value),
        _ => return Err("Error: this stand-in knows -source:package alone".into()),
    };
    if destination.first().map(|(name, _)| name.as_str()) != Some("auto") {
        return Err("Error: this stand-in knows -dest:auto alone".into());
    }
    let offline = call.arguments.iter().any(|word| word == "-enableRule:AppOffline");
    if call.folder.join("in-use").exists() && !offline {
        return Err(named("ERROR_FILE_IN_USE"));
    }
    let whatif = call.arguments.iter().any(|word| word == "-whatif");
    let setting =
        |name: &str| destination.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if setting("computerName").is_some() || setting("publishSettings").is_some() {
        if !call.arguments.iter().any(|word| word == "-allowUntrusted") {
            return Err(named("ERROR_CERTIFICATE_VALIDATION_FAILED"));
        }
        log_in(call, setting("publishSettings"))?;
        return Ok(
            "Total changes: 1 (1 added, 0 deleted, 0 updated, 0 parameters changed, 0 bytes copied)\n".into(),
        );
    }
    let set = call.value("setParamFile").map(unquoted);
    let changed = install(&package, set.as_deref(), whatif)?;
    Ok(format!(
        "Total changes: {changed} ({changed} added, 0 deleted, 0 updated, 0 parameters changed, 0 bytes copied)\n"
    ))
}

/// `NAME=VALUE,SETTING='VALUE',…`
fn provider(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find([',', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(value) = after.strip_prefix('=') else {
            pairs.push((name.to_owned(), String::new()));
            rest = after.trim_start_matches(',');
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let (value, after) = match quote {
            Some(quote) => value[1..].split_once(quote).ok_or("Error: a quote is not closed")?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        pairs.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start_matches(',');
    }
    Ok(pairs)
}

fn unquoted(text: &str) -> PathBuf {
    PathBuf::from(text.trim_matches(['\'', '"']))
}

fn log_in(call: &Call, settings: Option<&str>) -> Result<(), String> {
    let users = std::fs::read_to_string(call.folder.join("users")).unwrap_or_default();
    let profile = settings.and_then(|path| Document::parse(std::fs::read_to_string(path).ok()?).ok());
    let given = profile.as_ref().and_then(|document| {
        let profile = document.root().child("publishProfile")?;
        Some(format!("{}:{}", profile.attribute("userName")?, profile.attribute("userPWD")?))
    });
    match given {
        Some(given) if users.lines().any(|user| user == given) => Ok(()),
        _ => Err(named("ERROR_USER_UNAUTHORIZED")),
    }
}

fn error(error: impl std::fmt::Display) -> String {
    format!("Error: {error}")
}

fn install(package: &Path, set: Option<&Path>, whatif: bool) -> Result<usize, String> {
    let mut reader = Reader::open(BufReader::new(File::open(package).map_err(error)?), Limits::default())
        .map_err(error)?;
    let contents = Contents::read(&mut reader).map_err(error)?;
    let parameters = match &contents.parameters {
        Some((_, bytes)) => Parameters::read(&Document::parse_bytes(bytes).map_err(error)?).map_err(error)?.0,
        None => Parameters::default(),
    };
    let given = match set {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(error)?;
            SetParameters::read(&Document::parse_bytes(&bytes).map_err(error)?).map_err(error)?.0.values
        }
        None => Vec::new(),
    };
    let values = apply::resolve(&parameters, &given).map_err(error)?;
    let path = |provider: &Provider| -> Result<String, String> {
        Ok(values
            .provider_path(&provider.name, &provider.path)
            .map_err(error)?
            .unwrap_or_else(|| provider.path.clone()))
    };
    let main = contents.main_application().cloned().ok_or_else(|| named("ERROR_SITE_DOES_NOT_EXIST"))?;
    let application: ApplicationPath =
        path(&contents.manifest.providers[main.provider])?.parse().map_err(error)?;
    if whatif {
        return Ok(main.entries.len());
    }
    let folder = make(&application)?;
    for (index, name) in &main.entries {
        let target = folder.join(name);
        let entry = reader.entries()[*index].clone();
        if entry.folder {
            std::fs::create_dir_all(&target).map_err(error)?;
            continue;
        }
        std::fs::create_dir_all(target.parent().unwrap_or(&folder)).map_err(error)?;
        let bytes = reader.read(&entry.name, u64::MAX).map_err(error)?;
        let filled = filled(&values, &format!("{}/{name}", main.root), &bytes)?;
        std::fs::write(&target, filled).map_err(error)?;
    }
    for provider in &contents.manifest.providers {
        if provider.name.eq_ignore_ascii_case("runCommand") {
            run_command(provider, &path(provider)?)?;
        }
    }
    Ok(main.entries.len())
}

fn filled(values: &Resolved, name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    if !values.wants_file(name) {
        return Ok(bytes.to_vec());
    }
    Ok(values.apply_to_file(name, bytes).map_err(error)?.unwrap_or_else(|| bytes.to_vec()))
}

/// Makes the application below its site, and gives its folder.
#[expect(clippy::disallowed_methods, reason = "a program of its own, which reads its own environment")]
fn make(application: &ApplicationPath) -> Result<PathBuf, String> {
    let windir = std::env::var("WINDIR").map_err(|_| "Error: there is no windir".to_owned())?;
    let file = ["System32", "inetsrv", "config", "applicationHost.config"]
        .iter()
        .fold(PathBuf::from(windir), |path, step| path.join(step));
    let text = std::fs::read_to_string(&file).map_err(error)?;
    let mut host = ApplicationHost::parse(text).map_err(error)?;
    let root = ApplicationPath::new(application.site(), "/").map_err(error)?;
    let Some((_, root)) = host.application(&root) else { return Err(named("ERROR_SITE_DOES_NOT_EXIST")) };
    let mut folder = PathBuf::from(root.physical_path().unwrap_or_default());
    folder.extend(application.steps());
    if host.application(application).is_none() {
        host.set_application(application, &folder.to_string_lossy(), None).map_err(error)?;
        std::fs::write(&file, host.text()).map_err(error)?;
    }
    std::fs::create_dir_all(&folder).map_err(error)?;
    Ok(folder)
}

#[expect(clippy::disallowed_methods, reason = "a program of its own, which starts what packages ask for")]
fn run_command(provider: &Provider, path: &str) -> Result<(), String> {
    let words = command_line::split(path);
    let (name, arguments) = words.split_first().ok_or("Error: an empty command")?;
    let output = std::process::Command::new(name)
        .args(arguments)
        .output()
        .map_err(|e| format!("Error: {name}: {e}"))?;
    let code = output.status.code().unwrap_or(-1);
    let accepted = provider.setting("successReturnCodes").unwrap_or("0x0");
    let accepts = |text: &str| i32::from_str_radix(text.trim().trim_start_matches("0x"), 16) == Ok(code);
    if accepted.split(';').any(accepts) {
        return Ok(());
    }
    Err(format!(
        "{}{}\nError Code: ERROR_RUNCOMMAND\nError: The process '{name}' terminated with exit code '0x{code:x}'.",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
