//! What a wheel must have inside: its three files, the name and version of its file name, a `RECORD` of all that is in
//! it (binary distribution format, "File contents").

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Findings, MAX_METADATA, expansion};
use crate::package::archive::{self, Limits, Reader};
use crate::publish::pypi::distribution::{Wheel, escaped, is_allowed_platform};
use crate::publish::pypi::metadata::Metadata;
use crate::publish::pypi::version;

/// Checks a wheel and reads its metadata.
pub(super) fn check<R: Read + Seek>(
    wheel: &Wheel,
    mut input: R,
    size: u64,
    findings: &mut Findings,
) -> io::Result<Option<Metadata>> {
    for tag in wheel.platform.split('.').filter(|tag| !is_allowed_platform(tag)) {
        let text = format!("the platform tag `{tag}` is not taken: build a `manylinux` or `musllinux` wheel");
        findings.error("wheel-platform", text);
    }
    if let Some(fault) = super::zip::fault(&mut input)? {
        findings.error("zip", format!("the index does not take this zip: {fault}"));
        return Ok(None);
    }
    let limits = Limits { total: u64::MAX, ratio: u64::MAX, file: u64::MAX, ..Limits::default() };
    let mut reader = match Reader::open(input, limits) {
        Ok(reader) => reader,
        Err(archive::Error::Read(error)) => return Err(error),
        Err(error) => {
            findings.error("zip", error.to_string());
            return Ok(None);
        }
    };
    if let Some(text) = expansion(reader.entries().iter().map(|entry| entry.size).sum(), size) {
        findings.error("expansion", text);
        return Ok(None);
    }
    let Some(info) = dist_info(wheel, &reader, findings) else { return Ok(None) };
    let mut text = |name: &str, findings: &mut Findings| {
        let path = format!("{info}/{name}");
        match reader.read(&path, MAX_METADATA) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                findings.error("wheel-files", error.to_string());
                None
            }
        }
    };
    let (metadata, record) = (text("METADATA", findings), text("RECORD", findings));
    text("WHEEL", findings);
    if reader.find(&format!("{info}/entry_points.txt")).is_some()
        && let Ok(bytes) = reader.read(&format!("{info}/entry_points.txt"), MAX_METADATA)
        && let Some(fault) = entry_points_fault(&String::from_utf8_lossy(&bytes))
    {
        findings.error("entry-points", format!("`{info}/entry_points.txt`: {fault}"));
    }
    if let Some(record) = record {
        check_record(&String::from_utf8_lossy(&record), &info, &mut reader, findings);
    }
    let Some(metadata) = metadata.and_then(|bytes| findings.read("METADATA", &bytes)) else {
        return Ok(None);
    };
    for file in metadata.all("license-file") {
        let places = [
            format!("{info}/licenses/{file}"),
            format!("{info}/license_files/{file}"),
            format!("{info}/{file}"),
        ];
        if !places.iter().any(|place| reader.find(place).is_some()) {
            findings.error(
                "license-file",
                format!("the license file `{file}` of the metadata is not in the wheel"),
            );
        }
    }
    Ok(Some(metadata))
}

/// The folder `NAME-VERSION.dist-info`, which has to be there once.
fn dist_info<R: Read + Seek>(wheel: &Wheel, reader: &Reader<R>, findings: &mut Findings) -> Option<String> {
    let folders: BTreeSet<&str> = reader
        .entries()
        .iter()
        .filter_map(|entry| entry.name.split('/').next())
        .filter(|folder| folder.ends_with(".dist-info"))
        .collect();
    let own = |folder: &&str| {
        folder.strip_suffix(".dist-info").and_then(|stem| stem.rsplit_once('-')).is_some_and(
            |(name, version)| {
                escaped(name) == escaped(&wheel.name)
                    && version::same(&version.replace('_', "-"), &wheel.version)
            },
        )
    };
    let found = folders.iter().copied().find(own);
    if found.is_none() || folders.len() > 1 {
        let wanted = format!("{}-{}.dist-info", wheel.name, wheel.version);
        let there: Vec<&str> = folders.into_iter().collect();
        let text = format!("a wheel has one folder `{wanted}`; this one has {}", super::list(&there));
        findings.error("dist-info", text);
        return None;
    }
    found.map(str::to_owned)
}

