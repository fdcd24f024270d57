//! The text of an endpoint: `unix:PATH`, `tcp:HOST:PORT`, `fd:N`, `pipe` or `pipe:NAME`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{ExitCode, Failure};

/// Where a gateway serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket file.
    Unix(PathBuf),
    /// A TCP address. IPv6 addresses are written in brackets.
    Tcp(String, u16),
    /// A descriptor that was inherited.
    Descriptor(u32),
    /// A Windows named pipe. Without a name it is the one that IIS hands over as standard input.
    Pipe(String),
}

/// A text that is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address to serve on")]
pub struct EndpointError(pub String);

impl Failure for EndpointError {
    fn hint(&self) -> Option<String> {
        Some("Write `unix:PATH`, `tcp:HOST:PORT`, `fd:NUMBER` or `pipe`.".into())
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || EndpointError(text.to_owned());
        if text == "pipe" {
            return Ok(Self::Pipe(String::new()));
        }
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "unix" if !rest.is_empty() => Ok(Self::Unix(rest.into())),
            "tcp" => {
                let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
                let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
                if bare.is_none() && host.contains(':') {
                    return Err(wrong());
                }
                let host = bare.unwrap_or(host);
                // An empty host and `*` mean every address, as in most servers.
                let host = if matches!(host, "" | "*") { "0.0.0.0" } else { host };
                Ok(Self::Tcp(host.to_owned(), port.parse().map_err(|_| wrong())?))
            }
            "fd" => rest.parse().map(Self::Descriptor).map_err(|_| wrong()),
            "pipe" if !rest.is_empty() => Ok(Self::Pipe(rest.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(host, port) if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "tcp:{host}:{port}"),
            Self::Descriptor(number) => write!(f, "fd:{number}"),
            Self::Pipe(name) if name.is_empty() => f.write_str("pipe"),
            Self::Pipe(name) => write!(f, "pipe:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_and_writes_it_again() {
        for text in [
            "unix:/run/app.sock",
            "tcp:127.0.0.1:9000",
            "tcp:[::1]:9000",
            "tcp:localhost:0",
            "fd:0",
            "pipe",
            "pipe:app",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("tcp::80".parse(), Ok(Endpoint::Tcp("0.0.0.0".into(), 80)));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for text in [
            "",
            "unix:",
            "tcp:9000",
            "tcp:host:",
            "tcp:host:66000",
            "tcp:::1:9000",
            "fd:x",
            "fd:-1",
            "/run/app.sock",
            "http://x",
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(EndpointError(text.into())), "{text}");
        }
    }
}
