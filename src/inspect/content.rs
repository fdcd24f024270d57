//! The plain types of what an inspection found.

use serde::Serialize;

use crate::feed::Feed;
use crate::iis::FastCgiApplication;
use crate::iis::application_host::ApplicationHost;
use crate::package::archive_format::Shape;
use crate::package::bootstrap::Bootstrap;
use crate::package::manifest::{Manifest, Provider};
use crate::package::options::ProviderOptions;
use crate::package::parameters::{Parameters, SetParameters};
use crate::package::web_config::WebConfig;

/// What is in a file, by its kind.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Of a package.
    Package(Box<PackageContent>),
    /// Of a manifest or archive manifest.
    Manifest(ManifestContent),
    /// Of parameters.
    Parameters(Parameters),
    /// Of a set parameters file.
    SetParameters(SetParametersContent),
    /// Of a system description.
    SystemInfo(SystemInfoContent),
    /// Of a `web.config`.
    WebConfig(WebConfig),
    /// Of an `applicationHost.config`.
    ApplicationHost(ApplicationHostContent),
    /// Of a feed.
    Feed(Box<Feed>),
    /// Of an options blob.
    Options(OptionsContent),
    /// Of a bootstrap description.
    Bootstrap(Box<Bootstrap>),
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Pair {
    /// Pairs of a list.
    pub(super) fn list(pairs: &[(String, String)]) -> Vec<Self> {
        pairs.iter().map(|(name, value)| Self { name: name.clone(), value: value.clone() }).collect()
    }
}

/// What is in a package.
#[derive(Debug, Clone, Serialize)]
pub struct PackageContent {
    /// Its shape.
    pub shape: Shape,
    /// The name of the manifest in it.
    pub manifest_name: String,
    /// The manifest.
    pub manifest: ManifestContent,
    /// The parameters, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
    /// The machine that made it, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_info: Option<SystemInfoContent>,
    /// The folders of its applications.
    pub applications: Vec<PackageFolder>,
    /// The `web.config` of each application that has one.
    pub web_configs: Vec<WebConfigFile>,
    /// What our own bootstrap is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Bootstrap>,
    /// The size of all files, unpacked, in bytes.
    pub unpacked: u64,
    /// All entries in the order of the archive.
    pub entries: Vec<PackageEntry>,
}

/// The folder of an application in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageFolder {
    /// The path of its provider.
    pub path: String,
    /// The folder in the archive.
    pub root: String,
    /// The number of its files.
    pub files: usize,
    /// Their size, unpacked, in bytes.
    pub size: u64,
}

/// An entry of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Its size in bytes.
    pub size: u64,
    /// Its size in the archive in bytes.
    pub packed: u64,
}

/// A `web.config` in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebConfigFile {
    /// Its name in the archive.
    pub file: String,
    /// What it says about FastCGI.
    pub config: WebConfig,
}

/// What is in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestContent {
    /// The name of the root element.
    pub root: String,
    /// The providers in the order in which they run.
    pub providers: Vec<ProviderContent>,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderContent {
    /// Its name as written.
    pub provider: String,
    /// Its path as written.
    pub path: String,
    /// The settings that are in force: those of the options when there are options, else the plain attributes.
    pub settings: Vec<Pair>,
    /// What `MSDeploy.MSDeployProviderOptions` holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<OptionsContent>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
}

/// What is in provider options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionsContent {
    /// The provider.
    pub provider: String,
    /// Its path.
    pub path: String,
    /// Its settings.
    pub settings: Vec<Pair>,
}

/// What is in a set parameters file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetParametersContent {
    /// Names of parameters and their values.
    pub values: Vec<Pair>,
}

/// What is in a `systemInfo.xml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SystemInfoContent {
    /// The attributes of its root, as `osVersion` and `machineName`.
    pub attributes: Vec<Pair>,
}

/// What is in an `applicationHost.config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationHostContent {
    /// The sites.
    pub sites: Vec<SiteContent>,
    /// The FastCGI applications.
    pub fast_cgi: Vec<FastCgiApplication>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteContent {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: u32,
    /// The paths of its applications and their folders.
    pub applications: Vec<Pair>,
}

impl From<&Manifest> for ManifestContent {
    fn from(manifest: &Manifest) -> Self {
        Self { root: manifest.root.clone(), providers: manifest.providers.iter().map(Into::into).collect() }
    }
}

impl From<&Provider> for ProviderContent {
    fn from(provider: &Provider) -> Self {
        Self {
            provider: provider.name.clone(),
            path: provider.path.clone(),
            settings: Pair::list(&provider.settings),
            options: provider.options.as_ref().map(Into::into),
            line: provider.line,
            column: provider.column,
        }
    }
}

impl From<&ProviderOptions> for OptionsContent {
    fn from(options: &ProviderOptions) -> Self {
        let settings = Pair::list(&options.settings);
        Self { provider: options.provider.clone(), path: options.path.clone(), settings }
    }
}

impl From<&SetParameters> for SetParametersContent {
    fn from(parameters: &SetParameters) -> Self {
        Self { values: Pair::list(&parameters.values) }
    }
}

impl From<&ApplicationHost> for ApplicationHostContent {
    fn from(host: &ApplicationHost) -> Self {
        let sites = host.sites().into_iter().map(|site| SiteContent {
            applications: site
                .applications
                .iter()
                .map(|application| Pair {
                    name: application.path.clone(),
                    value: application.physical_path().unwrap_or_default().to_owned(),
                })
                .collect(),
            name: site.name,
            id: site.id,
        });
        Self { sites: sites.collect(), fast_cgi: host.fastcgi_applications() }
    }
}
