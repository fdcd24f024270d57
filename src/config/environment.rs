//! The environment: every variable that iiswsgi reads, declared once, and the values of one run.
//!
//! `main` reads the environment once and hands it on; tests make one by hand. Nothing else asks the system.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// A variable that iiswsgi reads and what it is for. `docs/configuration.md` has the same list; a test compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, as a full sentence.
    pub doc: &'static str,
}

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = stringify!($name);)*

        /// All of them, beside those that belong to a key of the configuration ([`setting_names`]).
        pub const VARIABLES: &[Variable] =
            &[$(Variable { name: stringify!($name), doc: concat!($($doc, "\n",)+) },)*];
    };
}

variables! {
    /// The configuration file, as `--config`.
    IISWSGI_CONFIG
    /// Where built gateways and downloads are kept. Default: `iiswsgi` in the system's cache folder.
    IISWSGI_CACHE
    /// The time of every file in packages and feeds, in seconds since 1970, for builds that give the same bytes.
    SOURCE_DATE_EPOCH
    /// Set to anything: no colours on the terminal.
    NO_COLOR
    /// Set to anything but `0`: colours even where there is no terminal.
    CLICOLOR_FORCE
    /// As `CLICOLOR_FORCE`.
    FORCE_COLOR
    /// `dumb`: a terminal without colours and without progress bars.
    TERM
    /// Set by every CI service: plain lines, no progress bars.
    CI
    /// `true` on GitHub Actions: annotations, groups, step summary and outputs.
    GITHUB_ACTIONS
    /// The file that GitHub Actions reads the outputs of a step from.
    GITHUB_OUTPUT
    /// The file that GitHub Actions reads the summary of a step from.
    GITHUB_STEP_SUMMARY
    /// The folder of the checkout on GitHub Actions; annotations name files below it.
    GITHUB_WORKSPACE
    /// `OWNER/NAME` on GitHub Actions; `{repository}` in the feed's URL template.
    GITHUB_REPOSITORY
    /// The branch or tag of the run on GitHub Actions; `{tag}` in the feed's URL template.
    GITHUB_REF_NAME
    /// `tag` or `branch` on GitHub Actions.
    GITHUB_REF_TYPE
    /// The number of the run on GitHub Actions, which plans carry.
    GITHUB_RUN_ID
    /// The number of the attempt of the run on GitHub Actions.
    GITHUB_RUN_ATTEMPT
    /// The commit of the run on GitHub Actions.
    GITHUB_SHA
    /// The address of GitHub; `https://github.com` unless it is an enterprise server.
    GITHUB_SERVER_URL
    /// The address of GitHub's API; `https://api.github.com` unless it is an enterprise server.
    GITHUB_API_URL
    /// The token that releases on GitHub are made with.
    GITHUB_TOKEN
    /// The same, when `GITHUB_TOKEN` is not set.
    GH_TOKEN
    /// The token for the package index.
    IISWSGI_PYPI_TOKEN
    /// The password for the package index, where it takes no tokens.
    IISWSGI_PYPI_PASSWORD
    /// Where a job on GitHub Actions may ask for a token about itself, for Trusted Publishing.
    ACTIONS_ID_TOKEN_REQUEST_URL
    /// What it has to show there.
    ACTIONS_ID_TOKEN_REQUEST_TOKEN
    /// `1` when a GitHub Actions run was started again with debug logging: as `-v`.
    RUNNER_DEBUG
    /// Where programs are looked for.
    PATH
    /// The endings of programs on Windows.
    PATHEXT
    /// The user's folder.
    HOME
    /// The user's cache folder on Linux and other Unix systems.
    XDG_CACHE_HOME
    /// The user's local data on Windows: the cache, and the WebPI cache that `clean` empties.
    LOCALAPPDATA
    /// The user's folder on Windows.
    USERPROFILE
    /// The application's folder, which Web Deploy and IIS tell the bootstrap and the gateway.
    APPL_PHYSICAL_PATH
    /// The folder of Windows, below which appcmd.exe lies.
    WINDIR
    /// The folder of programs on Windows, below which msdeploy.exe lies.
    PROGRAMFILES
    /// The folder of IIS's or IIS Express's programs.
    IIS_BIN
    /// The folder of msdeploy.exe, where it is not in the usual place.
    MSDEPLOYPATH
    /// The folder of programs' data on Windows, where notes about installed applications are kept.
    PROGRAMDATA
    /// The password of the user that `deploy` names.
    IISWSGI_DEPLOY_PASSWORD
    /// The virtual environment that is active, whose Python is preferred.
    VIRTUAL_ENV
    /// The name of the application pool, in the processes that IIS starts: `serve` writes errors into the log then.
    APP_POOL_ID
    /// The pipe that IIS hands over, in the processes that it starts: as `APP_POOL_ID`.
    _FCGI_X_PIPE_
    /// The user's folder of IIS Express, the first place for the log of `serve`.
    IIS_USER_HOME
    /// The site of IIS Express, in whose folder that log is.
    IISEXPRESS_SITENAME
    /// The folder for temporary files on Windows, the next place for that log.
    TEMP
    /// The folder for temporary files on other systems.
    TMPDIR
}

/// The beginning of every name that belongs to a key of the configuration.
const PREFIX: &str = "IISWSGI_";

