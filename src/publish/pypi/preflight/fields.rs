//! What the fields of core metadata may say.

use std::sync::LazyLock;

use regex::Regex;

use super::Findings;
use crate::project::is_valid_name;
use crate::publish::pypi::metadata::{FIELDS, Metadata, VERSIONS};
use crate::publish::pypi::version::canonical;

/// The most characters of a summary.
const MAX_SUMMARY: usize = 512;

/// The most characters of the label of a project URL.
const MAX_LABEL: usize = 32;

/// The groups that classifiers begin with. The list of all of them changes too often to be kept here.
const CLASSIFIERS: [&str; 9] = [
    "Development Status",
    "Environment",
    "Framework",
    "Intended Audience",
    "License",
    "Natural Language",
    "Operating System",
    "Programming Language",
    "Topic",
];

/// Checks all fields.
pub(super) fn check(metadata: &Metadata, findings: &mut Findings) {
    check_identity(metadata, findings);
    check_known(metadata, findings);
    check_texts(metadata, findings);
    check_licenses(metadata, findings);
    check_requirements(metadata, findings);
    check_addresses(metadata, findings);
}

fn check_identity(metadata: &Metadata, findings: &mut Findings) {
    match metadata.get("metadata-version") {
        None => findings.error("metadata-version", "`Metadata-Version` is missing"),
        Some(told) if metadata.version_number().is_none() => {
            let text = format!("`Metadata-Version: {told}` is not one of {}", VERSIONS.join(", "));
            findings.error("metadata-version", text);
        }
        Some(_) => {}
    }
    match metadata.get("name") {
        None => findings.error("name", "`Name` is missing"),
        Some(name) if !is_valid_name(name) => {
            let text = format!(
                "`Name: {name}` must have only ASCII letters, digits, `.`, `_` and `-`, and a letter or digit at both ends"
            );
            findings.error("name", text);
        }
        Some(_) => {}
    }
    match metadata.get("version").map(|version| (version, canonical(version))) {
        None => findings.error("version", "`Version` is missing"),
        Some((version, None)) => {
            findings.error("version", format!("`Version: {version}` is no version of PEP 440"));
        }
        Some((version, Some(canonical))) if canonical.contains('+') => {
            let text = format!("`Version: {version}` is a local version, which an index does not take");
            findings.error("local-version", text);
        }
        Some(_) => {}
    }
}

/// Fields that the metadata version does not have yet, and those that stand too often.
fn check_known(metadata: &Metadata, findings: &mut Findings) {
    let Some(version) = metadata.version_number() else { return };
    for field in FIELDS {
        let count = metadata.all(field.name).count();
        if count > 1 && !field.multiple {
            findings.error("metadata", format!("the field `{}` stands {count} times", field.name));
        }
        // Older tools wrote fields of 1.2 into metadata that they called 1.1; only what came since 2.1 is held to it.
        if count > 0 && field.since > version && field.since >= (2, 1) {
            let (major, minor) = field.since;
            let text = format!(
                "the field `{}` came with metadata {major}.{minor}; the metadata say {}.{}",
                field.name, version.0, version.1
            );
            findings.error("metadata-version", text);
        }
    }
    for name in metadata.all("dynamic") {
        if matches!(name.to_ascii_lowercase().as_str(), "name" | "version" | "metadata-version") {
            findings.error("dynamic", format!("`{name}` cannot be `Dynamic`"));
        }
    }
}

fn check_texts(metadata: &Metadata, findings: &mut Findings) {
    if let Some(summary) = metadata.get("summary") {
        let length = summary.chars().count();
        if length > MAX_SUMMARY {
            findings
                .error("summary", format!("the summary has {length} characters, {MAX_SUMMARY} are allowed"));
        }
        if summary.contains('\n') {
            findings.error("summary", "the summary has more than one line");
        }
    }
    if let Some(content_type) = metadata.get("description-content-type") {
        let mut parts = content_type.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut wrong = !matches!(kind.as_str(), "text/plain" | "text/x-rst" | "text/markdown");
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            wrong |= match name.trim().to_ascii_lowercase().as_str() {
                "charset" => !value.eq_ignore_ascii_case("utf-8"),
                "variant" => kind == "text/markdown" && !matches!(value, "GFM" | "CommonMark"),
                _ => false,
            };
        }
        if wrong {
            let text = format!(
                "`Description-Content-Type: {content_type}` is none of text/plain, text/x-rst and text/markdown in UTF-8"
            );
            findings.error("description", text);
        }
    }
    for classifier in metadata.all("classifier") {
        let group = classifier.split(" :: ").next().unwrap_or_default();
        if group == "Private" {
            let text = format!(
                "`Classifier: {classifier}` keeps the project from being published, as it is meant to"
            );
            findings.error("classifier", text);
        } else if !CLASSIFIERS.contains(&group) && group != "Typing" {
            findings.error("classifier", format!("`Classifier: {classifier}` is not one that PyPI knows"));
        }
    }
}

