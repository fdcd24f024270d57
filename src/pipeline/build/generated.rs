//! What is made from the configuration where the project has no file of its own: manifest, parameters, web.config and
//! the bootstrap's description.

use std::path::PathBuf;

use super::super::plan::PackagePlan;
use super::super::vendor;
use super::{Error, no_errors, project_text, report};
use crate::config::{self, Parameter as Configured};
use crate::error::AnyFailure;
use crate::event::Observer;
use crate::files::read;
use crate::package::bootstrap::{Bootstrap, Hooks};
use crate::package::build::{self, Built, Description};
use crate::package::manifest::Manifest;
use crate::package::parameters::{
    ApplicationPath, EntryKind, Parameter, ParameterEntry, ParameterValidation, Parameters, ValidationKind,
};
use crate::package::web_config;
use crate::xml::{Document, Editor};

/// The manifest: the application, and the command that sets it up on the server.
pub(super) fn manifest(plan: &PackagePlan) -> Result<Built, AnyFailure> {
    let settings = &plan.config.bootstrap;
    let own = build::bootstrap_command(&plan.folder);
    let command = settings.command.as_deref().unwrap_or(&own);
    let codes: Vec<&str> = settings.success_return_codes.iter().map(config::ReturnCode::as_str).collect();
    let mut values = vec![
        ("waitAttempts".to_owned(), settings.wait_attempts.get().to_string()),
        ("waitInterval".to_owned(), settings.wait_interval.get().to_string()),
        ("successReturnCodes".to_owned(), codes.join(";")),
    ];
    let switches = [
        ("dontUseCommandExe", settings.dont_use_command_exe),
        ("dontUseJobObject", settings.dont_use_job_object),
    ];
    for (name, value) in switches {
        values.extend(value.map(|value| (name.to_owned(), value.to_string())));
    }
    let description =
        Description { folder: &plan.folder, providers: &[], command: Some(command), settings: &values };
    let path = plan.config.file.clone().unwrap_or_else(|| PathBuf::from(build::MANIFEST_NAME));
    Ok(build::generate(&description).map_err(|source| Error::Manifest { path, source })?)
}

/// The parameters: the application's path, and those of the configuration.
pub(super) fn parameters(plan: &PackagePlan, manifest: &Manifest) -> Parameters {
    let default = format!(
        "{}/{}",
        plan.config.iis.site,
        plan.config.iis.application.as_deref().unwrap_or(&plan.folder).trim_start_matches('/')
    );
    let commands: Vec<&str> = manifest.named("runCommand").map(|provider| provider.path.as_str()).collect();
    let application = ApplicationPath { folder: &plan.folder, default: &default, commands: &commands };
    let configured: Vec<Parameter> = plan.config.parameters.iter().map(parameter).collect();
    Parameters::generated(&application, &configured)
}

/// The project's own Parameters.xml with the hidden parameters that tell the generated commands where the application
/// is. Nothing else of the file changes. None when nothing has to be added: no command asks, the file has such an entry
/// already, or has no parameter with the application's path.
pub(super) fn with_command_parameters(
    plan: &PackagePlan,
    manifest: &Manifest,
    document: &Document,
    own: &Parameters,
) -> Option<String> {
    let commands: Vec<&str> = manifest.named("runCommand").map(|provider| provider.path.as_str()).collect();
    let is_path =
        |parameter: &&Parameter| parameter.tags.iter().any(|tag| tag.eq_ignore_ascii_case("IisApp"));
    let application = own.parameters.iter().find(is_path)?;
    let filled = |entry: &ParameterEntry| {
        entry.kind == EntryKind::ProviderPath && entry.scope.to_lowercase().contains("runcommand")
    };
    if own.parameters.iter().flat_map(|parameter| &parameter.entries).any(filled) {
        return None;
    }
    let path = ApplicationPath { folder: &plan.folder, default: "", commands: &commands };
    let hidden = path.command_parameters(&application.name);
    if hidden.is_empty() {
        return None;
    }
    let mut editor = Editor::new(document);
    let added: String = hidden.iter().map(Parameter::to_xml).collect();
    editor.append_child(document.root(), added.trim_end());
    Some(editor.finish())
}

