//! Tests of entries made from packages and distributions, and of the whole way to a written feed.

use super::super::{read, write};
use super::*;

fn about(name: &str) -> About {
    About {
        name: name.into(),
        version: "1.2".into(),
        title: Some("My & App".into()),
        summary: Some("Says <hello>.".into()),
        description: Some("First line.\n\n  Second paragraph.".into()),
        url: Some("https://example.com/app".into()),
        author: Some("Ännchen".into()),
        author_url: Some("https://example.com/".into()),
        license_url: Some("https://example.com/license".into()),
        icon_url: Some("https://example.com/icon.png".into()),
        screenshot_url: Some("https://example.com/shot.png".into()),
        keywords: split_keywords("wsgi IIS FastCGI"),
        related: vec!["IISManagementConsole".into()],
        ..About::default()
    }
}

fn application(name: &str) -> Application {
    Application {
        about: about(name),
        file: PackageFile {
            url: "https://example.com/MyApp-1.2.msdeploy.zip".into(),
            size: 2049,
            sha1: "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709".into(),
        },
        ..Application::default()
    }
}

fn feed(entries: Vec<Entry>) -> Feed {
    let time = Timestamp::as_written("2026-11-22T17:00:00Z");
    let mut feed = Feed::new("https://example.com/feed.xml", "Apps", time);
    feed.links.push(super::super::Link { rel: Some("self".into()), href: feed.id.clone() });
    feed.entries = entries;
    feed.complete_lists();
    feed
}

#[test]
fn a_feed_of_an_application_and_a_product_reads_as_documented() {
    let options = Options::default();
    let product = PythonProduct { about: about("virtual-env.x"), discovery_file: None };
    let feed = feed(vec![application("MyApp").entry(&options), product.entry(&options)]);
    insta::assert_snapshot!("application_and_product", write(&feed).unwrap());
}

#[test]
fn sizes_are_kilobytes_rounded_up_and_never_zero() {
    let sizes = [(0, 1), (1, 1), (1024, 1), (1025, 2), (2_147_483_647, 2_097_152)];
    for (bytes, kilobytes) in sizes {
        assert_eq!(InstallerFile::kilobytes(bytes), kilobytes);
    }
}

#[test]
fn keywords_are_split_at_commas_or_else_at_blanks() {
    assert_eq!(split_keywords("python IIS  FastCGI WSGI"), ["python", "IIS", "FastCGI", "WSGI"]);
    assert_eq!(split_keywords("web server, python;\n wsgi ,, Python"), ["web server", "python", "wsgi"]);
    assert_eq!(split_keywords("  "), [""; 0]);
}

#[test]
fn keywords_that_differ_in_case_become_one_in_the_whole_feed() {
    let options = Options::default();
    let mut second = application("Second");
    second.about.keywords = vec!["WSGI".into(), "Blog".into()];
    let feed = feed(vec![application("First").entry(&options), second.entry(&options)]);
    assert_eq!(feed.entries[1].keywords, ["wsgi", "Blog"]);
    let ids: Vec<&str> = feed.keywords.iter().map(|word| word.id.as_str()).collect();
    assert_eq!(ids, ["wsgi", "IIS", "FastCGI", "Blog"]);
}

#[test]
fn ids_of_two_packages_with_one_home_page_differ() {
    let options = Options::default();
    let (one, two) = (application("One").entry(&options), application("Two x").entry(&options));
    assert_eq!(one.id, "https://example.com/app#One");
    assert_eq!(two.id, "https://example.com/app#Two%20x");
}

#[test]
fn every_language_gets_an_installer_and_is_listed() {
    let mut app = application("App");
    app.languages = vec!["en".into(), "de".into()];
    let feed = feed(vec![app.entry(&Options::default())]);
    let installers = &feed.entries[0].installers;
    assert_eq!(installers.len(), 2);
    assert_eq!((installers[1].id.as_str(), installers[1].language.as_str()), ("2", "de"));
    let languages: Vec<_> = feed.languages.iter().map(|l| (l.name.text.as_str(), l.default)).collect();
    assert_eq!(languages, [("English", true), ("German", false)]);
    assert_eq!(feed.resources[1].culture, "de");
}

#[test]
fn dependencies_are_the_configured_ones_and_the_projects_own() {
    let options = Options {
        application_dependencies: vec!["WDeploy".into(), "Python27".into(), "iiswsgi".into()],
        ..Options::default()
    };
    let mut app = application("App");
    app.about.dependencies = vec!["virtualenv".into(), "wdeploy".into(), "App".into()];
    let expected = ["WDeploy", "Python27", "iiswsgi", "virtualenv"];
    assert_eq!(app.entry(&options).dependency, Dependency::all_of(expected));
    let product = PythonProduct { about: about("x"), discovery_file: None };
    assert_eq!(product.entry(&options).dependency, None);
}

#[test]
fn a_product_says_how_it_is_installed_and_found() {
    let mut product = PythonProduct { about: about("virtual-env.x"), discovery_file: None };
    product.about.version = "1.0 & calc".into();
    let entry = product.entry(&Options::default());
    assert_eq!(
        entry.installers[0].commands,
        [InstallCommand::CommandLine {
            executable: r"%SystemRoot%\py.exe".into(),
            arguments: "-3 -m pip install --log \"%TMP%\\virtual-env.x.log\" virtual-env.x==1.0calc".into(),
            ignore_exit_code: false,
        }]
    );
    assert_eq!(entry.installers[0].ms_deploy, None);
    product.discovery_file = Some(r"C:\x".into());
    let found = product.entry(&Options::default()).discovery;
    assert_eq!(found, Some(DiscoveryHint::File { path: r"C:\x".into(), minimum_version: None }));
}

#[test]
fn a_product_of_any_version_asks_for_none() {
    let mut product = PythonProduct { about: about("Paste-Deploy"), discovery_file: None };
    product.about.version.clear();
    let entry = product.entry(&Options::default());
    let InstallCommand::CommandLine { arguments, .. } = &entry.installers[0].commands[0] else { panic!() };
    assert!(arguments.ends_with(" Paste-Deploy"), "{arguments}");
    let Some(DiscoveryHint::File { path, .. }) = &entry.discovery else { panic!() };
    assert!(path.ends_with(r"\site-packages\paste_deploy\__init__.py"), "{path}");
    assert!(!write(&feed(vec![entry])).unwrap().contains("<version>"));
}

#[test]
fn what_is_written_is_read_back() {
    let options = Options::default();
    let product = PythonProduct { about: about("venv"), discovery_file: None };
    let mut app = application("MyApp");
    app.start_page = Some("index.html".into());
    let written = feed(vec![app.entry(&options), product.entry(&options)]);
    let mut expected = written.clone();
    for entry in &mut expected.entries {
        entry.updated = Some(written.updated.clone());
        entry.published = Some(written.updated.clone());
    }
    assert_eq!(read(write(&written).unwrap().as_bytes()).unwrap(), expected);
}

#[test]
fn two_entries_of_one_product_are_refused() {
    let options = Options::default();
    let twice = feed(vec![application("App").entry(&options), application("app").entry(&options)]);
    assert_eq!(write(&twice).unwrap_err().to_string(), "two entries have the product id `app`");
    let nameless = feed(vec![application(" ").entry(&options)]);
    assert_eq!(write(&nameless).unwrap_err().to_string(), "the entry `My & App` has no product id");
}
