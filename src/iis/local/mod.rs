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
        }
    }

    fn location(&self) -> Option<Location> {
        match self {
            Self::Configuration { path, .. } => Some(Location::file(path)),
            Self::Files(error) => error.location(),
            _ => None,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoIis { .. } => ExitCode::MissingTool,
            Self::Appcmd(error) => error.exit_code(),
            Self::Files(error) => error.exit_code(),
            Self::Configuration { .. } => ExitCode::Usage,
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

/// Reads a configuration file.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<ApplicationHost, Error> {
    let text = files::read_text(path)?;
    ApplicationHost::parse(text).map_err(|source| Error::Configuration { path: path.to_owned(), source })
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
}
