//! The bytes of a file as text, and back into the same encoding.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A file's text and how it was written.
pub(super) struct Content {
    pub(super) text: String,
    encoding: &'static Encoding,
    byte_order_mark: Vec<u8>,
    changed: bool,
    /// Whether what the encoding lacks may be written as a character reference.
    xml: bool,
}

impl Content {
    /// Decodes a file: by its byte order mark, by its declaration if it is XML, else as UTF-8 if it is that. What is none of these
    /// is taken for Windows-1252, in which every byte is a character.
    pub(super) fn decode(bytes: &[u8], xml: bool) -> Result<Self, String> {
        let xml = bytes.starts_with(b"<?xml") || xml && looks_like_xml(bytes);
        let (encoding, skip) = if xml {
            crate::xml::encoding_of(bytes).map_err(|error| error.to_string())?
        } else {
            match Encoding::for_bom(bytes) {
                Some(found) => found,
                None if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
                None => (WINDOWS_1252, 0),
            }
        };
        let text = encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[skip..])
            .ok_or_else(|| format!("bytes that are not {}", encoding.name()))?;
        Ok(Self {
            text: text.into_owned(),
            encoding,
            byte_order_mark: bytes[..skip].to_vec(),
            changed: false,
            xml,
        })
    }

    /// The same file with another text.
    pub(super) fn with(self, text: String, xml: bool) -> Self {
        Self { text, changed: true, xml: self.xml || xml, ..self }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.changed
    }

    /// The bytes of the text.
    pub(super) fn encode(&self) -> Result<Vec<u8>, String> {
        let mut bytes = self.byte_order_mark.clone();
        if self.encoding == UTF_16LE {
            bytes.extend(self.text.encode_utf16().flat_map(u16::to_le_bytes));
        } else if self.encoding == UTF_16BE {
            bytes.extend(self.text.encode_utf16().flat_map(u16::to_be_bytes));
        } else {
            // Characters that the encoding lacks come out as character references, which only XML reads.
            let (encoded, _, lacking) = self.encoding.encode(&self.text);
            if lacking && !self.xml {
                return Err(format!(
                    "a value has characters that its encoding {} lacks",
                    self.encoding.name()
                ));
            }
            let encoded: Cow<'_, [u8]> = encoded;
            bytes.extend_from_slice(&encoded);
        }
        Ok(bytes)
    }
}

/// Whether the first mark of a file is `<`, perhaps of two bytes. Scopes may match pictures, too.
fn looks_like_xml(bytes: &[u8]) -> bool {
    let start = Encoding::for_bom(bytes).map_or(0, |(_, skip)| skip);
    bytes[start..].iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0) == Some(&b'<')
}