/// Compares the `RECORD` with what is there. PyPI writes a mail about what differs, and has said that it will refuse it.
fn check_record<R: Read + Seek>(record: &str, info: &str, reader: &mut Reader<R>, findings: &mut Findings) {
    let lines: BTreeMap<String, (String, String)> = record.lines().filter_map(record_line).collect();
    let own = [format!("{info}/RECORD"), format!("{info}/RECORD.jws"), format!("{info}/RECORD.p7s")];
    let files: Vec<(usize, String)> = reader
        .entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| !entry.folder && !own.contains(&entry.name))
        .map(|(index, entry)| (index, entry.name.clone()))
        .collect();
    let missing: Vec<&str> =
        files.iter().map(|(_, name)| name.as_str()).filter(|name| !lines.contains_key(*name)).collect();
    if !missing.is_empty() {
        findings.warning("record", format!("`{info}/RECORD` does not list {}", super::list(&missing)));
    }
    let names: BTreeSet<&str> = files.iter().map(|(_, name)| name.as_str()).collect();
    let lost: Vec<&str> = lines
        .keys()
        .map(String::as_str)
        .filter(|name| !names.contains(name) && !own.iter().any(|own| own == name))
        .collect();
    if !lost.is_empty() {
        findings.warning("record", format!("`{info}/RECORD` lists {}, not in the wheel", super::list(&lost)));
    }
    for (index, name) in &files {
        let Some((hash, size)) = lines.get(name) else { continue };
        let mut found = Sha256::new();
        let Ok(length) = reader.copy_entry(*index, &mut Hashing(&mut found)) else {
            findings.error("zip", format!("`{name}` cannot be unpacked"));
            return;
        };
        let told = hash.strip_prefix("sha256=").map(|hash| hash.trim_end_matches('='));
        let right = told.is_none_or(|told| told == BASE64_URL_SAFE_NO_PAD.encode(found.finalize()));
        if !right || (!size.is_empty() && size.parse() != Ok(length)) {
            findings.warning("record", format!("`{name}` is not what `{info}/RECORD` says it is"));
        }
    }
}

/// Feeds a hash as a writer.
struct Hashing<'a>(&'a mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of a `RECORD`: name, hash and size as CSV. The name may be in quotes and then doubles those inside.
fn record_line(line: &str) -> Option<(String, (String, String))> {
    let (name, rest) = if let Some(quoted) = line.strip_prefix('"') {
        let mut end = 0;
        loop {
            end += quoted.get(end..)?.find('"')?;
            if quoted[end + 1..].starts_with('"') {
                end += 2;
            } else {
                break;
            }
        }
        (quoted[..end].replace("\"\"", "\""), quoted[end + 1..].strip_prefix(',')?)
    } else {
        let (name, rest) = line.split_once(',')?;
        (name.to_owned(), rest)
    };
    let (hash, size) = rest.split_once(',')?;
    Some((name, (hash.to_owned(), size.trim().to_owned())))
}

/// What is wrong with an `entry_points.txt`: it must be an INI file of `name = module:object` (entry points specification).
fn entry_points_fault(text: &str) -> Option<String> {
    let mut group = None;
    let mut seen = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            group = Some(name.strip_suffix(']').filter(|name| !name.is_empty())?.to_owned());
            continue;
        }
        let Some(group) = &group else { return Some(format!("line {number} stands before the first group")) };
        let Some((name, object)) = line.split_once('=') else {
            return Some(format!("line {number} is no `name = module:object`"));
        };
        if name.trim().is_empty() || object.trim().is_empty() || object.trim().starts_with(':') {
            return Some(format!("line {number} is no `name = module:object`"));
        }
        if !seen.insert((group.clone(), name.trim().to_owned())) {
            return Some(format!("line {number} has the name `{}` a second time", name.trim()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_record_are_csv() {
        let line = |text| record_line(text).unwrap();
        assert_eq!(line("a/b.py,sha256=x,12"), ("a/b.py".into(), ("sha256=x".into(), "12".into())));
        assert_eq!(line("\"a,\"\"b\"\".py\",,"), ("a,\"b\".py".into(), (String::new(), String::new())));
        for broken in ["", "a", "a,b", "\"a", "\"a\"b,c,d"] {
            assert_eq!(record_line(broken), None, "{broken}");
        }
    }

    #[test]
    fn entry_points_are_checked() {
        assert_eq!(entry_points_fault("# x\n[console_scripts]\na = b:c\n\n[x]\na = b\n"), None);
        for text in ["a = b", "[g]\na", "[g]\na =", "[g]\na = b\na = c", "[g]\n= b"] {
            assert!(entry_points_fault(text).is_some(), "{text}");
        }
    }
}
