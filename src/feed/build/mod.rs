//! Entries from what a build knows: packages become applications, Python distributions become products.

use std::collections::{HashMap, HashSet};

use super::{
    Dependency, DiscoveryHint, Entry, EntryKind, Feed, InstallCommand, Installer, InstallerFile, Keyword,
    Language, MsDeploy, Person, Resources, Text, Timestamp,
};
use crate::uri::percent_encode;

/// What applications and products have in common. Texts that are empty count as not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The name of the distribution; becomes the product id.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The title; the name when not given.
    pub title: Option<String>,
    /// One line about it.
    pub summary: Option<String>,
    /// All about it.
    pub description: Option<String>,
    /// Its home page.
    pub url: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The author's page.
    pub author_url: Option<String>,
    /// The licence, which the user has to accept.
    pub license_url: Option<String>,
    /// Where help is; the home page when not given.
    pub help_url: Option<String>,
    /// An icon.
    pub icon_url: Option<String>,
    /// A screenshot.
    pub screenshot_url: Option<String>,
    /// Keywords, one each: see [`split_keywords`].
    pub keywords: Vec<String>,
    /// When it first appeared; the feed's time when not given.
    pub published: Option<Timestamp>,
    /// Ids of products that must be there first, beside those of [`Options`].
    pub dependencies: Vec<String>,
    /// Ids of products that go well with it.
    pub related: Vec<String>,
}

/// The file of a Web Deploy package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageFile {
    /// Its address, see [`super::url::expand`].
    pub url: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-1 in 40 hexadecimal digits.
    pub sha1: String,
}

/// A Web Deploy package as it is put into a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Application {
    /// What it is.
    pub about: About,
    /// Its package.
    pub file: PackageFile,
    /// The page that is shown as the origin; the home page when not given.
    pub display_url: Option<String>,
    /// The languages it comes in; the first of [`Options`] when empty. Each gets an installer.
    pub languages: Vec<String>,
    /// The page that is opened after the installation, relative to the application.
    pub start_page: Option<String>,
}

/// A Python distribution that WebPI installs with pip (`webpi_eggs` of the original).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PythonProduct {
    /// What it is.
    pub about: About,
    /// A file that is there when it is installed; the distribution's metadata when not given.
    pub discovery_file: Option<String>,
}

/// What all entries of a feed share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The id of the feed; ids of entries without a home page begin with it.
    pub feed_id: String,
    /// Ids of products that every application needs. The original's were `WDeploy`, `Python27` and `iiswsgi`; our
    /// packages bring their gateway along, so Web Deploy alone remains.
    pub application_dependencies: Vec<String>,
    /// Ids of products that every Python product needs. The original's were `Python27`, `PythonDetectInstalls` and
    /// `PyPI`, which no feed offers any more.
    pub product_dependencies: Vec<String>,
    /// The program that runs pip, variables of Windows allowed.
    pub pip_executable: String,
    /// Its arguments before pip's own command.
    pub pip_arguments: String,
    /// The folder in which the target's distributions are found, variables of Windows allowed.
    pub site_packages: String,
    /// The languages of the feed; the first is the default.
    pub languages: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            feed_id: String::new(),
            application_dependencies: vec!["WDeploy".into()],
            product_dependencies: Vec::new(),
            pip_executable: r"%SystemRoot%\py.exe".into(),
            pip_arguments: "-3 -m pip".into(),
            site_packages: r"%ProgramFiles%\Python313\Lib\site-packages".into(),
            languages: vec!["en".into()],
        }
    }
}

impl Application {
    /// Its entry.
    pub fn entry(&self, options: &Options) -> Entry {
        let about = &self.about;
        let mut entry = about.entry(EntryKind::Application, "Applications", options);
        entry.dependency = about.needs(&options.application_dependencies);
        let file = InstallerFile {
            size: Some(InstallerFile::kilobytes(self.file.size)),
            tracking_url: None,
            url: self.file.url.clone(),
            display_url: given(self.display_url.as_ref()).or_else(|| given(about.url.as_ref())),
            sha1: Some(self.file.sha1.to_ascii_lowercase()).filter(|sha1| !sha1.is_empty()),
        };
        let languages = if self.languages.is_empty() { options.default_language() } else { &self.languages };
        entry.installers = languages
            .iter()
            .enumerate()
            .map(|(at, language)| Installer {
                file: Some(file.clone()),
                log_files: vec![log_file(&about.name)],
                ms_deploy: Some(MsDeploy { start_page: self.start_page.clone() }),
                ..about.installer(at, language)
            })
            .collect();
        entry
    }
}

impl PythonProduct {
    /// Its entry. It has a command and no `msDeploy`: the original had both, and WebPI then looks for a package.
    pub fn entry(&self, options: &Options) -> Entry {
        let about = &self.about;
        let mut entry = about.entry(EntryKind::Product, "Python", options);
        entry.dependency = about.needs(&options.product_dependencies);
        let path = given(self.discovery_file.as_ref()).unwrap_or_else(|| about.installed_file(options));
        entry.discovery = Some(DiscoveryHint::File { path, minimum_version: None });
        let log = log_file(&about.name);
        let command = InstallCommand::CommandLine {
            executable: options.pip_executable.clone(),
            arguments: format!("{} install --log \"{log}\" {}", options.pip_arguments, about.requirement()),
            ignore_exit_code: false,
        };
        entry.installers = options
            .default_language()
            .iter()
            .enumerate()
            .map(|(at, language)| Installer {
                commands: vec![command.clone()],
                log_files: vec![log.clone()],
                ..about.installer(at, language)
            })
            .collect();
        entry
    }
}

