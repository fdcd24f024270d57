//! From the bytes of an XML file to text: byte order marks, UTF-16, and the encoding that the declaration names.

use std::borrow::Cow;

use super::Error;

/// Decodes the bytes of an XML document (XML 1.0, appendix F): a byte order mark wins, then the declaration, then
/// UTF-8. The byte order mark is not part of the result.
///
/// # Errors
/// The encoding is unknown, or the bytes are not of it.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let (encoding, skip) = encoding_of(bytes)?;
    match encoding.decode_without_bom_handling_and_without_replacement(&bytes[skip..]) {
        Some(text) => Ok(text),
        None => Err(undecodable(&bytes[skip..], encoding)),
    }
}

/// The encoding of an XML document's bytes, and the length of its byte order mark.
///
/// # Errors
/// The declaration names an encoding that is unknown.
pub fn encoding_of(bytes: &[u8]) -> Result<(&'static encoding_rs::Encoding, usize), Error> {
    Ok(match encoding_rs::Encoding::for_bom(bytes) {
        Some(found) => found,
        None if bytes.starts_with(&[b'<', 0]) => (encoding_rs::UTF_16LE, 0),
        None if bytes.starts_with(&[0, b'<']) => (encoding_rs::UTF_16BE, 0),
        None => (declared(bytes)?, 0),
    })
}

/// The encoding that the XML declaration names. UTF-16 in a declaration that was read as ASCII is a lie: it is UTF-8.
fn declared(bytes: &[u8]) -> Result<&'static encoding_rs::Encoding, Error> {
    let head = &bytes[..bytes.len().min(256)];
    let Some(end) = head.windows(2).position(|pair| pair == b"?>") else { return Ok(encoding_rs::UTF_8) };
    let declaration = String::from_utf8_lossy(&head[..end]);
    if !declaration.starts_with("<?xml") {
        return Ok(encoding_rs::UTF_8);
    }
    let Some(at) = declaration.find("encoding") else { return Ok(encoding_rs::UTF_8) };
    let rest = declaration[at + "encoding".len()..].trim_start().trim_start_matches('=').trim_start();
    let label = rest.trim_start_matches(['"', '\'']).split(['"', '\'']).next().unwrap_or_default();
    match encoding_rs::Encoding::for_label(label.as_bytes()) {
        Some(found) if found == encoding_rs::UTF_16LE || found == encoding_rs::UTF_16BE => {
            Ok(encoding_rs::UTF_8)
        }
        Some(found) => Ok(found),
        None => Err(Error { line: 1, column: at + 1, message: format!("unknown encoding `{label}`") }),
    }
}

fn undecodable(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Error {
    let (line, column) = match std::str::from_utf8(bytes) {
        Err(error) if encoding == encoding_rs::UTF_8 => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            super::position(&good, good.len())
        }
        _ => (1, 1),
    };
    Error { line, column, message: format!("bytes that are not {}", encoding.name()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_utf_8_with_and_without_a_byte_order_mark() {
        assert_eq!(decode("<a>ä</a>".as_bytes()).unwrap(), "<a>ä</a>");
        assert_eq!(decode("\u{feff}<a>ä</a>".as_bytes()).unwrap(), "<a>ä</a>");
    }

    #[test]
    fn reads_utf_16_of_either_order() {
        let little: Vec<u8> = "<a>ä</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&little).unwrap(), "<a>ä</a>");
        let big: Vec<u8> = "\u{feff}<a>ä</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&big).unwrap(), "<a>ä</a>");
    }

    #[test]
    fn follows_the_declaration() {
        assert_eq!(
            decode(b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe4</a>").unwrap(),
            "<?xml version='1.0' encoding='iso-8859-1'?><a>ä</a>"
        );
    }

    #[test]
    fn names_the_place_of_bytes_that_are_not_utf_8() {
        let error = decode(b"<a>\n  \xff</a>").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
    }
}