fn parameter(configured: &Configured) -> Parameter {
    let mut entries: Vec<ParameterEntry> = configured
        .entries
        .iter()
        .map(|entry| ParameterEntry {
            tags: entry.tags.to_vec(),
            ..ParameterEntry::new(
                kind(entry.kind),
                entry.scope.as_deref().unwrap_or_default(),
                entry.r#match.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    if let (Some(file), Some(placeholder)) = (&configured.file, &configured.placeholder) {
        entries.push(ParameterEntry::placeholder(file, placeholder));
    }
    Parameter {
        friendly_name: configured.friendly_name.clone(),
        description: configured.description.clone(),
        default_value: configured.default.as_ref().map(|value| value.0.clone()),
        tags: configured.tags.to_vec(),
        validation: configured.validation.as_ref().map(validation),
        entries,
        ..Parameter::new(&configured.name)
    }
}

fn validation(configured: &config::Validation) -> ParameterValidation {
    let mut kinds = Vec::new();
    if configured.allow_empty {
        kinds.push(ValidationKind::AllowEmpty);
    }
    if configured.boolean {
        kinds.push(ValidationKind::Boolean);
    }
    let mut validation_string = None;
    if !configured.enumeration.is_empty() {
        kinds.push(ValidationKind::Enumeration);
        let values: Vec<&str> = configured.enumeration.iter().map(|value| value.0.as_str()).collect();
        validation_string = Some(values.join(","));
    }
    if let Some(pattern) = &configured.regular_expression {
        kinds.push(ValidationKind::RegularExpression);
        validation_string = Some(pattern.clone());
    }
    ParameterValidation { kinds, validation_string, ..ParameterValidation::default() }
}

fn kind(configured: config::EntryKind) -> EntryKind {
    match configured {
        config::EntryKind::ProviderPath => EntryKind::ProviderPath,
        config::EntryKind::TextFile => EntryKind::TextFile,
        config::EntryKind::TextFilePosition => EntryKind::TextFilePosition,
        config::EntryKind::XmlFile => EntryKind::XmlFile,
        config::EntryKind::DeploymentObjectAttribute => EntryKind::DeploymentObjectAttribute,
        config::EntryKind::DestinationBinding => EntryKind::DestinationBinding,
        config::EntryKind::DestinationVirtualDirectory => EntryKind::DestinationVirtualDirectory,
    }
}

/// What the bootstrap sets up on the server.
pub(super) fn bootstrap(plan: &PackagePlan) -> Bootstrap {
    let config = &plan.config;
    let python = match &config.python {
        Some(config::Python::Version(version)) => Some(version.clone()),
        _ => plan.project.metadata.requires_python.clone(),
    };
    let own_web_config =
        plan.project.layout.web_config.is_some() && plan.project.layout.web_config_template.is_none();
    Bootstrap {
        venv: config.bootstrap.venv.clone(),
        python,
        requirements: plan.requirements.iter().map(|requirement| on_server(plan, requirement)).collect(),
        gateway: Some(published_gateway(config.gateway())),
        web_config_template: (!own_web_config).then(|| "web.config.in".to_owned()),
        environment: config
            .environment
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
            .collect(),
        setup_commands: config.bootstrap.setup_commands.to_vec(),
        hooks: Hooks {
            pre_install: config.hooks.pre_install.to_vec(),
            post_install: config.hooks.post_install.to_vec(),
        },
        timeout: Some(config.bootstrap.timeout.duration().as_secs()),
        ..Bootstrap::new(&plan.folder)
    }
}

/// A requirement as the server's pip takes it. With a wheelhouse the project itself is one of its wheels: building it again
/// would need a network.
fn on_server(plan: &PackagePlan, requirement: &str) -> String {
    match vendor::local_extras(requirement) {
        Some(extras) if plan.config.vendor.enabled => format!("{}{extras}", plan.project.metadata.name),
        _ => requirement.to_owned(),
    }
}

/// The gateway as a package may name it: a checkout or a wheel of this machine is no requirement on a server, where
/// the same version comes from an index.
pub(in super::super) fn published_gateway(gateway: &str) -> String {
    let local = gateway.contains(['/', '\\']) && !gateway.contains("://")
        || gateway == "."
        || gateway.to_ascii_lowercase().ends_with(".whl");
    if local { concat!("iiswsgi==", env!("CARGO_PKG_VERSION")).to_owned() } else { gateway.to_owned() }
}

/// The template of web.config that goes into the package, when it is made here: generated, or the project's own
/// web.config with the application added. None when the project has a template, or a web.config that starts a FastCGI
/// process already; both ship as they are.
pub(super) fn web_config(plan: &PackagePlan, observer: &dyn Observer) -> Result<Option<String>, AnyFailure> {
    let layout = &plan.project.layout;
    if let Some(name) = &layout.web_config_template {
        check_own(plan, name, true, observer)?;
        return Ok(None);
    }
    let Some(name) = &layout.web_config else {
        let path = plan.config.file.clone().unwrap_or_else(|| PathBuf::from(web_config::TEMPLATE_NAME));
        let text = web_config::generate(&web_config::Description {
            http_platform: http_platform(plan),
            response_buffer_limit: plan.config.fastcgi.response_buffer_limit.map_or(0, config::Bounded::get),
            ..web_config::Description::new(application(plan))
        });
        return Ok(Some(text.map_err(|source| Error::WebConfig { path, source })?));
    };
    let own = check_own(plan, name, false, observer)?;
    if !own.applications.is_empty() || !own.http_platform.is_empty() {
        return Ok(None);
    }
    // The user's file becomes a template, so its percent signs are doubled; nothing else of it changes.
    let path = plan.root().join(name);
    let failed = |source| Error::WebConfig { path: path.clone(), source };
    let mut edit = web_config::Edit::new(project_text(plan, name)?.replace('%', "%%")).map_err(failed)?;
    if let Some(section) = http_platform(plan) {
        edit.set_http_platform(&section).map_err(failed)?;
        edit.add_handler(&web_config::Handler::of_http_platform("iiswsgi")).map_err(failed)?;
        return Ok(Some(edit.finish()));
    }
    let application = application(plan);
    edit.add_application(&application).map_err(failed)?;
    edit.add_handler(&web_config::Handler::new("iiswsgi", &application)).map_err(failed)?;
    Ok(Some(edit.finish()))
}

/// The section of HttpPlatformHandler, when that is the handler: the same program, which is told to speak HTTP, and the path of
/// the application, which the module does not tell.
fn http_platform(plan: &PackagePlan) -> Option<web_config::HttpPlatform> {
    if plan.config.handler != config::Handler::Httpplatform {
        return None;
    }
    let settings = &plan.config.http_platform;
    let mut application = application(plan);
    application.full_path = settings.process_path.clone().unwrap_or_else(|| VENV_PYTHON.to_owned());
    application.arguments = settings
        .arguments
        .clone()
        .unwrap_or_else(|| arguments(plan, &["--http", "\"--script-name=%APPL_VIRTUAL_PATH%\""]));
    let attributes =
        settings.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Some(web_config::HttpPlatform { attributes, ..web_config::HttpPlatform::of(&application) })
}

/// The arguments that start the gateway with the application.
fn arguments(plan: &PackagePlan, more: &[&str]) -> String {
    let target = installed_target(plan.app.target.as_deref().unwrap_or_default());
    let words = ["-m", "iiswsgi", "serve"].into_iter().chain(more.iter().copied()).map(str::to_owned);
    let words: Vec<String> =
        words.chain([target]).chain(plan.config.gateway_options.iter().cloned()).collect();
    words.join(" ")
}

/// The Python of the application's environment, which the server fills in.
const VENV_PYTHON: &str = "%VENV_PYTHON%";

/// The FastCGI application of a generated web.config. `%VENV_PYTHON%` and `%APPL_PHYSICAL_PATH%` are filled in on the
/// server.
fn application(plan: &PackagePlan) -> web_config::Application {
    let settings = &plan.config.fastcgi;
    let full_path = settings.full_path.clone().unwrap_or_else(|| VENV_PYTHON.to_owned());
    let own = || arguments(plan, &[]);
    let mut application =
        web_config::Application::new(full_path, settings.arguments.clone().unwrap_or_else(own));
    application.attributes =
        settings.attributes().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let configured = plan.config.environment.iter();
    application.environment =
        configured.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
    if let Some(folder) = &plan.app.pythonpath
        && !plan.config.environment.iter().any(|(name, _)| name.as_str().eq_ignore_ascii_case("PYTHONPATH"))
    {
        // The forward slash is right on Windows too.
        application.environment.push(("PYTHONPATH".to_owned(), format!("%APPL_PHYSICAL_PATH%/{folder}")));
    }
    application
}

/// The application as one argument on the server. IIS starts processes in a folder of its own, so that files are named
/// by their whole path; it may have blanks, hence the quotes.
fn installed_target(target: &str) -> String {
    const HERE: &str = "%APPL_PHYSICAL_PATH%/";
    let (file, name) = target.rsplit_once(':').unwrap_or((target, ""));
    if let Some(file) = target.strip_prefix("paste:") {
        return if is_absolute(file) {
            web_config::quote_argument(target)
        } else {
            format!("\"paste:{HERE}{file}\"")
        };
    }
    let is_file =
        [file, target].iter().any(|path| path.to_lowercase().ends_with(".py") || path.contains(['/', '\\']));
    if !is_file || is_absolute(target) {
        return web_config::quote_argument(target);
    }
    let (file, name) = if name.is_empty() { (target, String::new()) } else { (file, format!(":{name}")) };
    format!("\"{HERE}{}{name}\"", file.replace('\\', "/"))
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\', '%']) || path.as_bytes().get(1) == Some(&b':')
}

/// Reads the project's own web.config or template and tells what is wrong with it.
fn check_own(
    plan: &PackagePlan,
    name: &str,
    template: bool,
    observer: &dyn Observer,
) -> Result<web_config::WebConfig, AnyFailure> {
    let path = plan.root().join(name);
    let document =
        Document::parse_bytes(&read(&path)?).map_err(|source| Error::Xml { path: path.clone(), source })?;
    let read = if template { web_config::WebConfig::read_template } else { web_config::WebConfig::read };
    let (config, findings) =
        read(&document).map_err(|source| Error::WebConfig { path: path.clone(), source })?;
    report(&findings, &path, observer);
    no_errors(&path, &findings)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_whole_path_on_the_server() {
        assert_eq!(installed_target("wsgi:application"), "wsgi:application");
        assert_eq!(installed_target("site.wsgi:application"), "site.wsgi:application");
        assert_eq!(
            installed_target("paste:production.ini#main"),
            "\"paste:%APPL_PHYSICAL_PATH%/production.ini#main\""
        );
        assert_eq!(installed_target("web\\app.py:make()"), "\"%APPL_PHYSICAL_PATH%/web/app.py:make()\"");
        assert_eq!(installed_target("app.py"), "\"%APPL_PHYSICAL_PATH%/app.py\"");
        assert_eq!(installed_target(r"C:\app.py"), r"C:\app.py");
    }

    #[test]
    fn a_gateway_of_this_machine_is_the_published_one_on_a_server() {
        let published = concat!("iiswsgi==", env!("CARGO_PKG_VERSION"));
        for local in [".", "/src/iiswsgi/.", "..\\iiswsgi", "iiswsgi-0.1.0-cp39-abi3-win_amd64.whl"] {
            assert_eq!(published_gateway(local), published, "{local}");
        }
        assert_eq!(published_gateway("iiswsgi>=1,<2"), "iiswsgi>=1,<2");
    }
}
