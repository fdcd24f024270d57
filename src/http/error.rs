//! Why a request got no answer.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::Url;

use crate::error::{ExitCode, Failure};

/// Why a request got no answer that can be used. Addresses are shown without their query, and never with a login.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is one that is not asked.
    #[error("`{url}` is not asked: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it, as a lower-case fragment.
        reason: &'static str,
    },
    /// The client cannot be set up.
    #[error("cannot prepare for network requests")]
    Setup(#[source] reqwest::Error),
    /// The event loop cannot be set up.
    #[error("cannot prepare for network requests")]
    Runtime(#[source] io::Error),
    /// A redirect is not followed.
    #[error("a redirect of `{url}` is not followed: {reason}")]
    Redirect {
        /// The address that answered with it.
        url: String,
        /// What is wrong with it, as a lower-case fragment.
        reason: &'static str,
    },
    /// The connection did not come about or broke.
    #[error("cannot reach `{url}`")]
    Transfer {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Nothing was sent or received for too long.
    #[error("`{url}` did not answer within {} s", patience.as_secs())]
    Stalled {
        /// The address.
        url: String,
        /// How long it had.
        patience: Duration,
    },
    /// An answer is longer than anything that makes sense.
    #[error("the answer of `{url}` has more than {most} bytes")]
    Endless {
        /// The address.
        url: String,
        /// How many bytes were taken.
        most: usize,
    },
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// A connection that failed. What is shown of it has no address but ours.
    pub fn transfer(url: &Url, source: reqwest::Error) -> Self {
        Self::Transfer { url: super::shown(url), source: source.without_url() }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transfer { source, .. } => !source.is_builder() && !is_certificate(source),
            Self::Stalled { .. } => true,
            _ => false,
        }
    }
}

/// Whether the other side's certificate was the reason.
fn is_certificate(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = cause {
        // An I/O error hides the error that it was made from from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = inner.is_some_and(<dyn StdError + Send + Sync>::is::<rustls::Error>);
        if found || error.is::<rustls::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { .. } => "Use an `https:` address without a login. Where `http:` is meant, allow it \
                                     with `--allow-http`; a login is given by the environment."
                .into(),
            Self::Setup(_) => {
                "Install the system's certificates (`ca-certificates`), or name a file of them in SSL_CERT_FILE."
                    .into()
            }
            Self::Transfer { source, .. } if is_certificate(source) => {
                "If the server has a certificate of your own authority, name a file with it in SSL_CERT_FILE."
                    .into()
            }
            Self::Transfer { .. } | Self::Stalled { .. } => {
                "Check the address and the network (a proxy is taken from HTTPS_PROXY), then run again: what is \
                 done already is kept."
                    .into()
            }
            Self::Redirect { .. } => "Give the address that it leads to, if you trust it.".into(),
            Self::Runtime(_) | Self::Endless { .. } | Self::Interrupted => return None,
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Address { .. } => ExitCode::Usage,
            Self::Interrupted => ExitCode::Interrupted,
            _ => ExitCode::Publishing,
        }
    }
}
