//! Core metadata, versions 1.0 to 2.5, as bytes of `METADATA` or `PKG-INFO`: headers as in a mail, then the description.
//!
//! Every field that an index knows is listed once, with the form field that carries it and the version that brought it
//! (<https://packaging.python.org/en/latest/specifications/core-metadata/>).

/// A field of core metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name, in lower case.
    pub name: &'static str,
    /// The field of the upload form that carries it.
    pub form: &'static str,
    /// Whether it may stand several times.
    pub multiple: bool,
    /// The metadata version that brought it, as major and minor number.
    pub since: (u8, u8),
}

const fn one(name: &'static str, form: &'static str, since: (u8, u8)) -> Field {
    Field { name, form, multiple: false, since }
}

const fn many(name: &'static str, form: &'static str, since: (u8, u8)) -> Field {
    Field { name, form, multiple: true, since }
}

/// All fields, in the order of the specification.
pub const FIELDS: &[Field] = &[
    one("metadata-version", "metadata_version", (1, 0)),
    one("name", "name", (1, 0)),
    one("version", "version", (1, 0)),
    many("dynamic", "dynamic", (2, 2)),
    many("platform", "platform", (1, 0)),
    many("supported-platform", "supported_platform", (1, 1)),
    one("summary", "summary", (1, 0)),
    one("description", "description", (1, 0)),
    one("description-content-type", "description_content_type", (2, 1)),
    one("keywords", "keywords", (1, 0)),
    one("home-page", "home_page", (1, 0)),
    one("download-url", "download_url", (1, 1)),
    one("author", "author", (1, 0)),
    one("author-email", "author_email", (1, 0)),
    one("maintainer", "maintainer", (1, 2)),
    one("maintainer-email", "maintainer_email", (1, 2)),
    one("license", "license", (1, 0)),
    one("license-expression", "license_expression", (2, 4)),
    many("license-file", "license_file", (2, 4)),
    many("classifier", "classifiers", (1, 1)),
    many("requires-dist", "requires_dist", (1, 2)),
    one("requires-python", "requires_python", (1, 2)),
    many("requires-external", "requires_external", (1, 2)),
    many("project-url", "project_urls", (1, 2)),
    many("provides-extra", "provides_extra", (2, 1)),
    many("provides-dist", "provides_dist", (1, 2)),
    many("obsoletes-dist", "obsoletes_dist", (1, 2)),
    many("requires", "requires", (1, 1)),
    many("provides", "provides", (1, 1)),
    many("obsoletes", "obsoletes", (1, 1)),
    many("import-name", "import_names", (2, 5)),
    many("import-namespace", "import_namespaces", (2, 5)),
];

/// The metadata versions that PyPI takes. 2.0 was never finished.
pub const VERSIONS: &[&str] = &["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

/// What a metadata file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The headers in their order: line from 1, name in lower case, value.
    pub headers: Vec<(usize, String, String)>,
    /// What follows them.
    pub body: String,
}

/// Why a metadata file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the metadata {problem}")]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Metadata {
    /// Reads a metadata file.
    ///
    /// # Errors
    /// It is not UTF-8, or a line before the description is no header.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
            Unreadable { line, problem: "is not UTF-8" }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let mut metadata = Self::default();
        let mut rest = text.as_str();
        let mut number = 0;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            number += 1;
            if line.trim().is_empty() && !line.starts_with([' ', '\t']) {
                after.clone_into(&mut metadata.body);
                return Ok(metadata);
            }
            rest = after;
            if line.starts_with([' ', '\t']) {
                let Some((_, _, value)) = metadata.headers.last_mut() else {
                    return Err(Unreadable { line: number, problem: "continues nothing" });
                };
                value.push('\n');
                value.push_str(line);
                continue;
            }
            let header = line
                .split_once(':')
                .filter(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic()));
            let Some((name, value)) = header else {
                return Err(Unreadable { line: number, problem: "is no `Name: value`" });
            };
            metadata.headers.push((number, name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(metadata)
    }

    /// The values of a field, those that say nothing left out.
    pub fn all<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(_, name, value)| name == field && !value.is_empty() && value != "UNKNOWN")
            .map(|(_, _, value)| value.as_str())
    }

    /// The first value of a field.
    pub fn get<'a>(&'a self, field: &'a str) -> Option<&'a str> {
        self.all(field).next()
    }

    /// The metadata version as numbers; None when it is none of [`VERSIONS`].
    pub fn version_number(&self) -> Option<(u8, u8)> {
        let version = self.get("metadata-version")?;
        let (major, minor) = VERSIONS.iter().find(|known| **known == version)?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// The long description, wherever it stands.
    pub fn description(&self) -> Option<String> {
        if !self.body.trim().is_empty() {
            return Some(self.body.clone());
        }
        let folded = self.get("description")?;
        // Before 2.1 a description was a header, whose lines got a margin of eight blanks, or seven and a bar.
        let plain = |line: &str| {
            let line =
                line.strip_prefix("        ").or_else(|| line.strip_prefix("       |")).unwrap_or(line);
            line.to_owned()
        };
        Some(folded.lines().map(plain).collect::<Vec<_>>().join("\n"))
    }

    /// The fields of the upload form that carry it, in the order of the specification.
    pub fn form(&self) -> Vec<(&'static str, String)> {
        let mut form = Vec::new();
        for field in FIELDS {
            if field.name == "description" {
                form.extend(self.description().map(|text| (field.form, text)));
            } else if field.multiple {
                form.extend(self.all(field.name).map(|value| (field.form, unfolded(value))));
            } else {
                form.extend(self.get(field.name).map(|value| (field.form, unfolded(value))));
            }
        }
        form
    }
}

