//! `appcmd.exe`, as the IIS documentation has it ("Appcmd.exe", "Getting Started with AppCmd.exe", the FastCGI pages).
//!
//! - An argument that begins with `/` or `-` is a parameter, `NAME:VALUE`. The first three others are verb, object, and the
//!   object's identifier.
//! - `list config /section:S /xml`, `set config /section:S EDIT… /commit:apphost` for `system.webServer/fastCgi`,
//!   `system.applicationHost/sites` and `…/applicationPools`; `unlock config /section:S`; `add app`, `set vdir`, `delete app`; `start`, `stop` and
//!   `recycle apppool /apppool.name:NAME`, which leave a word for the web server in `pools/NAME` beside the configuration.
//! - An edit is `+[INDEXER]`, `-[INDEXER]`, `[INDEXER].ATTRIBUTE:VALUE`, and the first two with `.environmentVariables.[INDEXER]`
//!   after the element that they are about. An indexer is `name='value'` pairs with commas between; a single quote in
//!   a value is doubled (not documented: what others do).
//! - The configuration is `config/applicationHost.config` beside the program, or `/apphostconfig:FILE`.
//! - Errors go to stdout as `ERROR ( message:… )`, those of the configuration system with their `hresult`. The exit code is
//!   the Win32 code of the error.
//! - A file `german` beside the program: it answers as on a German Windows, in the code page of the console.
//! - A file `not-elevated` beside the program: it answers as to somebody who is no administrator.

mod configuration;
mod indexer;
pub(crate) mod pools;

use std::path::PathBuf;

use crate::call::Call;
use configuration::Configuration;

/// What went wrong: the text and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// As it is printed between the brackets.
    pub(crate) message: String,
    /// The exit code.
    pub(crate) code: i32,
}

fn refusal<T>(code: i32, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), code })
}

/// Runs a call and gives the exit code.
pub(crate) fn run(call: &Call) -> i32 {
    let (output, code) = match answer(call) {
        Ok(output) => (output, 0),
        Err(refusal) => (format!("ERROR ( {} )\n", refusal.message), refusal.code),
    };
    if call.folder.join("german").exists() {
        return call.finish_bytes(&in_german(&output), code);
    }
    call.finish(&output, code)
}

/// An answer with the words of a German Windows, in code page 850. What it is made of is not translated as a whole.
fn in_german(output: &str) -> Vec<u8> {
    let words = [
        ("ERROR (", "FEHLER ("),
        ("Cannot find", "Nicht gefunden:"),
        ("Configuration error", "Konfigurationsfehler"),
    ];
    let text = words.iter().fold(output.to_owned(), |text, (english, german)| text.replace(english, german));
    let of = |character: char| match character {
        'ä' => 0x84,
        'ö' => 0x94,
        'ü' => 0x81,
        other => u8::try_from(other).ok().filter(u8::is_ascii).unwrap_or(b'?'),
    };
    text.chars().map(of).collect()
}

fn answer(call: &Call) -> Result<String, Refusal> {
    if call.folder.join("not-elevated").exists() {
        return refusal(
            5,
            "message:Configuration error\nFilename: redirection.config\nLine Number: 0\n\
             Description: Cannot read configuration file due to insufficient permissions\n.",
        );
    }
    let words: Vec<&str> =
        call.arguments.iter().map(String::as_str).filter(|a| !a.starts_with(['/', '-'])).collect();
    let path = call
        .value("apphostconfig")
        .map_or_else(|| call.folder.join("config").join("applicationHost.config"), PathBuf::from);
    let mut configuration = Configuration::open(&path)?;
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match lower.as_slice() {
        ["list", "config"] => configuration.list(section(call)?),
        ["set", "config"] => set(call, &mut configuration),
        ["unlock", "config"] => {
            configuration.unlock(section(call)?)?;
            configuration.save()?;
            Ok(format!(
                "Unlocked section \"{}\" at configuration path \"MACHINE/WEBROOT/APPHOST\".\n",
                section(call)?
            ))
        }
        ["add", "app"] => add(call, &mut configuration),
        ["set", "vdir", _] => {
            let folder = call.value("physicalPath").unwrap_or_default();
            configuration.set_directory(words[2], folder)?;
            configuration.save()?;
            Ok(format!("VDIR object \"{}\" changed\n", words[2]))
        }
        ["delete", "app", _] => {
            configuration.delete_application(words[2])?;
            configuration.save()?;
            Ok(format!("APP object \"{}\" deleted\n", words[2]))
        }
        [verb @ ("start" | "stop" | "recycle"), "apppool"] => {
            let name = call.value("apppool.name").unwrap_or_default();
            pools::change(&path, name, verb)?;
            Ok(format!("\"{name}\" successfully {verb}ed\n"))
        }
        [_, _, ..] => refusal(
            87,
            format!("message:Unknown command: {}. This stand-in does not know it.", words.join(" ")),
        ),
        _ => refusal(87, "message:Failed to process input: The parameter is incorrect."),
    }
}

fn set(call: &Call, configuration: &mut Configuration) -> Result<String, Refusal> {
    let known = ["section", "commit", "apphostconfig"];
    for argument in &call.arguments[2..] {
        let bare = &argument[1..];
        let name = bare.split(':').next().unwrap_or_default().to_lowercase();
        if bare.starts_with(['+', '-', '[']) {
            configuration.edit(section(call)?, bare)?;
        } else if !known.contains(&name.as_str()) {
            return refusal(87, format!("message:Unknown attribute \"{name}\".  Replace with -? for help."));
        }
    }
    if !call.value("commit").is_some_and(|to| to.eq_ignore_ascii_case("apphost")) {
        configuration.refuse_if_locked(section(call)?)?;
    }
    configuration.save()?;
    Ok(format!(
        "Applied configuration changes to section \"{}\" for \"MACHINE/WEBROOT/APPHOST\" at configuration commit path \
         \"MACHINE/WEBROOT/APPHOST\"\n",
        section(call)?
    ))
}

fn add(call: &Call, configuration: &mut Configuration) -> Result<String, Refusal> {
    let parameter = |name: &str| match call.value(name) {
        Some(value) => Ok(value),
        None => refusal(87, format!("message:Must specify the {name} parameter.")),
    };
    let (site, path) = (parameter("site.name")?, parameter("path")?);
    let folder = parameter("physicalPath")?;
    configuration.add_application(site, path, folder, call.value("applicationPool"))?;
    configuration.save()?;
    Ok(format!("APP object \"{site}{path}\" added\nVDIR object \"{site}{path}/\" added\n"))
}

fn section(call: &Call) -> Result<&str, Refusal> {
    match call.value("section") {
        // The last part alone is enough where it is the only one of its name.
        Some(name) if name.eq_ignore_ascii_case("fastCgi") => Ok("system.webServer/fastCgi"),
        Some(name) if name.eq_ignore_ascii_case("sites") => Ok("system.applicationHost/sites"),
        Some(name) => Ok(name),
        None => refusal(87, "message:Must specify the section parameter."),
    }
}
