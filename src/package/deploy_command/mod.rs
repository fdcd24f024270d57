//! `NAME.deploy.cmd`: the batch file beside a package that installs it with Web Deploy.
//!
//! It takes the options and the environment of the file of that name which Visual Studio writes, so that whoever
//! deploys those can deploy these. Where it differs: the command line, in which a password may stand, is not printed;
//! exit codes tell a wrong use (2) and a missing tool (3) from a failed installation (that of `msdeploy.exe`); flags
//! for `msdeploy.exe` keep their quotes.

use super::names::OutputNames;

const SCRIPT: &str = include_str!("deploy.cmd");

/// The text of the command for a package and the file with its parameters' values, both in the same folder as the
/// command: ASCII, with the line ends of Windows.
pub fn text(names: &OutputNames) -> String {
    filled(&names.package, &names.set_parameters)
}

/// Names stand between quotes or in remarks, where a percent sign is the only character that means something.
fn filled(package: &str, set_parameters: &str) -> String {
    let package = package.replace('%', "%%");
    let set_parameters = set_parameters.replace('%', "%%");
    let mut text = String::with_capacity(SCRIPT.len() + 512);
    for line in SCRIPT.lines() {
        text.push_str(&line.replace("@PACKAGE@", &package).replace("@PARAMETERS@", &set_parameters));
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests;