fn check_licenses(metadata: &Metadata, findings: &mut Findings) {
    let expression = metadata.get("license-expression");
    if let Some(expression) = expression {
        if metadata.get("license").is_some() {
            findings.error("license", "`License` and `License-Expression` exclude each other");
        }
        if metadata.all("classifier").any(|classifier| classifier.starts_with("License :: ")) {
            findings.error("license", "license classifiers and `License-Expression` exclude each other");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || " .-+()".contains(c);
        if !expression.chars().all(plain) {
            findings.error("license", format!("`License-Expression: {expression}` is no SPDX expression"));
        }
    }
    for file in metadata.all("license-file") {
        let part = |part: &str| matches!(part, "" | "." | "..");
        if file.contains(['\\', '*', ':']) || file.split('/').any(part) {
            let text = format!("`License-File: {file}` is no path below the project, with forward slashes");
            findings.error("license-file", text);
        }
    }
}

fn check_requirements(metadata: &Metadata, findings: &mut Findings) {
    static SPECIFIERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:(?:~=|===?|!=|<=?|>=?)\s*[A-Za-z0-9][A-Za-z0-9.!+*_-]*\s*(?:,\s*|$))*$").ok()
    });
    let valid = |text: &str| SPECIFIERS.as_ref().is_some_and(|pattern| pattern.is_match(text));
    if let Some(requires) = metadata.get("requires-python").filter(|text| !valid(text)) {
        findings.error("requires-python", format!("`Requires-Python: {requires}` is no version specifier"));
    }
    for field in ["requires-dist", "provides-dist", "obsoletes-dist"] {
        for requirement in metadata.all(field) {
            let plain = requirement.split(';').next().unwrap_or_default();
            let name: &str = plain
                .split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
                .next()
                .unwrap_or_default();
            if !is_valid_name(name) {
                findings.error("requirement", format!("`{requirement}` is no requirement"));
            } else if plain.contains('@') {
                let text = format!("`{requirement}` names an address, which an index does not take");
                findings.error("direct-reference", text);
            }
        }
    }
}

fn check_addresses(metadata: &Metadata, findings: &mut Findings) {
    let is_url = |text: &str| {
        text.split_once("://").is_some_and(|(scheme, rest)| {
            let scheme = scheme.to_ascii_lowercase();
            matches!(scheme.as_str(), "http" | "https")
                && !rest.is_empty()
                && !rest.contains(char::is_whitespace)
        })
    };
    for field in ["home-page", "download-url"] {
        if let Some(url) = metadata.get(field).filter(|url| !is_url(url)) {
            findings.error("url", format!("`{field}: {url}` is no http or https address"));
        }
    }
    for line in metadata.all("project-url") {
        let (label, url) = line.split_once(',').map_or((line, ""), |(label, url)| (label.trim(), url.trim()));
        let count = label.chars().count();
        if label.is_empty() || count > MAX_LABEL {
            let text = format!("the label of `Project-URL: {line}` must have 1 to {MAX_LABEL} characters");
            findings.error("project-url", text);
        } else if !is_url(url) {
            findings.error("project-url", format!("`Project-URL: {line}` names no http or https address"));
        }
    }
    for field in ["author-email", "maintainer-email"] {
        // Only the first address is looked at, as the index does.
        let Some(text) = metadata.get(field) else { continue };
        let address =
            text.split_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or_default());
        let address = address.split(',').next().unwrap_or_default().trim();
        let valid = address.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && host.contains('.') && !host.contains(['@', ' ']) && !host.starts_with('.')
        });
        if !address.is_empty() && address.contains('@') && !valid {
            findings.error("email", format!("`{field}: {text}` is no mail address"));
        }
    }
}