/// The keys with a single value, in the order of the documentation: each can be set by an environment variable.
///
/// A test compares this list with the schema.
pub(super) const SCALAR_KEYS: &[&str] = &[
    "app",
    "name",
    "version",
    "title",
    "runner",
    "python",
    "gateway",
    "bootstrap.command",
    "bootstrap.venv",
    "bootstrap.wait-attempts",
    "bootstrap.wait-interval",
    "bootstrap.dont-use-command-exe",
    "bootstrap.dont-use-job-object",
    "bootstrap.timeout",
    "handler",
    "fastcgi.full-path",
    "fastcgi.arguments",
    "fastcgi.monitor-changes-to",
    "fastcgi.stderr-mode",
    "fastcgi.max-instances",
    "fastcgi.idle-timeout",
    "fastcgi.activity-timeout",
    "fastcgi.request-timeout",
    "fastcgi.instance-max-requests",
    "fastcgi.signal-before-terminate-seconds",
    "fastcgi.protocol",
    "fastcgi.queue-length",
    "fastcgi.flush-named-pipe",
    "fastcgi.rapid-fails-per-minute",
    "fastcgi.response-buffer-limit",
    "http-platform.process-path",
    "http-platform.arguments",
    "http-platform.startup-time-limit",
    "http-platform.startup-retry-count",
    "http-platform.rapid-fails-per-minute",
    "http-platform.request-timeout",
    "http-platform.processes-per-application",
    "http-platform.stdout-log-file",
    "http-platform.forward-windows-auth-token",
    "vendor.enabled",
    "vendor.python",
    "vendor.implementation",
    "vendor.folder",
    "test.skip",
    "test.startup-timeout",
    "package.format",
    "package.source-date-epoch",
    "package.file-name",
    "feed.skip",
    "feed.file-name",
    "feed.title",
    "feed.id",
    "feed.url-template",
    "feed.merge-into",
    "feed.product-id",
    "feed.summary",
    "feed.long-summary",
    "feed.author",
    "feed.author-url",
    "feed.display-url",
    "feed.help-url",
    "feed.license-url",
    "feed.icon",
    "feed.screenshot",
    "feed.published",
    "feed.product-family",
    "feed.start-page",
    "publish.skip",
    "publish.folder.path",
    "publish.folder.url",
    "publish.github.repository",
    "publish.github.tag",
    "publish.github.name",
    "publish.github.notes",
    "publish.github.notes-file",
    "publish.github.generate-notes",
    "publish.github.target",
    "publish.github.draft",
    "publish.github.prerelease",
    "publish.github.make-latest",
    "publish.github.if-exists",
    "publish.github.feed-name",
    "publish.github.parallel",
    "publish.github.token-file",
    "publish.pypi.repository",
    "publish.pypi.index-url",
    "publish.pypi.username",
    "publish.pypi.keyring",
    "publish.pypi.pypirc",
    "publish.pypi.trusted-publishing",
    "publish.pypi.hybrid-wheel",
    "publish.pypi.attestations",
    "publish.pypi.skip-existing",
    "publish.pypi.allow-http",
    "iis.mode",
    "iis.site",
    "iis.application",
    "iis.require",
    "iis.set-parameters",
    "output",
    "allow-setup-py",
];

/// The variable that sets a key: `fastcgi.idle-timeout` is `IISWSGI_FASTCGI_IDLE_TIMEOUT`.
pub fn variable_of(key: &str) -> String {
    let key = key.strip_suffix(".enabled").unwrap_or(key);
    format!("{PREFIX}{}", key.to_uppercase().replace(['.', '-'], "_"))
}

/// The keys that an environment variable can set, with its name, in the order of the documentation.
pub fn setting_names() -> impl Iterator<Item = (&'static str, String)> {
    SCALAR_KEYS.iter().map(|key| (*key, variable_of(key)))
}

/// The environment of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// No variables at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The environment of this process. Variables that are not Unicode are left out: nothing here is one of them.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// The value of a variable that is set to something. Names are compared as the system does.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).or_else(|| {
            if !cfg!(windows) {
                return None;
            }
            self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })?;
        (!value.is_empty()).then_some(value)
    }

    /// Whether a variable is set to something other than `0`, `false` or `no`.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no"))
    }

    /// The variables that are one or two letters away from one of ours, each with the name that was probably meant.
    ///
    /// Other unknown names that begin like ours are left alone: hooks and the gateway have some of their own.
    pub fn misspelt(&self) -> Vec<(&str, String)> {
        let known: Vec<String> = setting_names()
            .map(|(_, name)| name)
            .chain(VARIABLES.iter().map(|variable| variable.name.to_owned()))
            .filter(|name| name.starts_with(PREFIX))
            .collect();
        let unknown = self.0.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(name));
        unknown
            .filter_map(|name| {
                let meant = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known))?;
                (strsim::damerau_levenshtein(name, meant) <= 2).then(|| (name.as_str(), meant.clone()))
            })
            .collect()
    }

    /// The values of the variables of ours that hold a secret, by the end of their names.
    pub fn secrets(&self) -> Vec<Secret> {
        let names = VARIABLES.iter().map(|variable| variable.name.to_owned());
        let names = names.chain(setting_names().map(|(_, variable)| variable));
        let secret = names.filter(|name| name.ends_with("TOKEN") || name.ends_with("PASSWORD"));
        secret.filter_map(|name| self.get(&name).map(Secret::new)).collect()
    }

    /// All variables, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_variable_is_noticed_and_other_names_are_left_alone() {
        let environment = Environment::from_iter([
            ("IISWSGI_FASTCGI_MAX_INSTANCE", "4"),
            ("IISWSGI_GATWEAY", "."),
            ("IISWSGI_GATEWAY", "."),
            ("IISWSGI_THREADS", "16"),
            ("IISWSGI_PACKAGE_NAME", "hello"),
            ("PATHS", ""),
        ]);
        let meant = |name: &str| name.to_owned();
        assert_eq!(
            environment.misspelt(),
            [
                ("IISWSGI_FASTCGI_MAX_INSTANCE", meant("IISWSGI_FASTCGI_MAX_INSTANCES")),
                ("IISWSGI_GATWEAY", meant("IISWSGI_GATEWAY")),
            ]
        );
    }
}
