//! What .NET patterns match here, construct by construct.

use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern, Options::default()).unwrap().is_match(text).unwrap()
}

fn refused(pattern: &str) -> (usize, String) {
    match Regex::new(pattern, Options::default()).unwrap_err() {
        Error::Pattern { column, message, .. } => (column, message),
        error => (0, error.to_string()),
    }
}

/// Pattern, a text that .NET matches, a text that it does not.
const MEANINGS: &[(&str, &str, &str)] = &[
    (r"\\Web.config$", r"App\Web.config", r"App\Web.config.bak"),
    (r"Default\ Web\ Site/app", "Default Web Site/app", "DefaultWebSite/app"),
    (r"^C:\\Users\\c\\Package\ Tmp$", r"C:\Users\c\Package Tmp", r"C:\Users\c\Package Tmp\x"),
    ("ab$", "ab\n", "ab\n\n"),
    (r"ab\Z", "ab\n", "ab\n\n"),
    (r"ab\z", "ab", "ab\n"),
    ("(?m)^b$", "a\nb\nc", "a\r\nb\r\nc"),
    ("^b", "b", "a\nb"),
    ("a.b", "a\rb", "a\nb"),
    ("(?s)a.b", "a\nb", "ab"),
    ("(?s:a.)b.", "a\nbc", "a\nb\n"),
    ("(?i)AB(?-i)c", "abc", "abC"),
    ("a(?i:B)c", "abc", "abC"),
    ("(?x) a b # comment\n c", "abc", "a b c"),
    (r"(?x)a\ b[ ]c", "a b c", "abc"),
    (r"(?n)(a)(?<x>b)\1", "abb", "aba"),
    (r"(?'q'a)\k'q'", "aa", "ab"),
    (r"(?<q>a)(b)\1\2", "abba", "abab"),
    (r"(?<2>a)(b)\2", "aba", "abb"),
    (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10", "abcdefghijj", "abcdefghija0"),
    (r"a\10", "a\u{8}", "a10"),
    ("[a-z-[aeiou]]", "b", "e"),
    ("^[^a-z-[0-9]]$", "A", "5"),
    ("^[a-z-[d-w-[m]]]$", "m", "n"),
    ("[]a]", "]", "b"),
    ("[^]a]", "b", "]"),
    ("[a-]", "-", "b"),
    ("[[a]", "[", "b"),
    ("^[&&a]$", "&", "b"),
    ("^[a~~b]$", "~", "c"),
    (r"^[\w-z]$", "-", "+"),
    (r"^[\b]$", "\u{8}", "b"),
    ("^{x}$", "{x}", "x"),
    ("{templateSha1Hash}", "a{templateSha1Hash}", "templateSha1Hash"),
    ("a{,2}", "a{,2}", "aa"),
    ("^a{2}$", "aa", "aaa"),
    ("^a{1,2}?$", "aa", "aaa"),
    ("^a{2,}$", "aaaa", "a"),
    ("a(?#comment)b", "ab", "a(?#comment)b"),
    ("a(?=b)", "ab", "ac"),
    ("a(?!b)", "ac", "ab"),
    ("(?<=a)b", "ab", "cb"),
    ("(?<!a)b", "cb", "ab"),
    ("(?<=a+c*)b", "aacb", "dcb"),
    ("^(?>a*)b", "aab", "a"),
    ("^(?>a|ab)c", "ac", "abc"),
    ("^(a)?(?(1)b|c)$", "ab", "ac"),
    ("^(?<n>a)?(?(n)b|c)$", "c", "b"),
    (r"^\w+$", "äb_1\u{303}", "a-b"),
    (r"^\d$", "\u{0663}", "a"),
    (r"^\s$", "\u{2003}", "\u{200b}"),
    (r"^\S\D\W$", "ab!", "a1!"),
    (r"^\p{Lu}\P{L}$", "A1", "a1"),
    (r"^\x41\u0042\cC\e\101$", "AB\u{3}\u{1b}A", "ABC"),
    (r"\bfoo\b", "a foo b", "afoob"),
    ("a|", "", "never"),
    (r"^\.\#\-\/\{\}$", ".#-/{}", "x"),
];

#[test]
fn constructs_mean_what_they_mean_in_dotnet() {
    for (pattern, good, bad) in MEANINGS.iter().copied() {
        assert!(matches(pattern, good), "`{pattern}` matches `{}`", good.escape_debug());
        if bad != "never" {
            assert!(!matches(pattern, bad), "`{pattern}` does not match `{}`", bad.escape_debug());
        }
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let table = [
        ("a(?<-open>b)", 2, "balancing"),
        ("(?<a-b>c)", 1, "balancing"),
        (r"x\p{IsGreek}", 2, "block `IsGreek`"),
        (r"\p{Foo}", 1, "category `Foo`"),
        ("(?(a=b)c|d)", 1, "condition"),
        (r"a\y", 2, r"escape `\y`"),
        (r"a\", 2, "backslash at the end"),
        (r"\K", 1, "escape"),
        (r"\h", 1, "escape"),
        ("(?P<n>a)", 1, "unknown kind"),
        ("(?~a)", 1, "unknown kind"),
        ("a++", 3, "nothing before it"),
        ("a**", 3, "nothing before it"),
        ("*a", 1, "nothing before it"),
        ("(*FAIL)", 2, "nothing before it"),
        ("a|{2}", 3, "nothing before it"),
        ("(a", 1, "not closed"),
        ("a)", 2, "closing parenthesis"),
        ("[a", 1, "closing bracket"),
        ("[z-a]", 2, "reverse order"),
        (r"[a-\d]", 4, "end of a range"),
        ("[a-z-[b]c]", 5, "not the last part"),
        ("[[:alpha:]]", 2, ".NET does not know"),
        ("a{3,2}", 2, "reverse order"),
        ("a{99999999999}", 2, "too large"),
        (r"(a)\2", 4, "group `2`"),
        (r"\k<x>", 1, "group `x`"),
        (r"(?<x>a)(?<x>b)\k<x>", 15, "several"),
        (r"\xZZ", 1, "hexadecimal"),
        (r"\uD800", 1, "surrogate"),
    ];
    for (pattern, column, part) in table {
        let (at, message) = refused(pattern);
        assert!(message.contains(part), "`{pattern}`: {message}");
        assert_eq!(at, column, "`{pattern}`: {message}");
    }
}

#[test]
fn patterns_that_are_too_large_or_too_deep_are_refused() {
    assert!(refused(&"a".repeat(10_001)).1.contains("10000"));
    assert!(refused(&"(".repeat(5_000)).1.contains("too deep"));
    assert!(refused(&format!("{}a{}", "(?:".repeat(51), ")".repeat(51))).1.contains("too deep"));
    assert!(refused("((a{1000}){1000}){1000}").1.contains("compile"));
    assert!(refused(r"(?=((a{1000}){1000}){1000})\w").1.contains("compile"));
}

#[test]
fn a_search_that_runs_away_is_given_up() {
    let regex = Regex::new(r"^(\w+\s?)*(?<!x)$", Options::default()).unwrap();
    let error = regex.is_match(&format!("{}!", "a".repeat(60))).unwrap_err();
    assert!(matches!(error, Error::TooComplex { .. }), "{error}");
}

#[test]
fn replaces_every_match_literally() {
    let regex = Regex::new("__x__", Options::default()).unwrap();
    assert_eq!(regex.replace_all("a __x__ __x__", "$0\\1").unwrap(), Some(("a $0\\1 $0\\1".into(), 2)));
    assert_eq!(regex.replace_all("nothing", "y").unwrap(), None);
}

#[test]
fn scopes_ignore_case_when_asked_to() {
    let regex = Regex::new(r"\\web\.CONFIG$", Options::ignoring_case()).unwrap();
    assert!(regex.is_match(r"App\Web.config").unwrap());
    assert_eq!(regex.as_str(), r"\\web\.CONFIG$");
}

proptest! {
    #[test]
    fn an_escaped_text_matches_itself_and_nothing_else(text in "\\PC*", other in "\\PC*") {
        let regex = Regex::new(&format!("\\A{}\\z", escape(&text)), Options::default()).unwrap();
        prop_assert!(regex.is_match(&text).unwrap());
        prop_assert_eq!(regex.is_match(&other).unwrap(), text == other);
    }

    #[test]
    fn no_pattern_makes_it_panic(pattern in "[a-c\\[\\](){}?*+|^$.\\\\<>'!=:#,0-9inxwkp-]{0,40}", text in "[a-c0-9 \\n]{0,20}") {
        if let Ok(regex) = Regex::new(&pattern, Options::default()) {
            let _ = regex.is_match(&text);
            let _ = regex.replace_all(&text, "x");
        }
    }
}
