//! What `appcmd.exe` writes, as text: it depends on the system's language and on how the program was started.
//!
//! A pipe gets UTF-8, UTF-16 (when the console was told so), or the code page of the console. The last is not told anywhere: what
//! is not ASCII in it becomes replacement characters, and who needs those characters has to look elsewhere.

/// The text of its bytes.
pub(super) fn text(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    // UTF-16 without a mark: all of it begins with ASCII, as `<?xml` or `ERROR`.
    if let [first, 0, second, 0, ..] = bytes
        && first.is_ascii()
        && second.is_ascii()
    {
        return encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether it says that it did not do what it was asked: `ERROR ( message:… )`, `FEHLER ( message:… )`. Every other answer
/// begins with `<`, or with the name of what was changed.
pub(super) fn is_refusal(said: &str) -> bool {
    let Some((word, _)) = said.trim_start().split_once(" ( ") else { return false };
    !word.is_empty() && word.chars().all(|character| character.is_alphabetic() && !character.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_is_read() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        for bytes in ["<?xml ä".as_bytes().to_vec(), wide("<?xml ä"), wide("\u{feff}<?xml ä")] {
            assert_eq!(text(&bytes), "<?xml ä");
        }
        assert!(text(b"<?xml \x84").contains(char::REPLACEMENT_CHARACTER), "code page 850");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn a_refusal_is_known_in_any_language() {
        for said in ["ERROR ( message:x )", "\r\nFEHLER ( message:x )", "ОШИБКА ( message:x )"] {
            assert!(is_refusal(said), "{said}");
        }
        for said in ["<?xml ( ", "APP object \"x\" added", "", "Applied ( changes", " ( "] {
            assert!(!is_refusal(said), "{said}");
        }
    }
}