/// A value of several lines that is one: the lines of a license keep their breaks, as they do in a mail's header.
fn unfolded(value: &str) -> String {
    value.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Metadata-Version: 2.4\nName: My-App\nVersion: 1.0\nSummary: A: b\n\
        License: first\n        second\nClassifier: One\nclassifier: Two\nHome-page: UNKNOWN\n\
        Requires-Dist: flask; extra == \"x\"\nLicense-File: LICENSE\n\nLong\n\nText: it\n";

    #[test]
    fn headers_and_description_are_read() {
        let metadata = Metadata::read(TEXT.as_bytes()).unwrap();
        assert_eq!(metadata.get("summary"), Some("A: b"));
        assert_eq!(metadata.all("classifier").collect::<Vec<_>>(), ["One", "Two"]);
        assert_eq!(metadata.get("home-page"), None);
        assert_eq!(metadata.description().as_deref(), Some("Long\n\nText: it\n"));
        assert_eq!(metadata.version_number(), Some((2, 4)));
        let form = metadata.form();
        assert_eq!(form[0], ("metadata_version", "2.4".into()));
        assert!(
            form.contains(&("classifiers", "Two".into()))
                && form.contains(&("license_file", "LICENSE".into()))
        );
        assert!(form.contains(&("license", "first\n        second".into())));
    }

    #[test]
    fn a_folded_description_of_old_loses_its_margin() {
        let old = b"Metadata-Version: 1.1\r\nDescription: One\r\n        two\r\n          three\r\n";
        assert_eq!(Metadata::read(old).unwrap().description().as_deref(), Some("One\ntwo\n  three"));
    }

    #[test]
    fn every_version_is_known_but_the_one_that_never_was() {
        for (version, known) in [("1.0", true), ("2.0", false), ("2.5", true), ("3.0", false)] {
            let metadata = Metadata::read(format!("Metadata-Version: {version}\n").as_bytes()).unwrap();
            assert_eq!(metadata.version_number().is_some(), known, "{version}");
        }
    }

    #[test]
    fn what_is_no_metadata_is_refused_with_its_line() {
        for (bytes, line) in
            [(&b"Name: a\nx y\n"[..], 2), (b" a: b\n", 1), (b"A: b\nC: \xff\n", 2), (b"\x00\x01: x", 1)]
        {
            assert_eq!(Metadata::read(bytes).unwrap_err().line, line);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(metadata) = Metadata::read(&bytes) {
                let _ = metadata.form();
            }
        }

        #[test]
        fn what_was_written_is_read(values in proptest::collection::vec("[!-~]( ?[!-~]{1,8}){0,4}", 1..6), body in "\\PC{0,30}") {
            let mut text = String::new();
            for value in &values {
                text.extend(["Classifier: ", value, "\n"]);
            }
            let metadata = Metadata::read(format!("{text}\n{body}").as_bytes()).unwrap();
            let expected: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != "UNKNOWN").collect();
            prop_assert_eq!(metadata.all("classifier").collect::<Vec<_>>(), expected);
            prop_assert_eq!(metadata.body, body);
        }
    }
}