impl Options {
    fn default_language(&self) -> &[String] {
        &self.languages[..self.languages.len().min(1)]
    }
}

impl About {
    fn entry(&self, kind: EntryKind, family: &str, options: &Options) -> Entry {
        let name = self.name.as_str();
        let named = |text: String, part: &str| Text::named(text, format!("Entry_{name}_{part}"));
        let mut entry = Entry::new(kind, name, &self.version);
        let url = given(self.url.as_ref());
        // Two packages of one project have one home page, and ids must differ (RFC 4287, 4.2.6).
        entry.id = format!("{}#{}", url.as_deref().unwrap_or(&options.feed_id), percent_encode(name, ""));
        entry.title = named(given(self.title.as_ref()).unwrap_or_else(|| name.to_owned()), "Title");
        entry.summary = given(self.summary.as_ref()).map(|text| named(text, "Summary"));
        entry.long_summary = given(self.description.as_ref()).map(|text| named(text, "LongSummary"));
        entry.published.clone_from(&self.published);
        entry.link = url;
        entry.author = given(self.author.as_ref())
            .map(|author| Person { name: author, uri: given(self.author_url.as_ref()) });
        entry.icon = given(self.icon_url.as_ref());
        entry.screenshots = given(self.screenshot_url.as_ref()).into_iter().collect();
        entry.keywords = distinct(&self.keywords);
        entry.framework_family = Some(Text::named("Python", "Python"));
        entry.product_family = Some(Text::named(family, family));
        entry.related = distinct(&self.related);
        entry
    }

    fn installer(&self, at: usize, language: &str) -> Installer {
        Installer {
            id: (at + 1).to_string(),
            language: language.to_owned(),
            eula_url: given(self.license_url.as_ref()),
            help_link: given(self.help_url.as_ref()).or_else(|| given(self.url.as_ref())),
            ..Installer::default()
        }
    }

    fn needs(&self, always: &[String]) -> Option<Dependency> {
        let all: Vec<String> = always.iter().chain(&self.dependencies).cloned().collect();
        let all = distinct(&all);
        Dependency::all_of(all.iter().map(String::as_str).filter(|id| !id.eq_ignore_ascii_case(&self.name)))
    }

    /// What pip is asked for. A name or version that is none (PEP 508, PEP 440) cannot smuggle in an argument.
    fn requirement(&self) -> String {
        let clean = |text: &str| -> String {
            text.chars().filter(|c| c.is_ascii_alphanumeric() || "._-+!".contains(*c)).collect()
        };
        let (name, version) = (clean(&self.name), clean(&self.version));
        let name = name.trim_start_matches('-');
        if version.is_empty() { name.to_owned() } else { format!("{name}=={version}") }
    }

    /// A file of an installed distribution: its metadata (PEP 376, binary distribution format). Without a version that
    /// file's name is not known, and the package that most distributions have under their own name stands in.
    fn installed_file(&self, options: &Options) -> String {
        let parts: Vec<&str> = self.name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
        let (folder, name) = (options.site_packages.trim_end_matches('\\'), parts.join("_"));
        if self.version.is_empty() {
            return format!("{folder}\\{}\\__init__.py", name.to_lowercase());
        }
        format!("{folder}\\{name}-{}.dist-info\\METADATA", self.version.replace('-', "_"))
    }
}

impl Feed {
    /// Lists every keyword and language that the entries name and the feed does not. Keywords that differ only in case
    /// become one, as the feed or the first entry writes it.
    pub fn complete_lists(&mut self) {
        let mut words: HashMap<String, String> =
            self.keywords.iter().map(|word| (word.id.to_lowercase(), word.id.clone())).collect();
        let mut cultures: HashSet<String> =
            self.languages.iter().map(|l| l.id.to_ascii_lowercase()).collect();
        for entry in &mut self.entries {
            for keyword in &mut entry.keywords {
                if let Some(known) = words.get(&keyword.to_lowercase()) {
                    keyword.clone_from(known);
                    continue;
                }
                words.insert(keyword.to_lowercase(), keyword.clone());
                self.keywords.push(keyword_of(keyword));
            }
            for installer in &entry.installers {
                let id = &installer.language;
                if !id.is_empty() && cultures.insert(id.to_ascii_lowercase()) {
                    self.languages.push(Language::new(id, self.languages.is_empty()));
                    self.resources.push(Resources { culture: id.clone(), url: None });
                }
            }
        }
    }
}

fn keyword_of(id: &str) -> Keyword {
    let resource = id.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>();
    Keyword { id: id.to_owned(), name: Text::named(id, format!("Keyword_{resource}")) }
}

/// The keywords of a text. With a comma or semicolon in it these separate them, otherwise blanks do, as both ways are
/// in use (the metadata specification has commas, older projects have blanks).
pub fn split_keywords(text: &str) -> Vec<String> {
    let words: Vec<String> = if text.contains([',', ';']) {
        text.split([',', ';']).map(|word| word.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    } else {
        text.split_whitespace().map(str::to_owned).collect()
    };
    distinct(&words)
}

/// The texts without empty ones and without repetitions, upper and lower case alike.
fn distinct(texts: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    texts
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty() && seen.insert(text.to_lowercase()))
        .map(str::to_owned)
        .collect()
}

fn given(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn log_file(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_control() || "<>:\"/\\|?*%".contains(c) { '_' } else { c }).collect();
    format!("%TMP%\\{name}.log")
}

#[cfg(test)]
mod tests;
