//! The address of a package in a feed, from a template as `https://github.com/{repository}/releases/download/{tag}/{file}`.
//!
//! The variables are the original's (`str.format` over the names of its metadata) and ours. Values are percent-encoded
//! (RFC 3986, 2.1), except a whole URL at the beginning of the template; `{{` and `}}` are braces.

use std::collections::BTreeMap;

use super::Error;
use crate::uri::{encode_non_ascii, fault, file_url, percent_encode};

/// The template for packages that stay where they were built, as the original's test recipe has it.
pub const LOCAL_FILE: &str = "{msdeploy_package_url}";

/// Every variable that a template may name, with what it stands for.
pub const VARIABLES: &[(&str, &str)] = &[
    ("name", "the name of the distribution"),
    ("version", "its version"),
    ("file", "the file name of the package"),
    ("tag", "the tag of the release"),
    ("repository", "the repository on GitHub, as `OWNER/NAME`"),
    ("sha1", "the package's SHA-1 in hexadecimal digits"),
    ("sha256", "the package's SHA-256 in hexadecimal digits"),
    ("letter", "the first character of the file name"),
    ("msdeploy_file", "the file name of the package"),
    ("msdeploy_package", "the absolute path of the package"),
    ("msdeploy_package_url", "the `file:` URL of the package"),
    ("py_version", "the version of Python, as `3.13.1`"),
    ("py_version_short", "the version of Python, as `3.13`"),
    ("py_version_nodot", "the version of Python, as `313`"),
    ("prefix", "the folder of the Python installation"),
    ("exec_prefix", "the folder of the Python installation"),
    ("base", "the folder of the Python installation"),
    ("platbase", "the folder of the Python installation"),
    ("author", "the author"),
    ("author_email", "the author's address"),
    ("maintainer", "the maintainer"),
    ("maintainer_email", "the maintainer's address"),
    ("url", "the home page"),
    ("license", "the licence"),
    ("description", "the summary"),
    ("long_description", "the description"),
    ("keywords", "the keywords"),
    ("platforms", "the platforms"),
    ("classifiers", "the classifiers"),
    ("download_url", "the download page"),
    ("provides", "what it provides"),
    ("requires", "what it requires"),
    ("obsoletes", "what it makes obsolete"),
];

/// The values of variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value, also of a name that is not in [`VARIABLES`] (the original had all of `sysconfig`).
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets what follows from the package file: `file`, `msdeploy_file`, `letter`, and with an absolute path
    /// `msdeploy_package` and `msdeploy_package_url`.
    pub fn set_package(&mut self, file_name: &str, absolute_path: Option<&str>) -> &mut Self {
        self.set("file", file_name).set("msdeploy_file", file_name);
        self.set("letter", file_name.chars().take(1).collect::<String>());
        if let Some(path) = absolute_path {
            self.set("msdeploy_package", path);
            if let Some(url) = file_url(path) {
                self.set("msdeploy_package_url", url);
            }
        }
        self
    }

    /// Sets `py_version` and its short forms from a version as `3.13.1` or `3.13`.
    pub fn set_python(&mut self, version: &str) -> &mut Self {
        let short: Vec<&str> = version.split('.').take(2).collect();
        self.set("py_version", version).set("py_version_short", short.join("."));
        self.set("py_version_nodot", short.concat())
    }
}

/// Fills in a template and checks that the result is an absolute `http:`, `https:` or `file:` URL.
///
/// # Errors
/// The template names a variable that does not exist or has no value here, has a single brace, or gives no such URL.
pub fn expand(template: &str, variables: &Variables) -> Result<String, Error> {
    let mut url = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        url.push_str(&rest[..at]);
        rest = &rest[at..];
        let column = template[..template.len() - rest.len()].chars().count() + 1;
        if rest.starts_with("{{") || rest.starts_with("}}") {
            url.push_str(&rest[..1]);
            rest = &rest[2..];
        } else if let Some(inner) = rest.strip_prefix('{')
            && let Some(end) = inner.find(['{', '}']).filter(|&end| inner[end..].starts_with('}'))
        {
            let value = value_of(&inner[..end], variables, template, column)?;
            if url.is_empty() && fault(value).is_none() {
                url.push_str(value);
            } else {
                url.push_str(&encoded(&inner[..end], value));
            }
            rest = &inner[end + 1..];
        } else {
            let brace = if rest.starts_with('{') { '{' } else { '}' };
            return Err(Error::SingleBrace { brace, template: template.to_owned(), column });
        }
    }
    url.push_str(rest);
    let url = encode_non_ascii(&url);
    match fault(&url) {
        None => Ok(url),
        Some(reason) => Err(Error::BadUrl { template: template.to_owned(), url, reason }),
    }
}

