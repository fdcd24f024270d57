//! The virtual path of an application in IIS: a site and a path below it, as `Default Web Site/hello`.

use std::fmt;
use std::str::FromStr;

/// A site and the path of an application in it. The root application of a site has the path `/`.
///
/// IIS compares both without regard to case; so does `==` here.
#[derive(Debug, Clone)]
pub struct ApplicationPath {
    site: String,
    path: String,
}

/// Why a text is no application path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidApplicationPath {
    /// There is no site name in it.
    #[error("application path `{0}` names no site")]
    NoSite(String),
    /// IIS does not take this character in a site's or an application's name.
    #[error("application path `{path}` contains `{character}`, which IIS does not take")]
    Character {
        /// The whole text.
        path: String,
        /// The character.
        character: char,
    },
    /// A step of it is `.` or `..`.
    #[error("application path `{0}` contains a `.` or `..` step")]
    Step(String),
}

impl ApplicationPath {
    /// A site and a path in it; slashes around the path and backslashes in it do not matter.
    ///
    /// # Errors
    /// The text is no path that IIS would take.
    pub fn new(site: &str, path: &str) -> Result<Self, InvalidApplicationPath> {
        let whole = || format!("{site}/{}", path.trim_matches(['/', '\\']));
        let site = site.trim();
        if site.is_empty() {
            return Err(InvalidApplicationPath::NoSite(whole()));
        }
        // Site names: the characters that `appcmd` refuses; the rest cannot be part of a URL path or a Windows name.
        let refused = |c: char| c.is_control() || "?;:@&=+$,|\"<>*".contains(c);
        if let Some(character) = site.chars().chain(path.chars()).find(|&c| refused(c)) {
            return Err(InvalidApplicationPath::Character { path: whole(), character });
        }
        let mut normal = String::new();
        // Windows drops blanks at the end of a folder's name, so they cannot be part of it.
        for step in path.split(['/', '\\']).map(str::trim).filter(|step| !step.is_empty()) {
            if matches!(step, "." | "..") {
                return Err(InvalidApplicationPath::Step(whole()));
            }
            normal.push('/');
            normal.push_str(step);
        }
        if matches!(site, "." | "..") {
            return Err(InvalidApplicationPath::Step(whole()));
        }
        if normal.is_empty() {
            normal.push('/');
        }
        Ok(Self { site: site.to_owned(), path: normal })
    }

    /// The site's name.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// The path in the site: `/`, or `/a/b` without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path that a URL of this application begins with: empty for the root application, else `/a/b`.
    pub fn url_prefix(&self) -> &str {
        if self.path == "/" { "" } else { &self.path }
    }

    /// The path below this application, as `/media`, of a `SITE/PATH` that lies in it; `/` is the application itself. None: it
    /// is elsewhere.
    pub fn below(&self, path: &str) -> Option<String> {
        let path: Self = path.parse().ok()?;
        let alike = |(own, step): (&str, &str)| own.to_lowercase() == step.to_lowercase();
        let own = self.steps().count();
        let inside = alike((&self.site, &path.site))
            && path.steps().count() >= own
            && self.steps().zip(path.steps()).all(alike);
        inside.then(|| format!("/{}", path.steps().skip(own).collect::<Vec<_>>().join("/")))
    }

    /// The folders of the application below its site's root, in order.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|step| !step.is_empty())
    }
}

impl PartialEq for ApplicationPath {
    fn eq(&self, other: &Self) -> bool {
        self.site.to_lowercase() == other.site.to_lowercase()
            && self.path.to_lowercase() == other.path.to_lowercase()
    }
}

impl Eq for ApplicationPath {}

impl FromStr for ApplicationPath {
    type Err = InvalidApplicationPath;

    /// Reads `Site/path`; a text without a slash is the site's root application.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_matches(['/', '\\']);
        let (site, path) = text.split_once(['/', '\\']).unwrap_or((text, ""));
        Self::new(site, path)
    }
}

impl fmt::Display for ApplicationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.site, self.url_prefix())
    }
}

impl<'de> serde::Deserialize<'de> for ApplicationPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: String = serde::Deserialize::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for ApplicationPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_site_and_path() {
        let path: ApplicationPath = "Default Web Site/shop\\api/".parse().unwrap();
        assert_eq!(
            (path.site(), path.path(), path.url_prefix()),
            ("Default Web Site", "/shop/api", "/shop/api")
        );
        assert_eq!(path.to_string(), "Default Web Site/shop/api");
        let root: ApplicationPath = "Default Web Site/".parse().unwrap();
        assert_eq!(
            (root.path(), root.url_prefix(), root.to_string().as_str()),
            ("/", "", "Default Web Site")
        );
    }

    #[test]
    fn what_lies_in_an_application_has_a_path_below_it() {
        let path: ApplicationPath = "Default Web Site/shop".parse().unwrap();
        for (whole, below) in [
            ("Default Web Site/shop", Some("/")),
            (r"default web site\SHOP\Media/Grün", Some("/Media/Grün")),
            ("Default Web Site/shopping", None),
            ("Default Web Site", None),
            ("Other/shop/media", None),
            ("Default Web Site/shop/../x", None),
        ] {
            assert_eq!(path.below(whole).as_deref(), below, "{whole}");
        }
        let root: ApplicationPath = "Site".parse().unwrap();
        assert_eq!(root.below("Site/a").as_deref(), Some("/a"));
    }

    #[test]
    fn compares_without_regard_to_case() {
        assert_eq!(
            "default web site/HELLO".parse::<ApplicationPath>().unwrap(),
            "Default Web Site/hello".parse().unwrap()
        );
    }

    #[test]
    fn refuses_what_iis_refuses() {
        assert_eq!(" / ".parse::<ApplicationPath>(), Err(InvalidApplicationPath::NoSite("/".into())));
        assert_eq!("a/../b".parse::<ApplicationPath>(), Err(InvalidApplicationPath::Step("a/../b".into())));
        assert_eq!("..".parse::<ApplicationPath>(), Err(InvalidApplicationPath::Step("../".into())));
        assert_eq!(
            "a/b?c".parse::<ApplicationPath>(),
            Err(InvalidApplicationPath::Character { path: "a/b?c".into(), character: '?' })
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_and_read_again(text in "[a-z ./\\\\]{0,20}") {
            if let Ok(path) = text.parse::<ApplicationPath>() {
                prop_assert_eq!(path.to_string().parse::<ApplicationPath>().unwrap(), path);
            }
        }
    }
}
