//! The IIS of this machine: its configuration, applications set up in it and taken away again, rights of their pools.
//!
//! The configuration is asked from `appcmd.exe`, or read from its file.
//!
//! `appcmd.exe` is asked first, since it knows what was changed a moment ago and follows a shared configuration. Where it
//! is missing or refuses, `applicationHost.config` itself is read: that shows sites, applications and virtual directories as
//! well, and needs an administrator just as much on a real server, where the file is readable for administrators only.

pub mod acl;
mod environment;
mod record;
mod setup;
mod uninstall;

use std::path::{Path, PathBuf};

pub use record::{Record, Records};
pub use setup::Server;
pub use uninstall::Error as UninstallError;

use super::appcmd::{self, Appcmd, Flavour};
use super::application_host::{self, ApplicationHost};
use crate::error::{ExitCode, Failure, Location};
use crate::event::{Observer, Severity};
use crate::files;
use crate::process::Runner;
use crate::template::{Escape, Variables, expand};
use crate::xml::Document;

/// Where the configuration was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `appcmd.exe` told it.
    Appcmd(PathBuf),
    /// It was read from the file.
    File(PathBuf),
}

/// Why there is no configuration to look into.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no IIS, as far as can be seen.
    #[error("no IIS is here: neither `appcmd.exe` nor `applicationHost.config` is in the folders of Windows")]
    NoIis {
        /// The places that were looked at.
        looked: Vec<PathBuf>,
    },
    /// `appcmd.exe` refuses, and there is no file that could be read instead.
    #[error(transparent)]
    Appcmd(#[from] appcmd::Error),
    /// The file cannot be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The file is no configuration.
    #[error("cannot read IIS's configuration `{}`", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// Why.
        source: application_host::Error,
    },
    /// What is to be changed stands in another file.
    #[error("`{}` keeps its FastCGI applications in another file, `{other}`", path.display())]
    Elsewhere {
        /// The file.
        path: PathBuf,
        /// The other, as written.
        other: String,
    },
}

impl Error {
    /// There is no IIS on a machine with these variables.
    pub fn no_iis(variables: &Variables) -> Self {
        let places = appcmd::places(Flavour::Iis, variables).into_iter();
        Self::NoIis { looked: places.chain(configuration_file(variables)).collect() }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoIis { looked } => {
                let places: Vec<String> = looked.iter().map(|path| format!("`{}`", path.display())).collect();
                let places = if places.is_empty() {
                    String::new()
                } else {
                    format!(" Looked at {}.", places.join(", "))
                };
                Some(format!("Enable IIS, or name its configuration with `--application-host`.{places}"))
            }
            Self::Appcmd(error) => error.hint(),
            Self::Files(error) => error.hint().or_else(|| {
                Some("IIS's configuration can be read by administrators only: use an elevated prompt.".into())
            }),
            Self::Configuration { .. } => None,
            Self::Elsewhere { .. } => {
                Some("Let `appcmd.exe` register: leave `--application-host` out on the server itself.".into())
            }
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Configuration { path, .. } | Self::Elsewhere { path, .. } => Some(Location::file(path)),
            Self::Files(error) => error.location(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoIis { .. } => ExitCode::MissingTool,
            Self::Appcmd(error) => error.exit_code(),
            Self::Files(error) => error.exit_code(),
            Self::Configuration { .. } | Self::Elsewhere { .. } => ExitCode::Usage,
        }
    }
}

/// The file that IIS keeps its configuration in; none where no folder of Windows is known. A farm of servers shares one, and
/// `redirection.config` says where that lies.
pub fn configuration_file(variables: &Variables) -> Option<PathBuf> {
    let windir = variables.get("windir").or_else(|| variables.get("SystemRoot"))?;
    let own = appcmd::configuration_of_iis(windir);
    Some(redirected(&own, variables).unwrap_or(own))
}

fn redirected(own: &Path, variables: &Variables) -> Option<PathBuf> {
    let bytes = files::read(&own.with_file_name("redirection.config")).ok()?;
    let document = Document::parse_bytes(&bytes).ok()?;
    let section = document.root().child("configurationRedirection")?;
    let folder = section.attribute("path").filter(|path| !path.trim().is_empty())?;
    let is_on = section.attribute("enabled").is_some_and(|enabled| enabled.eq_ignore_ascii_case("true"));
    let folder = expand(folder, variables, Escape::Plain).text;
    is_on.then(|| Path::new(&folder).join("applicationHost.config"))
}

