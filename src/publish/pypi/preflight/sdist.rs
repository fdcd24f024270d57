//! What a source distribution must be: a gzipped tar of one folder with a `PKG-INFO` in it (PEP 625, PEP 643).

use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{FREE, Findings, MAX_METADATA, RATIO, expansion};
use crate::publish::pypi::distribution::Sdist;
use crate::publish::pypi::metadata::Metadata;

/// Checks a source distribution and reads its metadata.
pub(super) fn check(
    sdist: &Sdist,
    input: impl Read,
    size: u64,
    findings: &mut Findings,
) -> io::Result<Option<Metadata>> {
    // One byte more than is allowed tells a file that is too large from one that just fits.
    let most = FREE.max(size.saturating_mul(RATIO)) + 1;
    let mut counted = Counted { inner: MultiGzDecoder::new(io::BufReader::new(input)), count: 0, most };
    let mut contents = match read(&mut counted) {
        Ok(contents) => contents,
        Err(_) if expansion(counted.count, size).is_some() => Contents::default(),
        Err(error) if is_of_the_file(&error) => {
            findings.error("tar", format!("it is no gzipped tar file that can be read: {error}"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if let Some(text) = expansion(counted.count, size) {
        findings.error("expansion", text);
        return Ok(None);
    }
    let tops: Vec<&str> = contents.tops.iter().map(String::as_str).collect();
    let [top] = tops.as_slice() else {
        let text = format!("a source distribution holds one folder; this one has {}", super::list(&tops));
        findings.error("sdist-folder", text);
        return Ok(None);
    };
    let Some(bytes) = contents.info.take().filter(|(path, _)| path == &format!("{top}/PKG-INFO")) else {
        findings.error("sdist-metadata", format!("`{}` has no `{top}/PKG-INFO`", sdist.stem));
        return Ok(None);
    };
    let Some(metadata) = findings.read("PKG-INFO", &bytes.1) else { return Ok(None) };
    for file in metadata.all("license-file") {
        if !contents.names.contains(&format!("{top}/{file}")) {
            let text = format!("the license file `{file}` of the metadata is not in the source distribution");
            findings.error("license-file", text);
        }
    }
    Ok(Some(metadata))
}

/// What is in it.
#[derive(Default)]
struct Contents {
    tops: BTreeSet<String>,
    names: BTreeSet<String>,
    /// The `PKG-INFO` of the top folder, with its path.
    info: Option<(String, Vec<u8>)>,
}

fn read(input: &mut impl Read) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut archive = tar::Archive::new(input);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
        if path.is_empty() {
            continue;
        }
        contents.tops.extend(path.split('/').next().map(str::to_owned));
        if path.split('/').count() == 2 && path.ends_with("/PKG-INFO") && entry.size() <= MAX_METADATA {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            contents.info = Some((path.clone(), bytes));
        }
        contents.names.insert(path);
    }
    Ok(contents)
}

/// Whether an error is about what is in the file and not about reading it.
fn is_of_the_file(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// A reader that counts, and ends at the most.
struct Counted<R> {
    inner: R,
    count: u64,
    most: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.most - self.count).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(&mut buffer[..left])?;
        self.count += count as u64;
        Ok(count)
    }
}
