//! From parameters and given values to values that are known and checked.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;

use super::entry::Entry;
use super::{Answer, Error, NOTICED, Resolved, Source};
use crate::finding::Finding;
use crate::package::dotnet_regex::{Options, Regex};
use crate::package::parameters::{
    EntryKind, Parameter, Parameters, Piece, ValidationKind, is_boolean, near, pieces, references,
};
use crate::package::xpath::XPath;
use crate::secret::Secret;

/// How many bytes a value may have once others are put into it.
const MAX_VALUE: usize = 1 << 20;

/// Gives every parameter its value: the last one given for its name (upper and lower case alike), else its default, with other
/// parameters put in for `{Name}`. Given values are taken as they are. Then all values are checked and all entries read.
///
/// # Errors
/// A name that the package does not have, values that are missing (all are named) or not as their validation wants
/// them, defaults that need each other, entries that cannot be used.
pub fn resolve(parameters: &Parameters, given: &[(String, String)]) -> Result<Resolved, Error> {
    let resolver = Resolver::new(parameters, given)?;
    let values = resolver.values()?;
    let mut answers = Vec::with_capacity(values.len());
    for (parameter, value) in parameters.parameters.iter().zip(values) {
        answers.push(answer(parameter, value)?);
    }
    let mut entries = Vec::new();
    let mut findings = resolver.findings;
    for (at, parameter) in parameters.parameters.iter().enumerate() {
        for entry in &parameter.entries {
            if entry.kind == EntryKind::SqlCommandVariable {
                let text =
                    format!("`{}` sets a variable of a SQL script, which nothing here runs", parameter.name);
                findings.push(Finding::new("unsupported-kind", NOTICED, text).at((entry.line, entry.column)));
            } else {
                entries.push(Entry::new(at, parameter, entry)?);
            }
        }
    }
    let uses = entries.iter().map(|_| AtomicUsize::new(0)).collect();
    Ok(Resolved { answers, entries, uses, findings })
}

/// A value before it is checked.
#[derive(Debug, Clone, Default)]
struct Value {
    text: String,
    secret: bool,
}

struct Resolver<'p> {
    parameters: &'p [Parameter],
    names: HashMap<String, usize>,
    given: Vec<Option<&'p str>>,
    findings: Vec<Finding>,
}

impl<'p> Resolver<'p> {
    fn new(parameters: &'p Parameters, given: &'p [(String, String)]) -> Result<Self, Error> {
        let parameters = &parameters.parameters;
        let mut names = HashMap::new();
        for (at, parameter) in parameters.iter().enumerate() {
            names.entry(parameter.name.to_lowercase()).or_insert(at);
        }
        let mut values = vec![None; parameters.len()];
        let mut findings = Vec::new();
        for (name, value) in given {
            let Some(&at) = names.get(&name.to_lowercase()) else {
                let known = || parameters.iter().map(|parameter| parameter.name.as_str());
                return Err(Error::UnknownParameter {
                    name: name.clone(),
                    nearest: near(name, known()).map(str::to_owned),
                    known: known().map(str::to_owned).collect(),
                });
            };
            if references(value).any(|other| names.contains_key(&other.to_lowercase())) {
                let text = format!(
                    "the value given for `{name}` names another parameter in braces: only defaults are filled in, the braces stay"
                );
                findings.push(Finding::new("braces-in-value", NOTICED, text));
            }
            values[at] = Some(value.as_str());
        }
        Ok(Self { parameters, names, given: values, findings })
    }

