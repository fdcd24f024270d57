//! How to log in: what the user gave wins over Trusted Publishing, that over `.pypirc`, that over the keyring.

use std::time::Duration;

use super::pypirc::Section;
use super::trusted::Oidc;
use super::{Error, addresses};
use crate::http::{Login, Url, shown};
use crate::process::{Program, Runner};
use crate::secret::Secret;

/// The user that stands for a token.
const TOKEN_USER: &str = "__token__";

/// How long the keyring may ask its user.
const KEYRING_PATIENCE: Duration = Duration::from_secs(120);

/// When Trusted Publishing is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrustedPublishing {
    /// When the job may ask for it and there is no other login.
    #[default]
    Automatic,
    /// Always; nothing else is tried.
    Always,
    /// Never.
    Never,
}

/// Where a login may come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A token that the user gave.
    pub token: Option<Secret>,
    /// The user.
    pub username: Option<String>,
    /// The password that the user gave.
    pub password: Option<Secret>,
    /// The section of `.pypirc` for this index.
    pub pypirc: Option<Section>,
    /// The keyring program, as `keyring`.
    pub keyring: Option<String>,
    /// When Trusted Publishing is used.
    pub trusted: TrustedPublishing,
    /// What GitHub gives the job.
    pub oidc: Option<Oidc>,
}

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Not at all: the index takes files of everybody, or says what it wants.
    None,
    /// By user and password, or by token.
    Login(Login),
    /// By a token that has to be minted.
    Trusted,
}

impl Sources {
    /// Decides how to log in to the index that uploads go to.
    ///
    /// # Errors
    /// There is half a login, or the keyring has none.
    pub(super) fn choose(&self, upload: &Url, runner: &dyn Runner) -> Result<Credentials, Error> {
        let login = |user: &str, password: &Secret| {
            Ok(Credentials::Login(Login { user: user.to_owned(), password: password.clone() }))
        };
        if self.trusted == TrustedPublishing::Always {
            return Ok(Credentials::Trusted);
        }
        if let Some(token) = &self.token {
            return login(TOKEN_USER, token);
        }
        if let Some(password) = &self.password {
            // A token of PyPI says itself that it is one.
            let is_token = password.reveal().starts_with("pypi-");
            return match self.username.as_deref().or(is_token.then_some(TOKEN_USER)) {
                Some(user) => login(user, password),
                None => Err(Error::Half { url: shown(upload), have: "password", lack: "user name" }),
            };
        }
        if self.trusted == TrustedPublishing::Automatic
            && self.username.is_none()
            && self.oidc.is_some()
            && addresses::is_public(upload)
        {
            return Ok(Credentials::Trusted);
        }
        let section = self.pypirc.clone().unwrap_or_default();
        let user = self.username.clone().or(section.username);
        if let Some(password) = section.password {
            return login(user.as_deref().unwrap_or(TOKEN_USER), &password);
        }
        if let Some(program) = &self.keyring {
            let user = user.as_deref().unwrap_or(TOKEN_USER);
            return login(user, &ask_keyring(program, &shown(upload), user, runner)?);
        }
        match user {
            Some(_) => Err(Error::Half { url: shown(upload), have: "user name", lack: "password" }),
            None => Ok(Credentials::None),
        }
    }
}

/// Asks the keyring program, as `keyring get SERVICE USER`. What it prints is never shown.
fn ask_keyring(program: &str, service: &str, user: &str, runner: &dyn Runner) -> Result<Secret, Error> {
    let command = Program::new("keyring", program).args(["get", service, user]).timeout(KEYRING_PATIENCE);
    let output = runner.execute(&command).map_err(|error| match error {
        // What a program printed that ran too long may be the password.
        crate::process::Error::TimedOut { label, command, limit, .. } => {
            let output = Box::default();
            Error::KeyringProgram(crate::process::Error::TimedOut { label, command, limit, output })
        }
        error => Error::KeyringProgram(error),
    })?;
    let password = output.stdout_text().trim_end_matches(['\r', '\n']).to_owned();
    if !output.success() || password.is_empty() {
        let (program, user) = (program.to_owned(), user.to_owned());
        return Err(Error::Keyring { program, user, service: service.to_owned() });
    }
    Ok(Secret::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Error as ProcessError, Output, Running};

    /// A keyring that knows one password.
    struct Keyring;

    impl Runner for Keyring {
        fn execute(&self, program: &Program) -> Result<Output, ProcessError> {
            let known = program.to_string() == "keyring get https://upload.pypi.org/legacy/ me";
            let stdout = if known { b"from-keyring\n".to_vec() } else { Vec::new() };
            Ok(Output { code: Some(i32::from(!known)), stdout, ..Output::default() })
        }

        fn start(&self, program: &Program, _: &str) -> Result<Box<dyn Running>, ProcessError> {
            let program = program.program().display().to_string();
            Err(ProcessError::NotFound { label: "keyring".into(), program })
        }

        fn launch(&self, program: &Program) -> Result<Box<dyn Running>, ProcessError> {
            self.start(program, "")
        }

        fn find(&self, _: &str) -> Option<std::path::PathBuf> {
            None
        }
    }

    fn chosen(sources: &Sources) -> String {
        match sources.choose(&Url::parse(addresses::PYPI).unwrap(), &Keyring) {
            Ok(Credentials::Login(login)) => format!("{}:{}", login.user, login.password.reveal()),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_nearest_login_wins() {
        let section =
            Section { repository: None, username: Some("me".into()), password: Some(Secret::new("of-file")) };
        let mut sources = Sources {
            token: Some(Secret::new("t")),
            username: Some("me".into()),
            password: Some(Secret::new("p")),
            pypirc: Some(section),
            keyring: Some("keyring".into()),
            trusted: TrustedPublishing::Automatic,
            oidc: Some(Oidc { url: "https://github.example/".into(), token: Secret::new("r") }),
        };
        assert_eq!(chosen(&sources), "__token__:t");
        sources.token = None;
        assert_eq!(chosen(&sources), "me:p");
        sources.password = None;
        assert_eq!(chosen(&sources), "me:of-file");
        sources.username = None;
        assert_eq!(chosen(&sources), "Trusted");
        sources.trusted = TrustedPublishing::Never;
        assert_eq!(chosen(&sources), "me:of-file");
        sources.pypirc.as_mut().unwrap().password = None;
        assert_eq!(chosen(&sources), "me:from-keyring");
        sources.keyring = None;
        assert!(chosen(&sources).contains("a user name"), "{}", chosen(&sources));
        sources.pypirc = None;
        assert_eq!(chosen(&sources), "None");
        sources.trusted = TrustedPublishing::Always;
        assert_eq!(chosen(&sources), "Trusted");
    }

    #[test]
    fn half_a_login_and_an_empty_keyring_are_errors_without_secrets() {
        let password = Sources { password: Some(Secret::new("hunter2")), ..Sources::default() };
        assert!(chosen(&password).contains("no user name") && !chosen(&password).contains("hunter2"));
        let token = Sources { password: Some(Secret::new("pypi-x")), ..Sources::default() };
        assert_eq!(chosen(&token), "__token__:pypi-x");
        let keyring =
            Sources { keyring: Some("keyring".into()), username: Some("you".into()), ..Sources::default() };
        assert!(chosen(&keyring).contains("has no password of `you`"));
    }
}
