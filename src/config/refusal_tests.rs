//! Tests of what a user is told about a configuration that is wrong: the place, what is wrong, what to do.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::tests::{folder, loaded, yaml};
use super::*;
use crate::error::{ExitCode, Failure};

/// What a user is told about a YAML text: place, message, hint.
fn refused(text: &str) -> String {
    told(&from_yaml(Path::new("iiswsgi.yml"), text).expect_err("the text is wrong"))
}

/// Compares what a user is told about YAML texts; shows all differences at once.
fn assert_refused(table: &[(&str, &str)]) {
    let told: Vec<(&str, String)> = table.iter().map(|(text, _)| (*text, refused(text))).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(text, told)| (*text, told.as_str())).collect();
    let wrong: Vec<_> = told.iter().zip(table).filter(|(told, expected)| told != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a user is told about a table of pyproject.toml.
fn refused_toml(text: &str) -> String {
    told(
        &read::pyproject(Path::new("pyproject.toml"), text)
            .and_then(|tree| load::read_settings(&tree.expect("there is a table")).map(drop))
            .expect_err("the text is wrong"),
    )
}

fn told(error: &Error) -> String {
    assert_eq!(error.exit_code(), ExitCode::Usage);
    let place = error.location().map(|place| format!("{place}: ")).unwrap_or_default();
    let hint = error.hint().map(|hint| format!(" // {hint}")).unwrap_or_default();
    format!("{place}{error}{hint}")
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let table = [
        ("ap: x\n", "iiswsgi.yml:1:1: unknown key `ap` // Did you mean `app`?"),
        (
            "\n\nfastcgi:\n  idle_timeout: 5\n",
            "iiswsgi.yml:4:3: unknown key `idle_timeout` in `fastcgi` // Did you mean `idle-timeout`?",
        ),
        (
            "environment: {A: b}\nEnvironment: {}\n",
            "iiswsgi.yml:2:1: unknown key `Environment` // Did you mean `environment`?",
        ),
        (
            "test: {requests: [{path: /}, {pth: /}]}\n",
            "iiswsgi.yml:1:31: unknown key `pth` in `test.requests[1]` // Did you mean `path`?",
        ),
        (
            "vendor: {pyton: '3'}\n",
            "iiswsgi.yml:1:10: unknown key `pyton` in `vendor` // Did you mean `python`?",
        ),
        (
            "publish: {folder: {xyzzy: 1}}\n",
            "iiswsgi.yml:1:20: unknown key `xyzzy` in `publish.folder` // The keys here are `path`, `url`.",
        ),
    ];
    assert_refused(&table);
    assert_eq!(
        refused_toml("[project]\nname = 'ä'\n[tool.iiswsgi]\napp = 'x'\nfastcg.idle-timeout = 3\n"),
        "pyproject.toml:5:1: unknown key `fastcg` // Did you mean `fastcgi`?"
    );
}

const WRONG_VALUES: &[(&str, &str)] = &[
    ("app: [a]\n", "iiswsgi.yml:1:6: `app` is a list, expected a text of one line"),
    ("app: ''\n", "iiswsgi.yml:1:6: `app` is the text ``, expected a text of one line"),
    ("app: \"a\\nb\"\n", "iiswsgi.yml:1:6: `app` is the text `a\\nb`, expected a text of one line"),
    (
        "app: true\n",
        "iiswsgi.yml:1:6: `app` is the boolean `true`, expected a text of one line // Put the value in quotes if it is meant as text.",
    ),
    (
        "environment: {DEBUG: true}\n",
        "iiswsgi.yml:1:22: `environment.DEBUG` is the boolean `true`, expected a text // Put the value in quotes if it is meant as text.",
    ),
    (
        "environment: {'A=B': x}\n",
        "iiswsgi.yml:1:15: `environment` has `A=B`, which is not the name of an environment variable",
    ),
    ("environment: [A=b]\n", "iiswsgi.yml:1:14: `environment` is a list, expected a mapping"),
    ("fastcgi: 3\n", "iiswsgi.yml:1:10: `fastcgi` is the number `3`, expected a mapping"),
    ("fastcgi: [1]\n", "iiswsgi.yml:1:10: `fastcgi` is a list, expected a mapping"),
    (
        "fastcgi:\n  idle-timeout: 5\n",
        "iiswsgi.yml:2:17: `fastcgi.idle-timeout` is the number `5`, expected a whole number from 10 to 2592000",
    ),
    (
        "fastcgi: {max-instances: -1}\n",
        "iiswsgi.yml:1:26: `fastcgi.max-instances` is the number `-1`, expected a whole number from 0 to 10000",
    ),
    (
        "fastcgi: {max-instances: 1.5}\n",
        "iiswsgi.yml:1:26: `fastcgi.max-instances` is the number `1.5`, expected a whole number from 0 to 10000",
    ),
    (
        "fastcgi: {max-instances: '4'}\n",
        "iiswsgi.yml:1:26: `fastcgi.max-instances` is the text `4`, expected a whole number from 0 to 10000",
    ),
    (
        "fastcgi: {max-instances: 99999999999999999999}\n",
        "iiswsgi.yml:1:26: `fastcgi.max-instances` is the number `100000000000000000000`, expected a whole number from 0 to 10000",
    ),
    (
        "fastcgi: {signal-before-terminate-seconds: 61}\n",
        "iiswsgi.yml:1:44: `fastcgi.signal-before-terminate-seconds` is the number `61`, expected a whole number from 0 to 60",
    ),
    (
        "fastcgi: {stderr-mode: returnstderrin500}\n",
        "iiswsgi.yml:1:24: `fastcgi.stderr-mode` cannot be `returnstderrin500` // Did you mean `ReturnStdErrIn500`? The choices are `ReturnStdErrIn500`, `ReturnGeneric500`, `IgnoreAndReturn200`, `TerminateProcess`.",
    ),
    (
        "test: {startup-timeout: 0}\n",
        "iiswsgi.yml:1:25: `test.startup-timeout` is the number `0`, expected seconds from 0.001 to 86400",
    ),
    (
        "test: {requests: [{path: index}]}\n",
        "iiswsgi.yml:1:26: `test.requests[0].path` is the text `index`, expected a path that begins with `/`, with blanks and `#` as `%20` and `%23`",
    ),
    (
        "test: {requests: [{status: [200, 99]}]}\n",
        "iiswsgi.yml:1:34: `test.requests[0].status[1]` is the number `99`, expected a whole number from 100 to 599",
    ),
    (
        "test: {requests: [{status: 99}]}\n",
        "iiswsgi.yml:1:28: `test.requests[0].status` is the number `99`, expected a whole number from 100 to 599",
    ),
    (
        "test: {requests: [{matches: '('}]}\n",
        "iiswsgi.yml:1:29: `test.requests[0].matches` is not a regular expression: unclosed group",
    ),
    (
        "test: {requests: [{method: get it}]}\n",
        "iiswsgi.yml:1:28: `test.requests[0].method` is the text `get it`, expected a method such as `GET` or `POST`",
    ),
    (
        "files: {include: ['a[']}\n",
        "iiswsgi.yml:1:19: `files.include[0]` is not a pattern of paths: unclosed character class; missing ']'",
    ),
    ("vendor: 3\n", "iiswsgi.yml:1:9: `vendor` is the number `3`, expected `true`, `false` or a mapping"),
    (
        "vendor: {python: python3}\n",
        "iiswsgi.yml:1:18: `vendor.python` is `python3`, expected a Python version such as `3.11`",
    ),
    (
        "bootstrap: {success-return-codes: [0x0, x]}\n",
        "iiswsgi.yml:1:41: `bootstrap.success-return-codes[1]` is `x`, expected an exit code such as `0x0` or `0`",
    ),
    ("parameters: [{friendly-name: A}]\n", "iiswsgi.yml:1:14: the key `name` is missing in `parameters[0]`"),
    (
        "parameters: [{name: A, entries: [{kind: Textfile}]}]\n",
        "iiswsgi.yml:1:41: `parameters[0].entries[0].kind` cannot be `Textfile` // Did you mean `TextFile`? The choices are `ProviderPath`, `TextFile`, `TextFilePosition`, `XmlFile`, `DeploymentObjectAttribute`, `DestinationBinding`, `DestinationVirtualDirectory`.",
    ),
    (
        "package: {source-date-epoch: tomorrow}\n",
        "iiswsgi.yml:1:30: `package.source-date-epoch` is the text `tomorrow`, expected a whole number from 0 to 4294967295",
    ),
    ("- app\n", "iiswsgi.yml:1:1: found a list, expected a mapping"),
    ("app\n", "iiswsgi.yml:1:1: found the text `app`, expected a mapping"),
];

#[test]
fn wrong_types_and_ranges_are_refused_with_what_was_expected() {
    assert_refused(WRONG_VALUES);
}

#[test]
fn a_key_without_a_value_is_none() {
    assert_eq!(yaml("publish: {github: }\n"), FileConfig::default());
}

#[test]
fn settings_that_exclude_or_need_each_other_are_refused() {
    let table = [
        (
            "parameters: [{name: A, file: a.ini}]\n",
            "iiswsgi.yml:1:14: the key `placeholder` is missing in `parameters[0]`",
        ),
        (
            "environment: {Path: a, PATH: b}\n",
            "iiswsgi.yml:1:21: `environment.Path` is also set as `PATH`; names are compared without regard to case",
        ),
        (
            "parameters: [{name: A}, {name: a}]\n",
            "iiswsgi.yml:1:32: `parameters[1].name` `a` stands twice; names are compared without regard to case",
        ),
        (
            "parameters: [{name: A, validation: {enumeration: ['a,b']}}]\n",
            "iiswsgi.yml:1:50: `parameters[0].validation.enumeration` has `a,b`, but Web Deploy cannot write a comma in a value",
        ),
        (
            "test: {requests: [{body: a, body-file: b}]}\n",
            "iiswsgi.yml:1:19: `test.requests[0]` cannot have both `body` and `body-file`",
        ),
        (
            "test: {requests: [{headers: {'A B': x}}]}\n",
            "iiswsgi.yml:1:29: `test.requests[0].headers` has `A B`, which is not a header name",
        ),
        (
            "test: {requests: [{response-headers: {A: {}}}]}\n",
            "iiswsgi.yml:1:42: `test.requests[0].response-headers.A` needs one of `equals`, `contains`, `matches` and `absent`",
        ),
        (
            "feed: {discovery-hints: [{}]}\n",
            "iiswsgi.yml:1:26: `feed.discovery-hints[0]` needs exactly one of `file`, `registry` and `msi-product-code`",
        ),
        (
            "bootstrap: {venv: ../x}\n",
            "iiswsgi.yml:1:19: `bootstrap.venv` is `../x`, expected a folder below the application's, with forward slashes",
        ),
        (
            "package: {file-name: a/b.zip}\n",
            "iiswsgi.yml:1:22: `package.file-name` is `a/b.zip`, expected a file name without a folder",
        ),
    ];
    assert_refused(&table);
}

#[test]
fn malformed_texts_are_refused_with_their_place() {
    insta::assert_snapshot!(refused("app: 'x\n"), @"iiswsgi.yml:1:6: `iiswsgi.yml` is not valid YAML: unclosed quote // Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes.");
    insta::assert_snapshot!(refused("app: x\n  name: y\n"), @"iiswsgi.yml:2:7: `iiswsgi.yml` is not valid YAML: mapping values are not allowed in this context // Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes.");
    insta::assert_snapshot!(refused("app: [a, b\n"), @"iiswsgi.yml:1:6: `iiswsgi.yml` is not valid YAML: unclosed bracket '[' // Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes.");
    insta::assert_snapshot!(refused("a: *nobody\n"), @"iiswsgi.yml:1:4: `iiswsgi.yml` is not valid YAML: alias references unknown anchor // Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes.");
    insta::assert_snapshot!(refused("app: x\n---\napp: y\n"), @"iiswsgi.yml:3:1: `iiswsgi.yml` is not valid YAML: a second document begins here");
    insta::assert_snapshot!(refused("app: a\nname: b\napp: c\n"), @"iiswsgi.yml:3:1: the key `app` stands twice // Keep one of them.");
    insta::assert_snapshot!(refused("? [a]\n: b\n"), @"iiswsgi.yml:1:3: `iiswsgi.yml` is not valid YAML: expected string scalar // Indent with blanks, and put texts with `:`, `#` or a leading `@`, `%`, `*` or `&` in quotes.");
    insta::assert_snapshot!(refused_toml("[tool.iiswsgi]\napp = x\n"), @"pyproject.toml:2:7: `pyproject.toml` is not valid TOML: string values must be quoted, expected literal string");
    insta::assert_snapshot!(refused_toml("[tool.iiswsgi]\napp = 'x'\napp = 'y'\n"), @"pyproject.toml:3:1: the key `app` stands twice // Keep one of them.");
    insta::assert_snapshot!(refused_toml("[tool.iiswsgi\n"), @"pyproject.toml:1:14: `pyproject.toml` is not valid TOML: unclosed table, expected `]`");
}

#[test]
fn two_files_for_one_folder_are_refused() {
    let error = loaded(&[("iiswsgi.yml", "app: a\n"), ("pyproject.toml", "\n[tool.iiswsgi]\n")]).unwrap_err();
    assert!(error.to_string().contains("iiswsgi.yml` and `[tool.iiswsgi]` in `"), "{error}");
    assert_eq!(error.location().map(|place| place.line), Some(2));
    let error = loaded(&[("iiswsgi.yml", ""), ("iiswsgi.yaml", "")]).unwrap_err();
    assert!(matches!(error, Error::TwoFiles { .. }), "{error}");
    assert_eq!(error.hint().as_deref(), Some("Keep one of them and remove the other."));
}

#[test]
fn files_that_cannot_be_read_are_refused() {
    let folder = folder(&[]);
    let load = |file: Option<&Path>| load(folder.path(), file, &Environment::empty(), &Overrides::new());
    let error = load(Some(&folder.path().join("none.yml"))).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    fs::create_dir(folder.path().join("iiswsgi.yml")).unwrap();
    assert!(matches!(load(None).unwrap_err(), Error::Read(_)));
    fs::remove_dir(folder.path().join("iiswsgi.yml")).unwrap();
    fs::write(folder.path().join("iiswsgi.yml"), b"# \n app: \xff\n").unwrap();
    let error = load(None).unwrap_err();
    assert_eq!(error.location().map(|place| place.line), Some(2), "{error}");
    assert_eq!(
        (error.exit_code(), error.hint().as_deref()),
        (ExitCode::Usage, Some("Save the file as UTF-8."))
    );
    fs::write(folder.path().join("iiswsgi.yml"), vec![b' '; 5 << 20]).unwrap();
    assert!(matches!(load(None).unwrap_err(), Error::TooLarge { .. }));
}

#[test]
fn wrong_values_of_environment_and_flags_name_the_variable_and_the_flag() {
    let folder = folder(&[]);
    let environment: Environment = [("IISWSGI_FASTCGI_IDLE_TIMEOUT", "soon")].into_iter().collect();
    let error = load(folder.path(), None, &environment, &Overrides::new()).unwrap_err();
    assert_eq!(
        told(&error),
        "`fastcgi.idle-timeout` is the text `soon`, expected a whole number from 10 to 2592000 (environment `IISWSGI_FASTCGI_IDLE_TIMEOUT`)"
    );
    let mut overrides = Overrides::new();
    overrides.set("package.format", "--format", "tar");
    let error = load(folder.path(), None, &Environment::empty(), &overrides).unwrap_err();
    assert_eq!(
        told(&error),
        "`package.format` cannot be `tar` (flag `--format`) // The choices are `gallery`, `archive`."
    );
}

#[test]
fn aliases_and_merge_keys_work_and_bombs_do_not() {
    let config = yaml("define: &d {A: 3.10}\nenvironment: {<<: *d, B: x}\n");
    let values: Vec<(&str, &str)> =
        config.environment.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(values, [("A", "3.10"), ("B", "x")]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert!(refused(&bomb).contains("not valid YAML"));
    assert!(refused(&"[".repeat(100_000)).contains("not valid YAML"));
    assert!(refused(&format!("app: {}1{}", "[".repeat(40), "]".repeat(40))).contains("not valid YAML"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = from_yaml(Path::new("x"), &text);
        let _ = read::pyproject(Path::new("x"), &text);
    }

    #[test]
    fn nothing_like_a_configuration_makes_it_panic(
        lines in proptest::collection::vec(("( {0,4}|- )", "[a-z-]{1,10}", ": ?", "(|[0-9.x_-]{1,6}|\\[|\\{|'|\"|&a|\\*a|!!int 3|[a-z]{1,5}: |\\PC{0,6})"), 0..12)
    ) {
        let text = lines.into_iter().map(|(a, b, c, d)| format!("{a}{b}{c}{d}")).collect::<Vec<_>>().join("\n");
        let _ = from_yaml(Path::new("x"), &text);
        let _ = read::pyproject(Path::new("x"), &format!("[tool.iiswsgi]\n{}", text.replace(':', "=")));
    }
}

#[test]
fn yes_and_no_are_texts_and_not_booleans() {
    assert_eq!(yaml("title: yes\n").title.as_deref(), Some("yes"));
    assert_eq!(
        refused("vendor: {enabled: yes}\n"),
        "iiswsgi.yml:1:19: `vendor.enabled` is the text `yes`, expected `true` or `false`"
    );
}
