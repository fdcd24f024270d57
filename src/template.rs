//! Variables in templates: one rule on every system, for `Manifest.xml.in`, `web.config.in` and configuration values.
//!
//! `%NAME%` and `${NAME}` stand for a variable, `%%` for a percent sign; names are compared without regard to case. A
//! percent sign or dollar that begins none of these stays as it is, and so does a variable that nobody knows: it is
//! reported with its place. There is no quoting: an apostrophe is an apostrophe. Values are not expanded again.

use std::collections::BTreeMap;

use crate::xml::escape_attribute;

/// Names and their values. Names are compared in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable; a name that differs only in case is the same variable.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.insert(name.to_uppercase(), value.into());
        self
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_uppercase()).map(String::as_str)
    }

    /// All names, in upper case, sorted, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut variables = Self::new();
        for (name, value) in pairs {
            variables.set(name.as_ref(), value);
        }
        variables
    }
}

/// What becomes of a value when it is put into the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// It goes in as it is.
    Plain,
    /// It is escaped for XML, in a way that suits attributes and text alike.
    Xml,
}

/// A variable that nobody knows, still in the text as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Its name as written.
    pub name: String,
    /// The line of its first character, from 1.
    pub line: usize,
    /// The column of its first character in characters, from 1.
    pub column: usize,
}

/// A template with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The text.
    pub text: String,
    /// What could not be filled in, in the order of the text.
    pub unresolved: Vec<Unresolved>,
}

/// Fills in the variables of a template.
pub fn expand(template: &str, variables: &Variables, escape: Escape) -> Expansion {
    let mut text = String::with_capacity(template.len());
    let mut unresolved = Vec::new();
    let mut at = 0;
    let mut place = Place::default();
    while let Some(found) = template[at..].find(['%', '$']) {
        let start = at + found;
        text.push_str(&template[at..start]);
        place.advance(&template[at..start]);
        let rest = &template[start..];
        let written = if rest.starts_with("%%") {
            text.push('%');
            2
        } else if let Some((name, length)) = reference(rest) {
            match variables.get(name) {
                Some(value) if escape == Escape::Xml => text.push_str(&escape_attribute(value)),
                Some(value) => text.push_str(value),
                None => {
                    text.push_str(&rest[..length]);
                    unresolved.push(Unresolved {
                        name: name.to_owned(),
                        line: place.line,
                        column: place.column,
                    });
                }
            }
            length
        } else {
            text.push_str(&rest[..1]);
            1
        };
        place.advance(&rest[..written]);
        at = start + written;
    }
    text.push_str(&template[at..]);
    Expansion { text, unresolved }
}

/// The name that a text begins with as a reference, and the length of the whole reference in bytes.
fn reference(text: &str) -> Option<(&str, usize)> {
    let (opening, closing) = if text.starts_with("${") { (2, '}') } else { (1, '%') };
    if opening == 1 && !text.starts_with('%') {
        return None;
    }
    let end = text[opening..].find(|c: char| !is_name(c))? + opening;
    (end > opening && text[end..].starts_with(closing)).then(|| (&text[opening..end], end + 1))
}

/// Parentheses are part of names on Windows: `ProgramFiles(x86)`.
fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '(' | ')')
}

/// The line and column of the next character.
struct Place {
    line: usize,
    column: usize,
}

impl Default for Place {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl Place {
    fn advance(&mut self, over: &str) {
        for character in over.chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expanded(template: &str) -> String {
        let variables =
            [("DIST_NAME", "My App"), ("Amp", "a & b"), ("ProgramFiles(x86)", "P")].into_iter().collect();
        expand(template, &variables, Escape::Plain).text
    }

    #[test]
    fn fills_in_both_forms_without_regard_to_case() {
        assert_eq!(expanded("<%dist_name%> ${Dist_Name} %ProgramFiles(x86)%"), "<My App> My App P");
    }

    #[test]
    fn two_percent_signs_are_one() {
        assert_eq!(expanded("%%SystemDrive%% 100%% %%%DIST_NAME%"), "%SystemDrive% 100% %My App");
    }

    #[test]
    fn apostrophes_and_lone_signs_mean_nothing() {
        assert_eq!(expanded("don't %DIST_NAME% can't"), "don't My App can't");
        assert_eq!(expanded("100% %DIST_NAME% $5 ${ $x"), "100% My App $5 ${ $x");
    }

    #[test]
    fn values_are_escaped_in_xml() {
        let variables = [("A", "<\"&\">")].into_iter().collect();
        assert_eq!(expand("x='%A%'", &variables, Escape::Xml).text, "x='&lt;&quot;&amp;&quot;&gt;'");
    }

    #[test]
    fn unknown_variables_stay_and_are_reported_with_their_place() {
        let expansion = expand("a\nä %SystemDrive%\\x ${Nope}", &Variables::new(), Escape::Plain);
        assert_eq!(expansion.text, "a\nä %SystemDrive%\\x ${Nope}");
        assert_eq!(
            expansion.unresolved,
            [
                Unresolved { name: "SystemDrive".into(), line: 2, column: 3 },
                Unresolved { name: "Nope".into(), line: 2, column: 19 },
            ]
        );
    }

    proptest! {
        #[test]
        fn a_text_without_signs_stays_as_it_is(text in "[^%$]*") {
            prop_assert_eq!(expand(&text, &Variables::new(), Escape::Xml).text, text);
        }

        #[test]
        fn no_text_makes_it_panic_and_doubled_signs_come_back(text in "\\PC*") {
            let _ = expand(&text, &Variables::new(), Escape::Plain);
            let doubled = text.replace('%', "%%").replace("${", "$ {");
            prop_assert_eq!(expand(&doubled, &Variables::new(), Escape::Plain).text, text.replace("${", "$ {"));
        }
    }
}
