//! `web.config.in` before it is filled in: the package ships it as it is, so the build can only check it.

use crate::finding::Finding;
use crate::template::Variables;
use crate::xml::Document;

use super::super::build::{self, expand_checked};
use super::WebConfig;

/// The variables that the bootstrap sets on the server for the template, beside those of the machine and of the
/// package's own environment: the application's folder and its path in IIS (empty at the root of a site), the Python of its virtual environment, and its name.
pub const BOOTSTRAP_VARIABLES: [&str; 4] =
    ["APPL_PHYSICAL_PATH", "APPL_VIRTUAL_PATH", "VENV_PYTHON", "DIST_NAME"];

/// Checks the text of a `web.config.in`: its variables, and what [`WebConfig::read_template`] finds. `variables` are
/// those of the package's environment, which the bootstrap knows too.
///
/// # Errors
/// It is not well-formed, no `web.config`, or has a variable outside of comments that neither the bootstrap nor a
/// Windows server knows.
pub fn check_template(text: &str, variables: &Variables) -> Result<(WebConfig, Vec<Finding>), build::Error> {
    let mut known = variables.clone();
    for name in BOOTSTRAP_VARIABLES {
        known.set(name, "x");
    }
    let left = expand_checked(text, &known)?.findings;
    let document = Document::parse(text).map_err(build::Error::Xml)?;
    let (config, mut findings) = WebConfig::read_template(&document).map_err(build::Error::WebConfig)?;
    findings.extend(left);
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok((config, findings))
}
