//! The two shapes of a package: the gallery's (`Manifest.xml`, `Parameters.xml`, the application's folder) and the
//! archive's (`archive.xml`, `parameters.xml`, `systemInfo.xml`, `Content/…`) that `msdeploy -dest:package` writes and that
//! Azure Pipelines insists on.
//!
//! [`from_gallery`] makes the second shape of the first; [`Contents`] finds in either which files belong to which
//! application. The zip itself is in [`super::archive`], what the providers mean in [`super::manifest`].
//!
//! Sources: packages that Web Deploy and Visual Studio wrote (two whole ones and the `archive.xml` of more). A package that
//! Web Deploy makes on a machine names that machine and its folders; here all such values are fixed.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{Application, Contents};
pub use write::{Description, from_gallery};

use crate::error::{ExitCode, Failure};

use super::{archive, manifest};

/// Which shape a package has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// `Manifest.xml` and folders, as the Web Application Gallery wants them.
    Gallery,
    /// `archive.xml` and `Content/`, as Web Deploy writes them.
    Archive,
}

/// Where Web Deploy keeps the files of a provider inside an archive: its path below `Content`, the colon of a drive as
/// `_C`.
pub fn content_root(path: &str) -> String {
    let path = path.replace(':', "_C").replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("Content/{}", parts.join("/"))
}

/// Why a package cannot be brought into a shape, or has none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The archive format has no known form for a provider.
    #[error("the archive format has no place for the provider `{provider}` of `{path}`")]
    Provider {
        /// The provider.
        provider: String,
        /// Its path.
        path: String,
    },
    /// A file belongs to no provider.
    #[error("the archive format has no place for `{name}`: no provider of the manifest has it")]
    Homeless {
        /// The entry.
        name: String,
    },
    /// A provider wants a folder that is not there.
    #[error("the package has no folder `{path}`, which the provider `{provider}` names")]
    NoFolder {
        /// The provider.
        provider: String,
        /// Its path.
        path: String,
    },
    /// The parameters are no XML.
    #[error("`{name}` is not well-formed XML")]
    Xml {
        /// The file in the package.
        name: String,
        /// Why.
        source: crate::xml::Error,
    },
    /// The manifest in the package cannot be read.
    #[error("`{name}` in the package cannot be read")]
    Manifest {
        /// The file in the package.
        name: String,
        /// Why.
        source: manifest::Error,
    },
    /// The archive has neither manifest.
    #[error("the archive is no Web Deploy package: it has neither `Manifest.xml` nor `archive.xml`")]
    NoManifest,
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] archive::Error),
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Provider { .. } | Self::Homeless { .. } => {
                "Use the gallery format, which is the default, or leave this out.".into()
            }
            Self::NoFolder { .. } => "The path of the provider must be a folder of the package.".into(),
            Self::Xml { .. } | Self::Manifest { .. } => {
                "Correct the file and build the package again.".into()
            }
            Self::NoManifest => "A package has one of them at the root of the zip, not in a folder.".into(),
            Self::Archive(error) => return error.hint(),
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Archive(error) => error.exit_code(),
            _ => ExitCode::Usage,
        }
    }
}