fn value_of<'v>(
    name: &str,
    variables: &'v Variables,
    template: &str,
    column: usize,
) -> Result<&'v str, Error> {
    if let Some(value) = variables.0.get(name) {
        return Ok(value);
    }
    if VARIABLES.iter().any(|(known, _)| *known == name) {
        return Err(Error::UnsetVariable { name: name.to_owned(), template: template.to_owned() });
    }
    let known = VARIABLES.iter().map(|(known, _)| *known).chain(variables.0.keys().map(String::as_str));
    let lower = name.to_lowercase();
    let nearest = known
        .map(|known| (strsim::damerau_levenshtein(&lower, known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(3) / 2)
        .map(|(_, known)| known.to_owned());
    Err(Error::UnknownVariable { name: name.to_owned(), nearest, template: template.to_owned(), column })
}

/// Slashes of a repository and of a path are the structure of the URL; in all other values they are data.
fn encoded(name: &str, value: &str) -> String {
    match name {
        "repository" => percent_encode(value, "/"),
        "msdeploy_package" => percent_encode(&value.replace('\\', "/"), "/"),
        _ => percent_encode(value, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;
    use proptest::prelude::*;

    fn variables() -> Variables {
        let mut variables = Variables::new();
        variables.set_package("My App-1.0.msdeploy.zip", Some(r"C:\build\a b\My App-1.0.msdeploy.zip"));
        variables.set_python("3.13.1");
        variables.set("name", "My App").set("version", "1.0+local").set("tag", "v1/0#x");
        variables.set("repository", "owner/project").set("url", "https://example.com/app").set("sha1", "ab");
        variables
    }

    #[test]
    fn fills_in_the_variables_of_the_original() {
        let expanded = expand(
            "http://pypi.python.org/packages/{py_version_short}/{letter}/{name}/{msdeploy_file}",
            &variables(),
        );
        assert_eq!(
            expanded.unwrap(),
            "http://pypi.python.org/packages/3.13/M/My%20App/My%20App-1.0.msdeploy.zip"
        );
        assert_eq!(
            expand(LOCAL_FILE, &variables()).unwrap(),
            "file:///C:/build/a%20b/My%20App-1.0.msdeploy.zip"
        );
    }

    #[test]
    fn fills_in_ours_percent_encoded() {
        assert_eq!(
            expand("https://github.com/{repository}/releases/download/{tag}/{file}", &variables()).unwrap(),
            "https://github.com/owner/project/releases/download/v1%2F0%23x/My%20App-1.0.msdeploy.zip"
        );
        assert_eq!(
            expand("{url}/{version}?h={sha1}&b={{x}}", &variables()).unwrap_err().to_string(),
            "the URL template `{url}/{version}?h={sha1}&b={{x}}` gives \
             `https://example.com/app/1.0%2Blocal?h=ab&b={x}`: it holds a blank or another character that must be \
             percent-encoded"
        );
        assert_eq!(
            expand("https://ü.example/{version}", &variables()).unwrap(),
            "https://%C3%BC.example/1.0%2Blocal"
        );
    }

    #[test]
    fn an_unknown_variable_is_an_error_that_names_the_nearest() {
        let error = expand("https://example.com/{versoin}", &variables()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown variable `versoin` in the URL template `https://example.com/{versoin}`"
        );
        assert!(error.hint().unwrap().contains("`{version}`"));
        assert!(expand("https://e/{Tag}", &variables()).unwrap_err().hint().unwrap().contains("`{tag}`"));
        let error = expand("https://e/{zzzzzzzzzzzzzzzzzzzzzz}", &variables()).unwrap_err();
        assert!(!error.hint().unwrap().contains("Did you mean"));
    }

    #[test]
    fn a_variable_without_a_value_and_a_single_brace_are_errors() {
        assert!(matches!(
            expand("https://e/{sha256}", &variables()),
            Err(Error::UnsetVariable { name, .. }) if name == "sha256"
        ));
        assert!(matches!(
            expand("https://e/ä{name", &variables()),
            Err(Error::SingleBrace { brace: '{', column: 12, .. })
        ));
        assert!(matches!(expand("https://e/}", &variables()), Err(Error::SingleBrace { brace: '}', .. })));
    }

    #[test]
    fn the_result_must_be_an_absolute_url() {
        for bad in [
            "{file}",
            "ftp://e/x",
            "https:x",
            "https:///x",
            "https://e:x/",
            "https://u:p@e/x",
            "https://e/a b",
            "file://",
            "file:///",
            r"https://e\x",
            "",
        ] {
            assert!(matches!(expand(bad, &variables()), Err(Error::BadUrl { .. })), "{bad}");
        }
        for good in
            ["https://e", "HTTP://e:8080/x?y#z", "file://server/share/x", "file:///C:/x", "http://[::1]/"]
        {
            assert_eq!(expand(good, &variables()).unwrap(), good);
        }
    }

    proptest! {
        #[test]
        fn any_value_gives_a_url_and_any_template_an_answer(value in "\\PC*", template in "\\PC*") {
            let mut variables = Variables::new();
            variables.set("name", value);
            let url = expand("https://example.com/{name}/x", &variables).unwrap();
            prop_assert!(url.is_ascii());
            prop_assert_eq!(url.matches('/').count(), 4);
            let _ = expand(&template, &variables);
        }
    }
}
