//! Security descriptors as text (SDDL), which `icacls /save` writes: the same in every language.
//!
//! `D:FLAGS(TYPE;FLAGS;RIGHTS;;;WHO)…`: see "Security Descriptor String Format" and "ACE Strings" of the Windows documentation.

/// What stands for well-known numbers.
const ALIASES: [(&str, &str); 8] = [
    ("BU", "S-1-5-32-545"),
    ("AU", "S-1-5-11"),
    ("WD", "S-1-1-0"),
    ("IS", "S-1-5-32-568"),
    ("NS", "S-1-5-20"),
    ("LS", "S-1-5-19"),
    ("SY", "S-1-5-18"),
    ("BA", "S-1-5-32-544"),
];

/// To read a file's data, and to execute it or go through a folder.
const READ_AND_EXECUTE: u32 = 0x0001 | 0x0020;

/// The descriptor in a file that `icacls /save` has written: UTF-16, a line with the name and a line with the descriptor.
pub(super) fn of_saved(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xff\xfe").unwrap_or(bytes);
    let (text, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes);
    text.lines().map(str::trim).find(|line| line.starts_with("D:")).map(str::to_owned)
}

/// Whether a descriptor lets one of these read and execute. A refusal to one of them counts.
pub(super) fn allows(descriptor: &str, sids: &[String]) -> bool {
    let entries = descriptor.split('(').skip(1).filter_map(|entry| entry.split_once(')'));
    let entries: Vec<_> = entries.filter_map(|(entry, _)| Entry::read(entry)).collect();
    let is_meant = |entry: &&Entry| sids.iter().any(|sid| sid.eq_ignore_ascii_case(entry.who));
    let denied =
        entries.iter().filter(is_meant).any(|entry| !entry.allows && entry.rights & READ_AND_EXECUTE != 0);
    let given =
        entries.iter().filter(is_meant).filter(|entry| entry.allows).fold(0, |all, entry| all | entry.rights);
    !denied && given & READ_AND_EXECUTE == READ_AND_EXECUTE
}

struct Entry<'a> {
    allows: bool,
    rights: u32,
    who: &'a str,
}

impl<'a> Entry<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';');
        let (kind, flags, rights) = (parts.next()?, parts.next()?, parts.next()?);
        let who = parts.nth(2)?;
        // An entry for what is made in a folder says nothing of the folder itself.
        let is_own = flags.as_bytes().chunks(2).all(|flag| flag != b"IO");
        let allows = match kind {
            "A" | "XA" => true,
            "D" | "XD" => false,
            _ => return None,
        };
        let who = ALIASES.iter().find(|(alias, _)| *alias == who).map_or(who, |(_, sid)| sid);
        is_own.then(|| Self { allows, rights: rights_of(rights), who })
    }
}

/// Rights as a number, or as words of two letters.
fn rights_of(text: &str) -> u32 {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).map_or(0, generic);
    }
    let words = text.as_bytes().chunks(2);
    words.fold(0, |rights, word| {
        rights
            | match word {
                b"FA" | b"GA" => READ_AND_EXECUTE,
                b"FR" | b"GR" | b"CC" => 0x0001,
                b"FX" | b"GX" | b"WP" => 0x0020,
                _ => 0,
            }
    })
}

/// Generic rights as those of a file.
fn generic(rights: u32) -> u32 {
    let has = |bit: u32, means: u32| if rights & bit == 0 { 0 } else { means };
    rights | has(0x1000_0000, READ_AND_EXECUTE) | has(0x8000_0000, 0x0001) | has(0x2000_0000, 0x0020)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets(descriptor: &str, who: &[&str]) -> bool {
        allows(descriptor, &who.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn rights_are_read_from_a_descriptor() {
        let users = "D:AI(A;OICIID;0x1200a9;;;BU)(A;OICIID;FA;;;SY)(A;OICIIOID;GA;;;CO)";
        assert!(lets(users, &["S-1-5-82-1", "S-1-5-32-545"]));
        assert!(!lets(users, &["S-1-5-82-1"]) && lets(users, &["S-1-5-18"]));
        assert!(lets("D:PAI(A;OICI;FRFX;;;S-1-5-82-1)", &["S-1-5-82-1"]));
        assert!(!lets("D:PAI(A;OICI;FR;;;S-1-5-82-1)", &["S-1-5-82-1"]), "read alone");
        assert!(!lets("D:(A;OICIIO;FA;;;WD)", &["S-1-1-0"]), "only for what is made in it");
        assert!(!lets("D:(D;;FX;;;BU)(A;;FA;;;WD)", &["S-1-5-32-545", "S-1-1-0"]), "a refusal");
        assert!(
            !lets("", &["S-1-1-0"])
                && !lets("D:(A;;", &["S-1-1-0"])
                && !lets("D:(A;;0xzz;;;WD)", &["S-1-1-0"])
        );
    }

    #[test]
    fn a_saved_descriptor_is_found() {
        let text = "hello\r\nD:AI(A;;FA;;;SY)\r\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of_saved(&bytes).as_deref(), Some("D:AI(A;;FA;;;SY)"));
        assert_eq!(of_saved(b"x"), None);
    }
}
