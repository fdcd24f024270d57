//! How values are written into the arguments of `appcmd.exe`.
//!
//! A parameter is `/NAME:VALUE`, its value as it is. An element of a collection is `[name='value',…]`; values stand in
//! single quotes, and a single quote in one is doubled. The documentation says nothing about that last case; it is what
//! the quoting of the rest suggests, and what the stand-in of the tests reads. Blanks and double quotes are no affair of
//! this file: every argument is one word of a command line, which the system's own rules
//! ([`crate::process::command_line`]) put into double quotes.

use std::fmt;

use crate::iis::FastCgiApplication;

/// A parameter as one word.
pub fn parameter(name: &str, value: &str) -> String {
    format!("/{name}:{value}")
}

/// An element of a collection, told by its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indexer(Vec<(String, String)>);

impl Indexer {
    /// The key of a FastCGI application: its program and its arguments.
    pub fn key(application: &FastCgiApplication) -> Self {
        Self(vec![
            ("fullPath".to_owned(), application.full_path.clone()),
            ("arguments".to_owned(), application.arguments.clone()),
        ])
    }

    /// An environment variable with its value.
    pub fn variable(name: &str, value: &str) -> Self {
        Self(vec![("name".to_owned(), name.to_owned()), ("value".to_owned(), value.to_owned())])
    }

    /// An environment variable by its name.
    pub fn variable_name(name: &str) -> Self {
        Self(vec![("name".to_owned(), name.to_owned())])
    }

    /// Adds attributes.
    pub fn extend(&mut self, attributes: &[(String, String)]) {
        self.0.extend(attributes.iter().cloned());
    }
}

impl fmt::Display for Indexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{name}='{}'", value.replace('\'', "''"))?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_single_quotes_and_theirs_are_doubled() {
        let mut indexer = Indexer::key(&FastCgiApplication {
            full_path: r"C:\My App\python.exe".into(),
            arguments: r#"-c "x = 'a, b]'""#.into(),
            ..FastCgiApplication::default()
        });
        indexer.extend(&[("maxInstances".into(), "4".into())]);
        assert_eq!(
            indexer.to_string(),
            r#"[fullPath='C:\My App\python.exe',arguments='-c "x = ''a, b]''"',maxInstances='4']"#
        );
    }

    #[test]
    fn a_parameter_is_one_word_whatever_is_in_it() {
        assert_eq!(parameter("physicalPath", r"C:\My App:x"), r"/physicalPath:C:\My App:x");
    }
}
