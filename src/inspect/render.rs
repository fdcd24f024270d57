//! An inspection as text for people. What comes from the file is shown on one line, control characters escaped: a package
//! of a stranger cannot drive the terminal.

use std::fmt::{self, Write as _};

use super::content::{
    ApplicationHostContent, Content, ManifestContent, OptionsContent, PackageContent, Pair, ProviderContent,
};
use super::{Found, Inspection};
use crate::event::Severity;
use crate::feed::{Entry, EntryKind, Feed};
use crate::package::archive_format::Shape;
use crate::package::parameters::Parameters;
use crate::package::web_config::WebConfig;

/// How many of a long list are shown; JSON has them all.
const MAX_SHOWN: usize = 40;

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let path = clean(&self.path.display().to_string());
        let _ = writeln!(text, "{path}: {}, {}", self.kind.description(), bytes(self.size));
        let _ = writeln!(text, "SHA-1   {}\nSHA-256 {}", self.sha1, self.sha256);
        content(&mut text, &self.content);
        findings(&mut text, &self.findings);
        f.write_str(text.trim_end())
    }
}

fn content(text: &mut String, content: &Content) {
    match content {
        Content::Package(package) => self::package(text, package),
        Content::Manifest(manifest) => self::manifest(text, manifest),
        Content::Parameters(parameters) => self::parameters(text, parameters),
        Content::SetParameters(values) => pairs(text, "Values", &values.values),
        Content::SystemInfo(info) => pairs(text, "Machine", &info.attributes),
        Content::WebConfig(config) => web_config(text, "FastCGI", config),
        Content::ApplicationHost(host) => application_host(text, host),
        Content::Feed(feed) => self::feed(text, feed),
        Content::Options(options) => {
            text.push_str("\nOptions\n");
            self::options(text, options);
        }
        Content::Bootstrap(bootstrap) => block(text, "Bootstrap", &bootstrap.to_json()),
    }
}

fn package(text: &mut String, package: &PackageContent) {
    let shape = match package.shape {
        Shape::Gallery => "gallery",
        Shape::Archive => "archive",
    };
    let files = package.entries.iter().filter(|entry| !entry.folder).count();
    let _ = writeln!(text, "{shape} format, {} files, {} unpacked", files, bytes(package.unpacked));
    manifest(text, &package.manifest);
    if let Some(parameters) = &package.parameters {
        self::parameters(text, parameters);
    }
    text.push_str("\nApplications\n");
    for folder in &package.applications {
        let _ = writeln!(text, "  {}: {} files, {}", clean(&folder.root), folder.files, bytes(folder.size));
    }
    for file in &package.web_configs {
        web_config(text, &file.file, &file.config);
    }
    if let Some(bootstrap) = &package.bootstrap {
        block(text, "Bootstrap", &bootstrap.to_json());
    }
    if let Some(info) = &package.system_info {
        pairs(text, "Machine", &info.attributes);
    }
    text.push_str("\nEntries\n");
    for entry in package.entries.iter().filter(|entry| !entry.folder).take(MAX_SHOWN) {
        let _ = writeln!(text, "  {:>12}  {}", entry.size, clean(&entry.name));
    }
    more(text, files);
}

fn more(text: &mut String, all: usize) {
    if all > MAX_SHOWN {
        let _ = writeln!(text, "  … and {} more", all - MAX_SHOWN);
    }
}

fn manifest(text: &mut String, manifest: &ManifestContent) {
    let _ = writeln!(text, "\nProviders of `{}`", clean(&manifest.root));
    for provider in &manifest.providers {
        self::provider(text, provider);
    }
}

fn provider(text: &mut String, provider: &ProviderContent) {
    let _ = writeln!(text, "  {} {}", clean(&provider.provider), clean(&provider.path));
    for setting in &provider.settings {
        let _ = writeln!(text, "      {} = {}", clean(&setting.name), clean(&setting.value));
    }
    if let Some(options) = &provider.options
        && (options.path != provider.path || options.provider != provider.provider)
    {
        let _ = writeln!(text, "      options of {} {}", clean(&options.provider), clean(&options.path));
    }
}

fn options(text: &mut String, options: &OptionsContent) {
    let _ = writeln!(text, "  {} {}", clean(&options.provider), clean(&options.path));
    for setting in &options.settings {
        let _ = writeln!(text, "      {} = {}", clean(&setting.name), clean(&setting.value));
    }
}

