//! `MSDeploy.MSDeployProviderOptions`: the settings of one provider, as Web Deploy keeps them in an attribute.
//!
//! The attribute holds base64 of gzip of an [MS-NRBF] stream with one object,
//! `Microsoft.Web.Deployment.DeploymentProviderOptions`: a provider name, a path, and two arrays of strings of equal
//! length, the names and the values of the settings. This module writes exactly the payload that Web Deploy writes,
//! and reads exactly this one grammar within fixed bounds. It is no deserialiser: it knows no other class, makes no
//! object of a name in the data, and refuses whatever else stands there.

mod payload;

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{ExitCode, Failure};

/// How long a payload may be, in bytes. The longest one found in public packages has under 500.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// How many settings one provider may have. No provider of Web Deploy knows more than a dozen.
pub const MAX_SETTINGS: usize = 1024;
/// How long an attribute may be, in characters: base64 of a payload that deflate could not shorten, and some blanks.
const MAX_ATTRIBUTE: usize = MAX_PAYLOAD * 3 / 2;

/// The header of the gzip member as .NET writes it: deflate, no flags, no time, XFL 4 (fastest), OS 0 (FAT).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0];

/// The name of the assembly that the payload names. Web Deploy reads both; the version is 7.1.0.0 in every build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Library {
    /// `Microsoft.web.deployment`, as Web Deploy 2 and later write it.
    #[default]
    Current,
    /// `Microsoft.Web.Deployment`, as Web Deploy 1 (2009) wrote it.
    Of2009,
}

impl Library {
    /// The full assembly name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => {
                "Microsoft.web.deployment, Version=7.1.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
            }
            Self::Of2009 => {
                "Microsoft.Web.Deployment, Version=7.1.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35"
            }
        }
    }
}

/// The options of one provider: what the attribute says.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct ProviderOptions {
    /// The provider, as `runCommand`.
    pub provider: String,
    /// The provider's path: a folder, a command, a file.
    pub path: String,
    /// Names and values of the settings, in their order. A name may stand twice: nothing is lost.
    pub settings: Vec<(String, String)>,
}

impl ProviderOptions {
    /// Options without settings.
    pub fn new(provider: impl Into<String>, path: impl Into<String>) -> Self {
        Self { provider: provider.into(), path: path.into(), settings: Vec::new() }
    }

    /// The payload, byte for byte as Web Deploy writes it today.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_for(Library::Current)
    }

    /// The payload with the assembly spelt as asked.
    pub fn encode_for(&self, library: Library) -> Vec<u8> {
        payload::write(self, library)
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// It is longer than [`MAX_PAYLOAD`], has more than [`MAX_SETTINGS`] settings, or is not of the grammar.
    pub fn decode(payload: &[u8]) -> Result<Self, Error> {
        Self::decode_with_library(payload).map(|(options, _)| options)
    }

    /// Reads a payload and says how it spells the assembly, so that [`ProviderOptions::encode_for`] gives it back.
    ///
    /// # Errors
    /// As [`ProviderOptions::decode`].
    pub fn decode_with_library(payload: &[u8]) -> Result<(Self, Library), Error> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Error::TooLong);
        }
        payload::read(payload)
    }

    /// The value of the attribute `MSDeploy.MSDeployProviderOptions`.
    ///
    /// Deflate is libdeflate's, whose output depends neither on the machine nor on its processor: the same options
    /// give the same attribute everywhere.
    pub fn to_attribute(&self) -> String {
        STANDARD.encode(gzip(&self.encode()))
    }

    /// Reads the value of the attribute. Blanks in it are skipped, as .NET does.
    ///
    /// # Errors
    /// It is not base64, not exactly one gzip member, or the payload is refused, see [`ProviderOptions::decode`].
    pub fn from_attribute(value: &str) -> Result<Self, Error> {
        Self::decode(&payload_of(value)?)
    }
}

/// The uncompressed payload of an attribute's value.
///
/// # Errors
/// The value is not base64, not exactly one gzip member, or it holds more than [`MAX_PAYLOAD`] bytes.
pub fn payload_of(value: &str) -> Result<Vec<u8>, Error> {
    if value.len() > MAX_ATTRIBUTE {
        return Err(Error::TooLong);
    }
    let letters: String = value.split_ascii_whitespace().collect();
    gunzip(&STANDARD.decode(letters).map_err(Error::Base64)?)
}

fn gzip(payload: &[u8]) -> Vec<u8> {
    let mut deflate = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut body = vec![0; deflate.deflate_compress_bound(payload.len())];
    // The buffer has the length that the library itself asks for; were it refused, one stored form always fits.
    let length = deflate.deflate_compress(payload, &mut body);
    let mut member = GZIP_HEADER.to_vec();
    match length {
        Ok(length) => member.extend_from_slice(&body[..length]),
        Err(_) => stored(payload, &mut member),
    }
    member.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    // RFC 1952: the length modulo 2^32.
    let length = u32::try_from(payload.len() & 0xffff_ffff).unwrap_or(u32::MAX);
    member.extend_from_slice(&length.to_le_bytes());
    member
}

/// Deflate without compression (RFC 1951, 3.2.4).
fn stored(payload: &[u8], into: &mut Vec<u8>) {
    let mut blocks = payload.chunks(0xffff).peekable();
    loop {
        let block = blocks.next().unwrap_or_default();
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        into.push(u8::from(blocks.peek().is_none()));
        into.extend_from_slice(&length.to_le_bytes());
        into.extend_from_slice(&(!length).to_le_bytes());
        into.extend_from_slice(block);
        if blocks.peek().is_none() {
            return;
        }
    }
}

fn gunzip(member: &[u8]) -> Result<Vec<u8>, Error> {
    let mut decoder = flate2::bufread::GzDecoder::new(member);
    let mut payload = Vec::new();
    let limit = u64::try_from(MAX_PAYLOAD).unwrap_or(u64::MAX);
    let read = decoder.by_ref().take(limit + 1).read_to_end(&mut payload).map_err(Error::Gzip)?;
    if read > MAX_PAYLOAD {
        return Err(Error::TooLong);
    }
    let rest = decoder.into_inner().len();
    if rest > 0 {
        return Err(Error::AfterGzip { count: rest });
    }
    Ok(payload)
}

/// Why provider options cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The attribute is not base64.
    #[error("the provider options are not base64")]
    Base64(#[source] base64::DecodeError),
    /// What base64 held is no whole gzip member.
    #[error("the provider options are not gzip data")]
    Gzip(#[source] std::io::Error),
    /// Bytes stand after the gzip member.
    #[error("{count} bytes stand after the gzip data of the provider options")]
    AfterGzip {
        /// How many.
        count: usize,
    },
    /// More data than any real provider has.
    #[error("the provider options hold more than {MAX_PAYLOAD} bytes")]
    TooLong,
    /// The payload is not of the grammar.
    #[error(
        "the provider options are not as Web Deploy writes them: {message} at byte {offset} of the payload"
    )]
    Payload {
        /// The byte of the payload, from 0.
        offset: usize,
        /// What is wrong, as a fragment.
        message: String,
    },
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(
            "Remove the attribute `MSDeploy.MSDeployProviderOptions` from the manifest and write the settings as \
             plain attributes in `Manifest.xml.in`: the build makes the options from them."
                .into(),
        )
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

#[cfg(test)]
mod tests;
