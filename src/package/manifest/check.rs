//! What is wrong or doubtful in a manifest.

use crate::event::Severity;
use crate::finding::Finding;

use super::providers::{check_run_command_setting, is_known_provider};
use super::{GALLERY_ROOT, Manifest, Provider, is_reserved_attribute};

/// Checks the manifest as a whole. `root` is the place of its root element.
pub(super) fn manifest(manifest: &Manifest, root: (usize, usize), findings: &mut Vec<Finding>) {
    let mut add = |rule, severity, text: String, at| findings.push(Finding::new(rule, severity, text).at(at));
    if manifest.providers.is_empty() {
        add("no-provider", Severity::Error, "the manifest has no provider".into(), root);
        return;
    }
    let gallery = manifest.root.eq_ignore_ascii_case(GALLERY_ROOT);
    let mut applications = manifest.named("iisApp");
    match applications.next() {
        None if gallery => {
            let text = "no `iisApp`: the package has no application folder".into();
            add("no-iis-app", Severity::Error, text, root);
        }
        None => {
            let text = "no `iisApp`: the package creates no application in IIS".into();
            add("no-iis-app", Severity::Info, text, root);
        }
        Some(first) => {
            for other in applications {
                let text = format!(
                    "another `iisApp`: the gallery takes one, and `{}` on line {} is the first",
                    first.path, first.line
                );
                add("several-iis-apps", Severity::Warning, text, (other.line, other.column));
            }
            if gallery && is_local_path(&first.path) {
                let text = format!("`{}` is a path on a machine, not a folder in the package", first.path);
                add("local-path", Severity::Error, text, (first.line, first.column));
            }
        }
    }
}

/// A path with a drive, a share, or back-slashes: nothing of the kind stands in a zip.
fn is_local_path(path: &str) -> bool {
    path.contains('\\') || path.as_bytes().get(1) == Some(&b':') || path.starts_with('/')
}

/// Checks one provider.
pub(super) fn provider(provider: &Provider, has_path: bool, findings: &mut Vec<Finding>) {
    let at = (provider.line, provider.column);
    let mut add = |rule, severity, text: String| findings.push(Finding::new(rule, severity, text).at(at));
    let name = &provider.name;
    if !is_known_provider(name) {
        add("unknown-provider", Severity::Warning, format!("Web Deploy has no provider `{name}` of its own"));
    }
    if provider.is("alias") {
        for attribute in ["from", "to"] {
            if provider.attribute(attribute).is_none() {
                add("no-path", Severity::Error, format!("`alias` has no attribute `{attribute}`"));
            }
        }
    } else if !has_path {
        add("no-path", Severity::Error, format!("`{name}` has no attribute `path`"));
    } else if provider.path.trim().is_empty() && !provider.is("webServer") && !provider.is("auto") {
        add("no-path", Severity::Warning, format!("the path of `{name}` is empty"));
    }
    options(provider, &mut add);
    if provider.is("runCommand") {
        run_command(provider, &mut add);
    } else if provider.is("setAcl") {
        set_acl(provider, &mut add);
    } else if provider.is("dbFullSql") || provider.is("dbMySql") {
        for setting in ["transacted", "removeCommandDelimiter"] {
            if let Some(value) = provider.setting(setting).filter(|value| !is_boolean(value)) {
                add(
                    "setting-value",
                    Severity::Warning,
                    format!("`{setting}` must be `true` or `false`, not `{value}`"),
                );
            }
        }
    }
}

fn options(provider: &Provider, add: &mut dyn FnMut(&'static str, Severity, String)) {
    let Some(options) = &provider.options else { return };
    if !provider.is(&options.provider) {
        let text = format!("the options are those of `{}`, not of `{}`", options.provider, provider.name);
        add("options-of-another-provider", Severity::Error, text);
    }
    if options.path != provider.path {
        let text =
            format!("the path in the options is `{}`, in the attribute `{}`", options.path, provider.path);
        add("options-path-differs", Severity::Warning, text);
    }
    for (name, value) in &provider.attributes {
        // Web Deploy's own archives repeat the state of an object as attributes; only commands are settings alone.
        if !is_reserved_attribute(name) && provider.is("runCommand") {
            let text =
                format!("`{name}=\"{value}\"` has no effect beside the options, which hold the settings");
            add("setting-beside-options", Severity::Warning, text);
        }
    }
}

fn run_command(provider: &Provider, add: &mut dyn FnMut(&'static str, Severity, String)) {
    for (name, value) in &provider.settings {
        if let Err(fault) = check_run_command_setting(name, value) {
            add("setting-value", Severity::Warning, fault.to_string());
        }
    }
    if provider.options.is_none() && !provider.settings.is_empty() {
        let text = "the settings are plain attributes: in a package Web Deploy reads them from \
                    `MSDeploy.MSDeployProviderOptions` only";
        add("settings-without-options", Severity::Warning, text.into());
    }
    if provider.setting("successReturnCodes").is_none() {
        let text = "no `successReturnCodes`: Web Deploy only warns when the command fails";
        add("no-success-return-codes", Severity::Warning, text.into());
    }
}

fn set_acl(provider: &Provider, add: &mut dyn FnMut(&'static str, Severity, String)) {
    let kind = provider.setting("setAclResourceType").or_else(|| provider.attribute("setAclResourceType"));
    if let Some(kind) =
        kind.filter(|kind| !kind.eq_ignore_ascii_case("File") && !kind.eq_ignore_ascii_case("Directory"))
    {
        let text = format!("`setAclResourceType` must be `File` or `Directory`, not `{kind}`");
        add("setting-value", Severity::Warning, text);
    }
}

fn is_boolean(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
}
