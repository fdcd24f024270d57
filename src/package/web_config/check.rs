//! What is wrong or doubtful in a `web.config`.

use std::collections::{HashMap, HashSet};

use crate::event::Severity;
use crate::finding::Finding;
use crate::template::{Escape, Variables, expand};
use crate::xml::Document;

use super::{Application, FAST_CGI_MODULE, Handler, WebConfig, check_attribute};

/// Checks a configuration. In a template, variables are still to be filled in, and a doubled percent sign is one.
pub(super) fn check(config: &WebConfig, document: &Document, template: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: HashMap<(Option<&str>, String), usize> = HashMap::new();
    for application in &config.applications {
        let key = (application.location.as_deref(), application.script_processor().to_lowercase());
        if let Some(line) = seen.insert(key, application.line) {
            let text = format!("the same FastCGI application as on line {line}: IIS refuses the second");
            findings.push(at_application(application, "duplicate-application", Severity::Error, text));
        }
        check_application(application, template, &mut findings);
    }
    let mut names: HashMap<(Option<&str>, String), usize> = HashMap::new();
    for handler in &config.handlers {
        let key = (handler.location.as_deref(), handler.name.to_lowercase());
        if let Some(line) = names.insert(key, handler.line) {
            let text =
                format!("a handler `{}` stands on line {line} already: IIS refuses the second", handler.name);
            findings.push(at_handler(handler, "duplicate-handler", Severity::Error, text));
        }
        check_handler(config, handler, &mut findings);
    }
    let sections = document.root().descendants().filter(|element| element.is("fastCgi"));
    for section in sections.filter(|section| section.children().next().is_some()) {
        let text = "IIS takes `fastCgi` from applicationHost.config only: the bootstrap registers it there, this copy \
                    has no effect of its own";
        findings.push(Finding::new("fastcgi-section", Severity::Info, text).at(section.position()));
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

fn at_application(
    application: &Application,
    rule: &'static str,
    severity: Severity,
    text: impl Into<String>,
) -> Finding {
    Finding::new(rule, severity, text).at((application.line, application.column))
}

fn at_handler(handler: &Handler, rule: &'static str, severity: Severity, text: impl Into<String>) -> Finding {
    Finding::new(rule, severity, text).at((handler.line, handler.column))
}

fn check_application(application: &Application, template: bool, findings: &mut Vec<Finding>) {
    let mut add =
        |rule, severity, text: String| findings.push(at_application(application, rule, severity, text));
    if application.full_path.trim().is_empty() {
        add("no-full-path", Severity::Error, "the FastCGI application has no `fullPath`".into());
    }
    if application.full_path.contains('|') {
        let text =
            "IIS takes a `scriptProcessor` apart at its first `|`, so that `fullPath` must not hold one";
        add("bar-in-full-path", Severity::Error, text.into());
    }
    for (name, value) in &application.attributes {
        // What a variable in a template becomes is not known yet.
        if template
            && value.contains(['%', '$'])
            && check_attribute(name, "").is_err_and(|fault| is_value(&fault))
        {
            continue;
        }
        if let Err(fault) = check_attribute(name, value) {
            let rule = if is_value(&fault) { "attribute-value" } else { "unknown-attribute" };
            add(rule, Severity::Error, fault.to_string());
        }
    }
    let monitored = application.attribute("monitorChangesTo").unwrap_or_default();
    // In a template only what a doubled sign leaves behind reaches IIS; every other variable is filled in before.
    let left = if template { monitored.contains("%%") } else { has_variable(monitored) };
    if left {
        let text = format!(
            "IIS expands no variables in `monitorChangesTo`: `{monitored}` gives an error 500 that names no cause"
        );
        add("variable-in-monitor", Severity::Warning, text);
    }
    let mut names = HashSet::new();
    for (name, _) in &application.environment {
        if name.is_empty() || name.contains('=') {
            add("environment-name", Severity::Error, format!("`{name}` cannot be the name of a variable"));
        }
        if !names.insert(name.to_lowercase()) {
            let text = format!("the variable `{name}` stands twice: IIS refuses the second");
            add("duplicate-variable", Severity::Error, text);
        }
    }
}

fn is_value(fault: &super::AttributeFault) -> bool {
    matches!(fault, super::AttributeFault::Value { .. })
}

fn has_variable(text: &str) -> bool {
    expand(text, &Variables::new(), Escape::Plain).unresolved.iter().any(|variable| !variable.name.is_empty())
}

fn check_handler(config: &WebConfig, handler: &Handler, findings: &mut Vec<Finding>) {
    let mut add = |rule, severity, text: String| findings.push(at_handler(handler, rule, severity, text));
    let script_processor = match (&handler.script_processor, handler.is_fast_cgi()) {
        (Some(script_processor), true) => script_processor,
        (None, true) => {
            let text = format!(
                "the handler `{}` has no `scriptProcessor`: FastCGI has nothing to start",
                handler.name
            );
            return add("no-script-processor", Severity::Error, text);
        }
        (_, false) => return,
    };
    if config.application_of(handler).is_none() {
        let severity = if config.applications.is_empty() { Severity::Info } else { Severity::Warning };
        let known: Vec<String> =
            config.applications.iter().map(|known| format!("`{}`", known.script_processor())).collect();
        let text = if known.is_empty() {
            format!(
                "`{script_processor}` must be registered as a FastCGI application in applicationHost.config"
            )
        } else {
            format!(
                "`{script_processor}` is not the `fullPath|arguments` of an application: {}",
                known.join(", ")
            )
        };
        add("handler-without-application", severity, text);
    }
    let other =
        handler.modules.split(',').map(str::trim).find(|name| !name.eq_ignore_ascii_case(FAST_CGI_MODULE));
    if let Some(other) = other.filter(|other| !other.is_empty()) {
        add(
            "handler-modules",
            Severity::Warning,
            format!("`{other}` beside `{FAST_CGI_MODULE}` in `modules`"),
        );
    }
    let limit = handler.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("responseBufferLimit"));
    match limit.map(|(_, value)| value.parse::<u32>()) {
        None => {
            let text =
                "without `responseBufferLimit=\"0\"` IIS holds back up to 4 MB of a response before it sends";
            add("response-buffer", Severity::Info, text.into());
        }
        Some(Err(_)) => {
            add("attribute-value", Severity::Error, "`responseBufferLimit` must be a number".into());
        }
        Some(Ok(_)) => {}
    }
}
