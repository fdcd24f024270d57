//! A manifest from its template: variables, then the options of its commands.

use crate::event::Severity;
use crate::finding::Finding;
use crate::template::{Escape, Unresolved, Variables, expand};
use crate::xml::{self, Document, Editor, Element};

use super::super::manifest::{self, KEY_ATTRIBUTE, OPTIONS_ATTRIBUTE, is_reserved_attribute};
use super::super::options::ProviderOptions;
use super::{Built, Error, is_server_variable};

/// Makes a manifest from the text of `Manifest.xml.in`.
///
/// Variables are filled in as [`crate::template`] says, escaped for XML. Each `runCommand`, wherever it stands, gets
/// its options: all its attributes other than `path` and `MSDeploy.*` become settings, in their order; settings of
/// options that already stand in the template are kept before them. Comments may name any variable.
///
/// # Errors
/// The template is not well-formed, a variable is known neither here nor on a server, a command has no `path`, or
/// options that stand in the template cannot be read. Places are those of the template.
pub fn from_template(template: &str, variables: &Variables) -> Result<Built, Error> {
    let checked = expand_checked(template, variables)?;
    let document = &checked.document;
    let mut editor = Editor::new(document);
    for (at, element) in document.root().descendants().enumerate() {
        if element.is("runCommand") {
            set_options(&mut editor, element, checked.place(at))?;
        }
    }
    let text = editor.finish();
    let built = Document::parse(text.as_str()).map_err(Error::Xml)?;
    // Attributes are gone, and lines with them: elements are found again by their number.
    let starts: Vec<usize> = built.root().descendants().map(|element| element.span().start).collect();
    let (manifest, mut findings) = manifest::read_with_places(&built, &mut |offset| {
        checked.place(starts.partition_point(|&start| start < offset))
    })?;
    findings.splice(..0, checked.findings);
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok(Built { text: utf8_declaration(text), manifest, findings })
}

/// A template of an XML file with its variables filled in and checked.
#[derive(Debug)]
pub struct Checked {
    /// The document with the values in it.
    pub document: Document,
    /// Variables that were left to the server.
    pub findings: Vec<Finding>,
    /// The places of the elements in the template, in document order.
    places: Vec<(usize, usize)>,
}

impl Checked {
    /// Where the template has an element, given by its number in document order.
    pub fn place(&self, element: usize) -> (usize, usize) {
        self.places.get(element).copied().unwrap_or((0, 0))
    }
}

/// Fills in the variables of an XML file's template. Ones that only a server knows stay and give a finding.
///
/// # Errors
/// The template is not well-formed, or a variable outside of comments is known neither here nor on a server.
pub fn expand_checked(template: &str, variables: &Variables) -> Result<Checked, Error> {
    let template = template.strip_prefix('\u{feff}').unwrap_or(template);
    let source = Document::parse(template);
    let expansion = expand(template, variables, Escape::Xml);
    let document = match (Document::parse(expansion.text), &source) {
        (Ok(document), _) => document,
        // Faults of the template itself are named where the user sees them.
        (Err(_), Err(fault)) => return Err(Error::Xml(fault.clone())),
        (Err(fault), Ok(_)) => return Err(Error::Xml(fault)),
    };
    let findings = unresolved(template, expansion.unresolved)?;
    // Values are escaped, so that they bring in no elements: both have the same ones in the same order. Only a
    // template with variables in its names can be read after the expansion alone.
    let places = source.as_ref().unwrap_or(&document).root().descendants().map(Element::position).collect();
    Ok(Checked { document, findings, places })
}

/// Sorts out what could not be filled in.
fn unresolved(template: &str, variables: Vec<Unresolved>) -> Result<Vec<Finding>, Error> {
    if variables.is_empty() {
        return Ok(Vec::new());
    }
    let comments = comments(template);
    let lines: Vec<&str> = template.split('\n').collect();
    let (mut findings, mut unknown) = (Vec::new(), Vec::new());
    for variable in variables {
        let at = (variable.line, variable.column);
        let next = comments.partition_point(|(_, end)| *end <= at);
        if comments.get(next).is_some_and(|(start, _)| *start <= at) {
            continue;
        }
        // A server knows the form with percent signs only.
        let sign = lines.get(at.0 - 1).and_then(|line| line.chars().nth(at.1 - 1));
        if sign == Some('%') && is_server_variable(&variable.name) {
            let text = format!("`%{}%` is left for the server to fill in", variable.name);
            findings.push(Finding::new("server-variable", Severity::Warning, text).at(at));
        } else {
            unknown.push(variable);
        }
    }
    if unknown.is_empty() { Ok(findings) } else { Err(Error::Unresolved(unknown)) }
}

/// The places where comments start and end, in order.
fn comments(text: &str) -> Vec<((usize, usize), (usize, usize))> {
    let mut comments = Vec::new();
    let (mut at, mut place) = (0, (1, 1));
    while let Some(found) = text[at..].find("<!--") {
        let start = at + found;
        let end = text[start..].find("-->").map_or(text.len(), |length| start + length + 3);
        let opened = advance(place, &text[at..start]);
        place = advance(opened, &text[start..end]);
        comments.push((opened, place));
        at = end;
    }
    comments
}

fn advance((line, column): (usize, usize), over: &str) -> (usize, usize) {
    let (lines, columns) = xml::position(over, over.len());
    if lines == 1 { (line, column + columns - 1) } else { (line + lines - 1, columns) }
}

/// Turns the attributes of a `runCommand` into its options.
fn set_options<'d>(editor: &mut Editor<'d>, element: Element<'d>, at: (usize, usize)) -> Result<(), Error> {
    let (line, column) = at;
    let Some(path) = element.attribute_ignore_case("path") else {
        return Err(Error::NoPath { line, column });
    };
    let mut options = match element.attribute_ignore_case(OPTIONS_ATTRIBUTE) {
        Some(value) => ProviderOptions::from_attribute(value).map_err(|source| Error::Options {
            line,
            column,
            source,
        })?,
        None => ProviderOptions::default(),
    };
    // The names are the documented ones whatever the template or its options say: the command is what runs.
    "runCommand".clone_into(&mut options.provider);
    path.clone_into(&mut options.path);
    for attribute in element.attributes() {
        if attribute.name.eq_ignore_ascii_case("path") || is_reserved_attribute(&attribute.name) {
            continue;
        }
        options.settings.retain(|(name, _)| !name.eq_ignore_ascii_case(&attribute.name));
        options.settings.push((attribute.name.clone(), attribute.value.clone()));
        editor.remove_attribute(element, &attribute.name);
    }
    if element.attribute_ignore_case(KEY_ATTRIBUTE).is_none() {
        editor.set_attribute(element, KEY_ATTRIBUTE, "path");
    }
    editor.set_attribute(element, OPTIONS_ATTRIBUTE, &options.to_attribute());
    Ok(())
}

/// The text is written as UTF-8, whatever encoding the template was in: the declaration must not say otherwise.
fn utf8_declaration(text: String) -> String {
    let Some(end) = text.find("?>").filter(|_| text.starts_with("<?xml")) else { return text };
    let declaration = &text[..end];
    let Some(at) = declaration.find("encoding") else { return text };
    let Some(open) = declaration[at..].find(['"', '\'']).map(|found| at + found) else { return text };
    let Some(close) = declaration[open + 1..].find(['"', '\'']).map(|found| open + 1 + found) else {
        return text;
    };
    if declaration[open + 1..close].eq_ignore_ascii_case("utf-8") {
        return text;
    }
    format!("{}utf-8{}", &text[..=open], &text[close..])
}
