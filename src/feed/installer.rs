//! The plain types of what an entry needs, how it is found, and how it is installed.

use serde::Serialize;

/// What must be installed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dependency {
    /// One product.
    Product(String),
    /// What the feed keeps under an id (`idref`).
    Reference(String),
    /// All of these.
    And(Vec<Dependency>),
    /// One of these.
    Or(Vec<Dependency>),
}

impl Dependency {
    /// All products of a list. None for an empty one.
    pub fn all_of<'a>(product_ids: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let all: Vec<_> = product_ids.into_iter().map(|id| Self::Product(id.to_owned())).collect();
        (!all.is_empty()).then_some(Self::And(all))
    }
}

/// How WebPI finds out that something is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscoveryHint {
    /// A file, variables allowed, of at least a version.
    File {
        /// Its path.
        path: String,
        /// Its lowest version.
        #[serde(skip_serializing_if = "Option::is_none")]
        minimum_version: Option<String>,
    },
    /// A key of the registry, a value in it, and the data of that value.
    Registry {
        /// The key.
        key: String,
        /// The name of the value.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its data.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
    /// The product code of an MSI.
    MsiProductCode(String),
    /// All of these.
    And(Vec<DiscoveryHint>),
    /// One of these.
    Or(Vec<DiscoveryHint>),
}

/// How an entry is installed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Installer {
    /// Its id, unique in the entry.
    pub id: String,
    /// The language of what it installs.
    pub language: String,
    /// The id of the systems it is for (`osList@idref`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_list: Option<String>,
    /// The architectures it is for, as `x64`. None: all.
    pub architectures: Vec<String>,
    /// The licence that the user has to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eula_url: Option<String>,
    /// What is downloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<InstallerFile>,
    /// What is run.
    pub commands: Vec<InstallCommand>,
    /// The component of IIS that is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iis_component: Option<String>,
    /// Where the logs are.
    pub log_files: Vec<String>,
    /// The file is a Web Deploy package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms_deploy: Option<MsDeploy>,
    /// Where help is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_link: Option<String>,
}

/// A file that WebPI downloads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct InstallerFile {
    /// The size in KB (1,024 bytes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// An address that counts downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// The address.
    pub url: String,
    /// The page that is shown to users as the origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_url: Option<String>,
    /// The SHA-1 in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
}

impl InstallerFile {
    /// Bytes in the unit of `fileSize`: KB, rounded up, at least 1.
    pub fn kilobytes(bytes: u64) -> u64 {
        bytes.div_ceil(1024).max(1)
    }
}

/// The file is a Web Deploy package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct MsDeploy {
    /// The page that is opened after the installation, relative to the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_page: Option<String>,
}

/// A step of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstallCommand {
    /// A program.
    CommandLine {
        /// The program, variables allowed.
        executable: String,
        /// Its arguments.
        arguments: String,
        /// Whether its exit code means nothing.
        ignore_exit_code: bool,
    },
    /// A Windows Installer package.
    Msi {
        /// The package.
        file: String,
        /// Its properties or arguments.
        properties: String,
    },
    /// A Windows update.
    Msu {
        /// The update.
        file: String,
        /// Its arguments.
        arguments: String,
    },
    /// An archive.
    Unzip {
        /// The archive.
        file: String,
        /// Where it is unpacked to.
        target: String,
    },
}
