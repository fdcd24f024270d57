//! What an index would refuse, found before anything is sent. The rules are those of PyPI; others take more.
//!
//! Bytes in, findings out: nothing is opened here. Each rule has a name, and each finding says what is wrong.

mod fields;
mod sdist;
#[cfg(test)]
mod tests;
mod wheel;
mod zip;

use std::io::{self, Read, Seek, SeekFrom};

use super::distribution::{FileName, Problem, escaped};
use super::metadata::Metadata;
use super::version;
use crate::event::Severity;
use crate::finding::Finding;

/// The most bytes of a file that PyPI takes without a grant of more.
pub const MAX_SIZE: u64 = 100 << 20;

/// The most bytes of a metadata file that are read.
const MAX_METADATA: u64 = 8 << 20;

/// How many times its own size a file may have unpacked, …
const RATIO: u64 = 50;

/// … as soon as that is more than so many bytes.
const FREE: u64 = 64 << 20;

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the file is by its name; none when an index takes no such file.
    pub file: Option<FileName>,
    /// Its metadata, as far as they could be read.
    pub metadata: Option<Metadata>,
    /// What is wrong. Errors would be refused.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether an index would take the file, as far as one can tell here.
    pub fn is_fit(&self) -> bool {
        self.metadata.is_some() && self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// Checks a file under the name that it has.
///
/// # Errors
/// It cannot be read.
pub fn check<R: Read + Seek>(file_name: &str, mut input: R) -> io::Result<Verdict> {
    let mut findings = Findings::default();
    let size = input.seek(SeekFrom::End(0))?;
    input.rewind()?;
    let file = match FileName::parse(file_name) {
        Ok(file) => file,
        Err(problem) => {
            let text = explain(file_name, &problem, &mut input)?;
            findings.error("file-name", text);
            return Ok(Verdict { file: None, metadata: None, findings: findings.0 });
        }
    };
    if size > MAX_SIZE {
        let text = format!("it has {size} bytes; PyPI takes {MAX_SIZE} unless the project was granted more");
        findings.error("size", text);
    }
    let metadata = match &file {
        FileName::Wheel(wheel) => wheel::check(wheel, input, size, &mut findings)?,
        FileName::Sdist(sdist) if sdist.extension == ".zip" => {
            findings.error("sdist-format", zip_sdist(file_name, input));
            None
        }
        FileName::Sdist(sdist) => sdist::check(sdist, input, size, &mut findings)?,
    };
    if let Some(metadata) = &metadata {
        fields::check(metadata, &mut findings);
        check_file_name(file_name, &file, metadata, &mut findings);
    }
    Ok(Verdict { file: Some(file), metadata, findings: findings.0 })
}

/// The findings so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, rule: &'static str, text: impl Into<String>) {
        self.0.push(Finding::new(rule, Severity::Error, text));
    }

    fn warning(&mut self, rule: &'static str, text: impl Into<String>) {
        self.0.push(Finding::new(rule, Severity::Warning, text));
    }

    /// Reads metadata; what cannot be read is a finding.
    fn read(&mut self, name: &str, bytes: &[u8]) -> Option<Metadata> {
        match Metadata::read(bytes) {
            Ok(metadata) => Some(metadata),
            Err(error) => {
                self.error("metadata", format!("`{name}`: {error}"));
                None
            }
        }
    }
}

/// What a file is that no index takes, and where it belongs.
fn explain(name: &str, problem: &Problem, input: &mut (impl Read + Seek)) -> io::Result<String> {
    if let Problem::Wheel(reason) = problem {
        return Ok(format!("`{name}` is no file name of a wheel: {reason}"));
    }
    let mut start = Vec::new();
    input.by_ref().take(512).read_to_end(&mut start)?;
    input.rewind()?;
    let lower = name.to_ascii_lowercase();
    let text = String::from_utf8_lossy(&start).into_owned();
    let extension = lower.rsplit('.').next().unwrap_or_default();
    if extension == "xml" {
        let what = if text.contains("<feed") || lower.contains(".webpi.") { "a feed" } else { "an XML file" };
        return Ok(format!(
            "`{name}` is {what}, and an index takes wheels and source distributions only. Publish it to a GitHub \
             release or a folder (`publish.github`, `publish.folder`), whose addresses feeds are made for"
        ));
    }
    if extension == "zip" {
        return Ok(not_for_an_index(name));
    }
    Ok(format!("`{name}` is neither a wheel (`.whl`) nor a source distribution (`.tar.gz`)"))
}

/// Why a Web Deploy package is not for an index.
fn not_for_an_index(name: &str) -> String {
    format!(
        "`{name}` is a Web Deploy package, which an index takes neither as a wheel nor as a source distribution. \
         Publish it to a GitHub release or a folder (`publish.github`, `publish.folder`), or make a wheel that is a \
         package at the same time with `--hybrid-wheel`"
    )
}

/// What a zip is that has the name of a source distribution.
fn zip_sdist(name: &str, mut input: impl Read + Seek) -> String {
    use crate::package::archive::{Limits, Reader};
    let package = Reader::open(&mut input, Limits::default())
        .is_ok_and(|reader| reader.find("Manifest.xml").is_some() || reader.find("archive.xml").is_some());
    if package {
        return not_for_an_index(name);
    }
    "source distributions are `.tar.gz` files (PEP 625): build one with `python -m build --sdist`".into()
}

/// Compares the file name with the metadata.
fn check_file_name(name: &str, file: &FileName, metadata: &Metadata, findings: &mut Findings) {
    let (Some(project), Some(told)) = (metadata.get("name"), metadata.get("version")) else { return };
    match file {
        FileName::Wheel(wheel) => {
            if escaped(&wheel.name) != escaped(project) {
                findings.error("file-name", format!("`{name}` is not named after the project `{project}`"));
            } else if !wheel.name.eq_ignore_ascii_case(&escaped(project)) {
                let text = format!("`{name}` must begin with `{}-`", escaped(project));
                findings.error("file-name", text);
            }
            if !version::same(&wheel.version, told) {
                findings.error(
                    "file-name",
                    format!("`{name}` does not have the version `{told}` of the metadata"),
                );
            }
        }
        FileName::Sdist(_) => {
            let Some(version) = version::canonical(told) else { return };
            let wanted = format!("{}-{version}.tar.gz", escaped(project));
            if name != wanted {
                findings.error("file-name", format!("`{name}` must be `{wanted}` (PEP 625)"));
            }
        }
    }
}

/// What is said about a file that unpacks to very much more than it is.
fn expansion(unpacked: u64, size: u64) -> Option<String> {
    let bomb = unpacked > FREE && unpacked > size.saturating_mul(RATIO);
    bomb.then(|| format!("it unpacks to {unpacked} bytes, more than {RATIO} times its size"))
}

/// Names for a message: the first ones, and how many more.
fn list(names: &[&str]) -> String {
    match names {
        [] => "none".into(),
        [first, rest @ ..] => {
            let shown: Vec<String> =
                std::iter::once(first).chain(rest.iter().take(2)).map(|n| format!("`{n}`")).collect();
            let more = names.len() - shown.len();
            let shown = shown.join(", ");
            if more > 0 { format!("{shown} and {more} more") } else { shown }
        }
    }
}
