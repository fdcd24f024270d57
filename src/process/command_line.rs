//! Command lines as Windows reads them: one text for a whole program call.
//!
//! The rules are those of the Microsoft C runtime ("Parsing C command-line arguments"), which every Python and every
//! program of ours follows. Nothing is started here.

/// Splits a whole command line: the program's name first, then its arguments.
///
/// The name ends at the next blank, or at the next quote when it begins with one; backslashes mean nothing in it.
pub fn split(command_line: &str) -> Vec<String> {
    let text = command_line.trim_start();
    if text.is_empty() {
        return Vec::new();
    }
    let (program, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.find([' ', '\t']).map_or((text, ""), |at| text.split_at(at)),
    };
    let mut words = vec![program.to_owned()];
    words.extend(split_arguments(rest));
    words
}

/// Splits a text of arguments, without the program's name.
///
/// Blanks separate arguments outside of quotes. 2n backslashes before a quote are n backslashes and the quote counts;
/// 2n + 1 are n backslashes and a literal quote; a doubled quote inside of quotes is a literal one.
pub fn split_arguments(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|&c| is_blank(c)).is_some() {}
        if characters.peek().is_none() {
            return words;
        }
        let mut word = String::new();
        let mut quoted = false;
        while let Some(character) = characters.next_if(|&c| quoted || !is_blank(c)) {
            match character {
                '\\' => {
                    let mut count = 1;
                    while characters.next_if_eq(&'\\').is_some() {
                        count += 1;
                    }
                    let before_quote = characters.peek() == Some(&'"');
                    let kept = if before_quote { count / 2 } else { count };
                    word.extend(std::iter::repeat_n('\\', kept));
                    if before_quote && count % 2 == 1 {
                        characters.next();
                        word.push('"');
                    }
                }
                '"' if quoted && characters.next_if_eq(&'"').is_some() => word.push('"'),
                '"' => quoted = !quoted,
                _ => word.push(character),
            }
        }
        words.push(word);
    }
}

/// Writes one argument so that [`split_arguments`] reads it back.
pub fn quote(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\t', '"', '\n', '\u{b}']) {
        return argument.to_owned();
    }
    in_quotes(argument)
}

/// The same, in quotes whether it needs them or not.
pub fn in_quotes(argument: &str) -> String {
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in argument.chars() {
        if character == '"' {
            quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

/// Writes a whole command line.
pub fn join<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_as_the_documented_table() {
        // The examples of Microsoft's page "main function and command-line arguments".
        assert_eq!(split_arguments(r#""a b c" d e"#), ["a b c", "d", "e"]);
        assert_eq!(split_arguments(r#""ab\"c" "\\" d"#), ["ab\"c", "\\", "d"]);
        assert_eq!(split_arguments(r#"a\\\b d"e f"g h"#), [r"a\\\b", "de fg", "h"]);
        assert_eq!(split_arguments(r#"a\\\"b c d"#), [r#"a\"b"#, "c", "d"]);
        assert_eq!(split_arguments(r#"a\\\\"b c" d e"#), [r"a\\b c", "d", "e"]);
        assert_eq!(split_arguments(r#"a"b"" c d"#), ["ab\" c d"]);
    }

    #[test]
    fn the_program_name_keeps_its_backslashes() {
        assert_eq!(
            split(r#"  "C:\Program Files\Python\" -u "C:\a b\""#),
            [r"C:\Program Files\Python\", "-u", "C:\\a b\""]
        );
        assert_eq!(split(r"C:\x.exe -v"), [r"C:\x.exe", "-v"]);
        assert!(split("  ").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split_again(words in proptest::collection::vec("[a\\\\\" \t]{0,6}", 0..5)) {
            prop_assert_eq!(split_arguments(&join(&words)), words);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = split(&text);
        }
    }
}