fn parameters(text: &mut String, parameters: &Parameters) {
    text.push_str("\nParameters\n");
    for parameter in &parameters.parameters {
        let _ = write!(text, "  {}", clean(&parameter.name));
        // The default of a secret is a secret.
        match &parameter.default_value {
            Some(value) if parameter.is_secret() && !value.is_empty() => text.push_str(" = ***"),
            Some(value) => {
                let _ = write!(text, " = {}", clean(value));
            }
            None => {}
        }
        if !parameter.tags.is_empty() {
            let _ = write!(text, " [{}]", clean(&parameter.tags.join(", ")));
        }
        text.push('\n');
        for entry in &parameter.entries {
            let (kind, scope, matching) = (entry.kind.name(), clean(&entry.scope), clean(&entry.matching));
            let _ = writeln!(text, "      {} in {scope}: {matching}", clean(kind));
        }
    }
}

fn web_config(text: &mut String, title: &str, config: &WebConfig) {
    let _ = writeln!(text, "\n{}", clean(title));
    for application in &config.applications {
        let _ = writeln!(text, "  application {}", clean(&application.script_processor()));
        for (name, value) in &application.attributes {
            let _ = writeln!(text, "      {} = {}", clean(name), clean(value));
        }
        for (name, value) in &application.environment {
            let _ = writeln!(text, "      environment {} = {}", clean(name), clean(value));
        }
    }
    for handler in &config.handlers {
        let to = handler.script_processor.as_deref().unwrap_or(&handler.modules);
        let _ = writeln!(
            text,
            "  handler {} for {} to {}",
            clean(&handler.name),
            clean(&handler.path),
            clean(to)
        );
    }
}

fn application_host(text: &mut String, host: &ApplicationHostContent) {
    text.push_str("\nSites\n");
    for site in &host.sites {
        let _ = writeln!(text, "  {} ({})", clean(&site.name), site.id);
        for application in &site.applications {
            let _ = writeln!(text, "      {} in {}", clean(&application.name), clean(&application.value));
        }
    }
    text.push_str("\nFastCGI\n");
    for application in &host.fast_cgi {
        let _ = writeln!(text, "  application {}", clean(&application.script_processor()));
    }
}

fn feed(text: &mut String, feed: &Feed) {
    let or = |value: &str, missing: &str| if value.is_empty() { missing.to_owned() } else { clean(value) };
    let count = feed.entries.len();
    let _ = writeln!(
        text,
        "\n{} ({}), {count} {}, {}",
        or(&feed.title.text, "without a title"),
        or(&feed.id, "without an id"),
        if count == 1 { "entry" } else { "entries" },
        match feed.updated.as_str() {
            "" => "without a time".to_owned(),
            time => format!("updated {}", clean(time)),
        }
    );
    for entry in feed.entries.iter().take(MAX_SHOWN) {
        self::entry(text, entry);
    }
    more(text, feed.entries.len());
}

fn entry(text: &mut String, entry: &Entry) {
    let kind = if entry.kind == EntryKind::Application { "application" } else { "product" };
    let _ = writeln!(text, "  {kind} {} {}", clean(&entry.product_id), clean(&entry.version));
    for file in entry.installers.iter().filter_map(|installer| installer.file.as_ref()) {
        let size = file.size.map_or_else(|| "size unknown".to_owned(), |size| format!("{size} KB"));
        let sha1 = file.sha1.as_deref().unwrap_or("no SHA-1");
        let _ = writeln!(text, "      {}, {size}, {}", clean(&file.url), clean(sha1));
    }
}

fn pairs(text: &mut String, title: &str, pairs: &[Pair]) {
    let _ = writeln!(text, "\n{title}");
    for pair in pairs {
        let _ = writeln!(text, "  {} = {}", clean(&pair.name), clean(&pair.value));
    }
}

fn block(text: &mut String, title: &str, content: &str) {
    let _ = writeln!(text, "\n{title}");
    for line in content.lines() {
        let _ = writeln!(text, "  {}", clean(line));
    }
}

fn findings(text: &mut String, findings: &[Found]) {
    if findings.is_empty() {
        return;
    }
    text.push_str("\nFindings\n");
    for found in findings {
        let finding = &found.finding;
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
            Severity::Detail => "detail",
        };
        let mut place = found.file.as_deref().map(clean).unwrap_or_default();
        if finding.line > 0 {
            let separator = if place.is_empty() { "" } else { ":" };
            let _ = write!(place, "{separator}{}:{}", finding.line, finding.column);
        }
        let place = if place.is_empty() { place } else { format!("{place}: ") };
        let _ = writeln!(text, "  {place}{severity}: {} [{}]", clean(&finding.text), finding.rule);
    }
}

fn bytes(size: u64) -> String {
    if size == 1 { "1 byte".to_owned() } else { format!("{size} bytes") }
}

/// A text of the file on one line.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        // Marks that change the direction of text can make it read as something else.
        if character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            cleaned.extend(character.escape_default());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}