    /// All values. Those that are missing are all named at once.
    fn values(&self) -> Result<Vec<Value>, Error> {
        let missing: Vec<&Parameter> = (0..self.parameters.len())
            .filter(|&at| self.is_missing(at))
            .map(|at| &self.parameters[at])
            .collect();
        if let Some(first) = missing.first() {
            return Err(Error::Missing {
                names: missing.iter().map(|parameter| parameter.name.clone()).collect(),
                line: first.line,
                column: first.column,
            });
        }
        let mut values: Vec<Option<Value>> = vec![None; self.parameters.len()];
        for start in 0..self.parameters.len() {
            self.fill(start, &mut values)?;
        }
        Ok(values.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Whether there is no value, or an empty one that must not be. A default that is empty says that empty is fine.
    fn is_missing(&self, at: usize) -> bool {
        let parameter = &self.parameters[at];
        let default = parameter.default_value.as_deref();
        let value = self.given[at].or(default);
        value.unwrap_or_default().is_empty() && !parameter.allows_empty() && default != Some("")
    }

    /// Finds the value of a parameter and of all that it needs, those first. A list of what is open takes the place of recursion.
    fn fill(&self, start: usize, values: &mut [Option<Value>]) -> Result<(), Error> {
        let mut open = vec![(start, 0)];
        let mut is_open = std::collections::HashSet::from([start]);
        while let Some((at, next)) = open.pop() {
            if values[at].is_some() {
                is_open.remove(&at);
                continue;
            }
            let needed = self.needs(at).nth(next);
            match needed {
                Some(other) if is_open.contains(&other) => {
                    open.push((at, next));
                    return Err(self.cycle(other, &open));
                }
                Some(other) => {
                    open.push((at, next + 1));
                    if values[other].is_none() {
                        is_open.insert(other);
                        open.push((other, 0));
                    }
                }
                None => {
                    values[at] = Some(self.compose(at, values)?);
                    is_open.remove(&at);
                }
            }
        }
        Ok(())
    }

    /// The parameters that the default of one names, when the default counts.
    fn needs(&self, at: usize) -> impl Iterator<Item = usize> {
        let default = match self.given[at] {
            Some(_) => "",
            None => self.parameters[at].default_value.as_deref().unwrap_or_default(),
        };
        references(default).filter_map(|name| self.names.get(&name.to_lowercase()).copied())
    }

    fn cycle(&self, again: usize, open: &[(usize, usize)]) -> Error {
        let start = open.iter().position(|&(at, _)| at == again).unwrap_or_default();
        let circle = &open[start..];
        let first = &self.parameters[again];
        Error::Cycle {
            names: circle.iter().map(|&(at, _)| self.parameters[at].name.clone()).collect(),
            line: first.line,
            column: first.column,
        }
    }

    /// The value of a parameter when all that it needs is known.
    fn compose(&self, at: usize, values: &[Option<Value>]) -> Result<Value, Error> {
        let parameter = &self.parameters[at];
        let mut value = Value { text: String::new(), secret: parameter.is_secret() };
        if let Some(given) = self.given[at] {
            given.clone_into(&mut value.text);
            return Ok(value);
        }
        for piece in pieces(parameter.default_value.as_deref().unwrap_or_default()) {
            match piece {
                Piece::Text(text) => value.text.push_str(text),
                Piece::Braces(name) => {
                    let other = self.names.get(&name.to_lowercase());
                    if let Some(other) = other.and_then(|&other| values[other].as_ref()) {
                        value.text.push_str(&other.text);
                        value.secret |= other.secret;
                    } else {
                        value.text.extend(["{", name, "}"]);
                    }
                }
            }
            if value.text.len() > MAX_VALUE {
                return Err(Error::TooLong {
                    parameter: parameter.name.clone(),
                    line: parameter.line,
                    column: parameter.column,
                });
            }
        }
        Ok(value)
    }
}

/// Checks a value, and finds out whether it stands for a part of a file.
fn answer(parameter: &Parameter, value: Value) -> Result<Answer, Error> {
    validate(parameter, &value)?;
    let source = match borrowed(parameter, &value.text)? {
        Some((file, xpath)) => Source::File { file, xpath },
        None => Source::Known(Secret::new(value.text)),
    };
    Ok(Answer {
        name: parameter.name.clone(),
        value: source,
        secret: value.secret,
        application: parameter.has_tag("IisApp"),
    })
}

fn validate(parameter: &Parameter, value: &Value) -> Result<(), Error> {
    let Some(validation) = &parameter.validation else { return Ok(()) };
    // Only what allows an empty value, or has one by default, gets here with one.
    if value.text.is_empty() {
        return Ok(());
    }
    let invalid = |reason: String| Error::Invalid {
        parameter: parameter.name.clone(),
        value: if value.secret { "***".to_owned() } else { value.text.clone() },
        reason,
        line: parameter.line,
        column: parameter.column,
    };
    if validation.has(ValidationKind::Boolean) && !is_boolean(&value.text) {
        return Err(invalid("is neither `true` nor `false`".into()));
    }
    if validation.has(ValidationKind::Enumeration) && !validation.values().any(|known| known == value.text) {
        let known = validation.values().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        return Err(invalid(format!("is none of {known}")));
    }
    if validation.has(ValidationKind::RegularExpression) {
        let pattern = validation.validation_string.as_deref().unwrap_or_default();
        let unusable = |source| Error::Pattern {
            parameter: parameter.name.clone(),
            part: "validation",
            line: validation.line,
            column: validation.column,
            source,
        };
        let regex = Regex::new(pattern, Options::default()).map_err(unusable)?;
        if !regex.is_match(&value.text).map_err(unusable)? {
            return Err(invalid(format!("does not match the pattern `{pattern}`")));
        }
    }
    Ok(())
}

/// `\web.config:://xpath` ("Parameterization improvements in Web Deploy V3"): the file with its backslash, and the XPath behind two
/// colons. Only values of `XmlFile` entries are read so.
fn borrowed(parameter: &Parameter, value: &str) -> Result<Option<(String, XPath)>, Error> {
    let about_xml = parameter.entries.iter().any(|entry| entry.kind == EntryKind::XmlFile);
    let Some((file, expression)) = value.split_once("::").filter(|(_, rest)| rest.starts_with('/')) else {
        return Ok(None);
    };
    if !about_xml || !file.starts_with('\\') {
        return Ok(None);
    }
    let error = |message: String| Error::Entry {
        parameter: parameter.name.clone(),
        message,
        line: parameter.line,
        column: parameter.column,
    };
    if file.starts_with("\\\\") {
        return Err(error(format!("its value is in `{file}`, and network shares are not read")));
    }
    let xpath = XPath::parse(expression).map_err(|fault| error(fault.to_string()))?;
    Ok(Some((file.to_owned(), xpath)))
}
