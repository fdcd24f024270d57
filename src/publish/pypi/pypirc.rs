//! `.pypirc`: the file that names indexes and how to log in to them
//! (<https://packaging.python.org/en/latest/specifications/pypirc/>). Text in, values out.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// What a section says about an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The address that uploads go to.
    pub repository: Option<String>,
    /// The user.
    pub username: Option<String>,
    /// The password or token.
    pub password: Option<Secret>,
}

/// A line that cannot be read. What it holds is not shown: it may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this line is neither a section nor a `key = value`")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
}

/// Reads all sections but `distutils`, which only lists them.
///
/// # Errors
/// A line is neither a section nor a setting.
pub fn read(text: &str) -> Result<BTreeMap<String, Section>, Malformed> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<String> = None;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line_number = Malformed { line: at + 1 };
        // Indented lines continue a value; only the list of indexes has such.
        if line.trim().is_empty() || line.starts_with(['#', ';', ' ', '\t']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end().strip_suffix(']').ok_or(line_number)?;
            sections.entry(name.to_owned()).or_default();
            current = Some(name.to_owned());
            continue;
        }
        let at = line.find(['=', ':']).ok_or(line_number)?;
        let (key, value) = (line[..at].trim().to_ascii_lowercase(), line[at + 1..].trim().to_owned());
        let section = current.as_ref().and_then(|name| sections.get_mut(name)).ok_or(line_number)?;
        match key.as_str() {
            "repository" => section.repository = Some(value),
            "username" => section.username = Some(value),
            "password" => section.password = Some(Secret::new(value)),
            _ => {}
        }
    }
    sections.remove("distutils");
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_are_read() {
        let text = "[distutils]\nindex-servers =\n    pypi\n    own\n\n[pypi]\nusername: __token__\npassword = pypi-a=b:c\n\
                    # note\n[own]\nrepository = https://own.example/\nca_cert = x\n";
        let sections = read(text).unwrap();
        assert_eq!(sections.keys().collect::<Vec<_>>(), ["own", "pypi"]);
        assert_eq!(sections["pypi"].password.as_ref().unwrap().reveal(), "pypi-a=b:c");
        assert_eq!(sections["own"].repository.as_deref(), Some("https://own.example/"));
        assert!(!format!("{sections:?}").contains("pypi-a"));
    }

    #[test]
    fn a_broken_line_is_named_and_not_shown() {
        let error = read("[pypi]\npassword pypi-secret\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(!error.to_string().contains("secret"));
        assert_eq!(read("a = b").unwrap_err().line, 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\[?[a-z]{0,4}\\]?[=: ]?\\PC{0,6}\n){0,6}") {
            let _ = read(&text);
        }
    }
}
