//! HTTP/1.1 without I/O, the server's side: bytes go in, requests as a gateway knows them and bytes come out.
//!
//! It is what stands behind IIS's HttpPlatformHandler, or any other proxy that speaks HTTP. A request becomes the same
//! events and the same variables (RFC 3875, section 4.1) as one that comes by FastCGI, so that nothing behind this module
//! knows the difference. Section numbers in the comments are those of RFC 9112. `http` is the other side: our own requests.
//!
//! What two programs could understand in two ways is refused, since that is how requests are smuggled past a proxy
//! (section 11.2): two lengths, a length and a transfer coding, an unknown coding, line ends other than CR LF.

mod answer;
mod body;
pub mod connection;
mod head;

use core::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Gives the name of the user whom a token of Windows stands for, in the form `DOMAIN\name`.
pub type TokenUser = fn(&str) -> Option<String>;

/// Whose word about the client is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trusted {
    /// Nobody's: the peer is the client.
    #[default]
    Nobody,
    /// Every peer's, for a server that only proxies can reach.
    Everybody,
    /// That of peers at these addresses.
    Addresses(Vec<IpAddr>),
}

impl Trusted {
    /// Reads a list of addresses with commas in between; `*` is everybody. None for what is no such list.
    pub fn read(text: &str) -> Option<Self> {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        match names[..] {
            [] => Some(Self::Nobody),
            ["*"] => Some(Self::Everybody),
            _ => names.iter().map(|name| name.parse().ok()).collect::<Option<_>>().map(Self::Addresses),
        }
    }

    /// Whether a peer is believed. A peer without an address is one of this machine: it came by a socket file.
    fn believes(&self, peer: Option<IpAddr>) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everybody => true,
            Self::Addresses(addresses) => peer.is_none_or(|peer| addresses.contains(&peer.to_canonical())),
        }
    }
}

/// How to serve HTTP, the same for all connections of a server.
#[derive(Debug)]
pub struct Settings {
    /// The bytes that the head of a request may have.
    pub head: usize,
    /// Whose `X-Forwarded-For`, `X-Forwarded-Proto` and token of Windows are believed.
    pub trusted: Trusted,
    /// What a proxy has to show with each request (`MS-ASPNETCORE-TOKEN`); none: nothing.
    pub pairing: Option<String>,
    /// The server's own name and port, for a request that names no host.
    pub server: (String, u16),
    /// Looks up the user of a token of Windows.
    pub token_user: TokenUser,
    /// The server stops: each answer is the last of its connection.
    draining: AtomicBool,
}

impl Settings {
    /// The largest head that is read unless something else is said; IIS itself reads 16 KB.
    pub const HEAD: usize = 64 << 10;

    /// Settings of a server with this name and port; nobody is trusted.
    pub fn new(server: (String, u16), token_user: TokenUser) -> Self {
        Self {
            head: Self::HEAD,
            trusted: Trusted::Nobody,
            pairing: None,
            server,
            token_user,
            draining: AtomicBool::new(false),
        }
    }

    /// From now on each answer says that its connection ends.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// A request that is answered without the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are no request, or one that could be understood in two ways.
    Malformed,
    /// The proxy did not show its token.
    NotPaired,
    /// The method is not for this kind of server.
    Method,
    /// The client did not send its request in time.
    TimedOut,
    /// The client expects what we do not know.
    Expectation,
    /// The head is too large.
    TooLarge,
    /// The transfer coding is not known.
    Coding,
    /// The version of HTTP is another.
    Version,
}

impl Refusal {
    /// The status and its phrase.
    fn status(self) -> &'static str {
        match self {
            Self::Malformed => "400 Bad Request",
            Self::NotPaired => "403 Forbidden",
            Self::Method => "405 Method Not Allowed",
            Self::TimedOut => "408 Request Timeout",
            Self::Expectation => "417 Expectation Failed",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Coding => "501 Not Implemented",
            Self::Version => "505 HTTP Version Not Supported",
        }
    }
}
