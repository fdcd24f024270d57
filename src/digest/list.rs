//! Lists of hashes as text: the forms of Microsoft's `fciv.exe` and of `sha1sum`, written and read.
//!
//! `fciv` begins with three comment lines and then has one line `HASH FILE` a file (Microsoft KB 841290; its own header
//! is kept so that tools which skip it by its shape go on to work). `sha1sum` has `HASH`, a blank, a blank or `*`, and the
//! file; a line whose file has a backslash or a line break begins with a backslash and escapes them (GNU coreutils manual,
//! "cksum output modes").

use std::fmt::Write as _;

use super::hex;

/// The comment lines that `fciv` begins with.
const FCIV_HEADER: &str = "//\n// File Checksum Integrity Verifier version 2.05.\n//\n";

/// Which tool's form a list is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// `fciv.exe`: comment lines, then `HASH FILE`.
    #[default]
    Fciv,
    /// `sha1sum` and `sha256sum`: `HASH  FILE`.
    Sum,
}

/// Which hash a list holds, told by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// 40 hexadecimal digits.
    Sha1,
    /// 64 hexadecimal digits.
    Sha256,
}

impl Algorithm {
    fn of_length(digits: usize) -> Option<Self> {
        match digits {
            40 => Some(Self::Sha1),
            64 => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// One file of a list to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The file as it shall be named.
    pub file: &'a str,
    /// Its hash.
    pub hash: &'a [u8],
}

impl Form {
    /// What stands before the first line of a list.
    pub fn header(self) -> &'static str {
        match self {
            Self::Fciv => FCIV_HEADER,
            Self::Sum => "",
        }
    }

    /// One line of the list, with its line break.
    pub fn line(self, line: Line<'_>) -> String {
        let mut text = String::new();
        let hash = hex(line.hash);
        let _ = match self {
            Self::Fciv => writeln!(text, "{hash} {}", line.file),
            Self::Sum if line.file.contains(['\\', '\n', '\r']) => {
                let file = line.file.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
                writeln!(text, "\\{hash}  {file}")
            }
            Self::Sum => writeln!(text, "{hash}  {}", line.file),
        };
        text
    }
}

/// One file of a list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file as the list names it.
    pub file: String,
    /// Which hash it is.
    pub algorithm: Algorithm,
    /// The hash in lower-case hexadecimal digits.
    pub hash: String,
    /// The line it stands on, from 1.
    pub line: usize,
}

/// A line that is neither a comment nor a hash with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not a SHA-1 or SHA-256 with a file name: `{text}`")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// Its first characters.
    pub text: String,
}

/// A list that was read: its files, and the lines that make no sense.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// The files in the order of the list.
    pub files: Vec<Listed>,
    /// The lines that are neither empty, nor a comment, nor a file.
    pub malformed: Vec<Malformed>,
}

impl List {
    /// Reads a list of either form, or of both mixed. Lines may end in CRLF, as those of `fciv` do.
    pub fn read(text: &str) -> Self {
        let mut list = Self::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.starts_with("//") {
                continue;
            }
            match read_line(line) {
                Some((hash, algorithm, file)) => {
                    list.files.push(Listed { file, algorithm, hash, line: index + 1 });
                }
                None => {
                    list.malformed.push(Malformed { line: index + 1, text: line.chars().take(60).collect() });
                }
            }
        }
        list
    }
}

fn read_line(line: &str) -> Option<(String, Algorithm, String)> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (hash, rest) = line.split_once(' ')?;
    let algorithm = Algorithm::of_length(hash.len())?;
    if !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // The second character is the mode of `sha1sum`; `fciv` has none, and no file of its begins with a blank or a star.
    let file = rest.strip_prefix([' ', '*']).unwrap_or(rest);
    let file = if escaped { unescape(file)? } else { file.to_owned() };
    if file.is_empty() {
        return None;
    }
    Some((hash.to_ascii_lowercase(), algorithm, file))
}

fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: [u8; 20] = [0xA9; 20];

    #[test]
    fn writes_what_fciv_writes() {
        let text =
            format!("{}{}", Form::Fciv.header(), Form::Fciv.line(Line { file: "a b.zip", hash: &HASH }));
        insta::assert_snapshot!(text, @r"
        //
        // File Checksum Integrity Verifier version 2.05.
        //
        a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9 a b.zip
        ");
    }

    #[test]
    fn reads_both_forms_with_crlf_and_upper_case() {
        let hash = hex(&HASH);
        let text = format!(
            "\u{feff}//\r\n// File Checksum Integrity Verifier version 2.05.\r\n//\r\n{} c:\\dist\\a.zip\r\n\r\n{hash} *b.zip\n{hash}  c.zip\n",
            hash.to_uppercase()
        );
        let list = List::read(&text);
        let files: Vec<_> =
            list.files.iter().map(|listed| (listed.line, &*listed.file, &*listed.hash)).collect();
        assert_eq!(files, [(4, "c:\\dist\\a.zip", &*hash), (6, "b.zip", &*hash), (7, "c.zip", &*hash)]);
        assert!(list.malformed.is_empty());
    }

    #[test]
    fn a_malformed_line_is_told_with_its_number() {
        let list = List::read("// fine\nnot a hash\n1234 a.zip\na9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9\n");
        let lines: Vec<_> = list.malformed.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        line 2 is not a SHA-1 or SHA-256 with a file name: `not a hash`
        line 3 is not a SHA-1 or SHA-256 with a file name: `1234 a.zip`
        line 4 is not a SHA-1 or SHA-256 with a file name: `a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9a9`
        ");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(file in "[^\\x00-\\x1f /*\\x7f][^\\x00-\\x09\\x0b\\x0c\\x0e-\\x1f]{0,20}", long: bool) {
            let hash: &[u8] = if long { &[7; 32] } else { &[7; 20] };
            let list = List::read(&Form::Sum.line(Line { file: &file, hash }));
            prop_assert_eq!(&list.files.first().expect("one file").file, &file);
            prop_assert!(list.malformed.is_empty());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}") {
            let _ = List::read(&text);
        }
    }
}