/// The sites of the IIS of this machine, and where they were found. FastCGI applications are in it when it is the file.
///
/// # Errors
/// There is no IIS, or neither way leads to its configuration.
pub fn sites(
    variables: &Variables,
    runner: &dyn Runner,
    observer: &dyn Observer,
) -> Result<(ApplicationHost, Source), Error> {
    let refused = match appcmd::locate(Flavour::Iis, variables) {
        Some(program) => match Appcmd::new(&program, runner).sites() {
            Ok(host) => return Ok((host, Source::Appcmd(program))),
            Err(error) => Some(error),
        },
        None => None,
    };
    let file = configuration_file(variables).filter(|path| path.is_file());
    match (file, refused) {
        (Some(path), refused) => match (read(&path), refused) {
            (Ok(host), refused) => {
                if let Some(error) = refused {
                    let text = format!("{error}; `{}` is read instead.", path.display());
                    observer.message(Severity::Warning, &text);
                }
                Ok((host, Source::File(path)))
            }
            (Err(_), Some(refused)) => Err(refused.into()),
            (Err(error), None) => Err(error),
        },
        (None, Some(refused)) => Err(refused.into()),
        (None, None) => Err(Error::no_iis(variables)),
    }
}

/// Reads a configuration file, with the sections that it keeps in files of their own (`configSource`).
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<ApplicationHost, Error> {
    let broken = |source| Error::Configuration { path: path.to_owned(), source };
    let mut text = files::read_text(path)?;
    let document = Document::parse(text.as_str()).map_err(|error| broken(error.into()))?;
    let elsewhere = document.root().descendants().filter_map(|element| {
        let file = files::folder_of(path).join(element.attribute("configSource")?.replace('\\', "/"));
        let own = Document::parse_bytes(&files::read(&file).ok()?).ok()?;
        let section = own.root();
        section.is(element.name()).then(|| (element.span(), own.text()[section.span()].to_owned()))
    });
    let elsewhere: Vec<_> = elsewhere.collect();
    for (span, section) in elsewhere.into_iter().rev() {
        text.replace_range(span, &section);
    }
    ApplicationHost::parse(text).map_err(broken)
}

/// Reads a configuration file to change it: as it is, without what it keeps elsewhere.
///
/// # Errors
/// It cannot be read, is none, or keeps its FastCGI applications in another file.
pub fn read_to_change(path: &Path) -> Result<ApplicationHost, Error> {
    let host = ApplicationHost::parse(files::read_text(path)?)
        .map_err(|source| Error::Configuration { path: path.to_owned(), source })?;
    match host.fastcgi_source() {
        Some(source) => Err(Error::Elsewhere { path: path.to_owned(), other: source.to_owned() }),
        None => Ok(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_configuration_is_found_where_it_is() {
        let windows = tempfile::tempdir().unwrap();
        let variables: Variables =
            [("windir", windows.path().to_string_lossy()), ("SHARE", "/share".into())].into_iter().collect();
        let own = appcmd::configuration_of_iis(&windows.path().to_string_lossy());
        let write = |section: &str| {
            std::fs::create_dir_all(own.parent().unwrap()).unwrap();
            let text = format!("<configuration>{section}</configuration>");
            std::fs::write(own.with_file_name("redirection.config"), text).unwrap();
            configuration_file(&variables).unwrap()
        };
        assert_eq!(configuration_file(&variables).unwrap(), own);
        assert_eq!(write("<configurationRedirection />"), own);
        assert_eq!(write("<configurationRedirection enabled='false' path='/x' />"), own);
        let shared = write("<configurationRedirection enabled='true' path='%SHARE%/iis' />");
        assert_eq!(shared, Path::new("/share/iis").join("applicationHost.config"));
    }

    #[test]
    fn sections_in_files_of_their_own_are_read_with_it_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.config");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "host.config",
            "<configuration><system.applicationHost><sites configSource=\"more\\sites.config\"/></system.applicationHost>\
             <system.webServer><fastCgi configSource='fastcgi.config' /></system.webServer></configuration>",
        );
        std::fs::create_dir(folder.path().join("more")).unwrap();
        write("more/sites.config", "<?xml version='1.0'?>\n<sites><site name='Shop' id='1'/></sites>");
        write("fastcgi.config", "<fastCgi><application fullPath='a.exe'/></fastCgi>");
        let host = read(&path).unwrap();
        assert_eq!(host.sites()[0].name, "Shop");
        assert_eq!(host.fastcgi_applications()[0].full_path, "a.exe");
        assert!(matches!(read_to_change(&path), Err(Error::Elsewhere { .. })));
        write("fastcgi.config", "<broken>");
        assert!(read(&path).unwrap().fastcgi_applications().is_empty());
    }
}
