//! Whether IIS has started this process, and where its log is then: IIS shows nobody what is printed.
//!
//! `python/iiswsgi/lastwords.py` has the same list for the case that this library cannot be loaded. Pure: what the
//! environment says is asked of the caller.

use std::path::{MAIN_SEPARATOR, PathBuf};

const NAME: &str = "iiswsgi.log";

/// Asks for a variable.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether IIS or IIS Express has started this process.
pub fn is_under_iis(variable: Variable<'_>) -> bool {
    ["APP_POOL_ID", "IIS_USER_HOME", "_FCGI_X_PIPE_"].into_iter().any(|name| variable(name).is_some())
}

/// The files that are tried, one after the other.
pub fn places(variable: Variable<'_>) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let mut found = Vec::new();
    if let Some(home) = set("IIS_USER_HOME").map(PathBuf::from) {
        // A site's name that is a path would lead elsewhere.
        let site = set("IISEXPRESS_SITENAME").filter(|site| site != ".." && !site.contains(['/', '\\', ':']));
        found.extend(site.map(|site| home.join("Logs").join(site).join(NAME)));
        found.push(home.join("Logs").join(NAME));
    }
    let otherwise = (!cfg!(windows)).then(|| "/tmp".to_owned());
    found.extend(
        set("TEMP").or_else(|| set("TMPDIR")).or(otherwise).map(|folder| PathBuf::from(folder).join(NAME)),
    );
    found.push([MAIN_SEPARATOR.to_string().as_str(), NAME].iter().collect());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> (bool, Vec<String>) {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let shown = |path: PathBuf| path.to_string_lossy().replace('\\', "/");
        (is_under_iis(&variable), places(&variable).into_iter().map(shown).collect())
    }

    #[test]
    fn the_folder_of_the_site_comes_first_and_the_root_last() {
        let variables = [("IIS_USER_HOME", "/u"), ("IISEXPRESS_SITENAME", "site"), ("TEMP", "/t")];
        let places = ["/u/Logs/site/iiswsgi.log", "/u/Logs/iiswsgi.log", "/t/iiswsgi.log", "/iiswsgi.log"];
        assert_eq!(of(&variables), (true, places.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_site_named_like_a_path_leads_nowhere_else() {
        for site in ["..", "a/b", "a\\b", "c:"] {
            let (_, places) = of(&[("IIS_USER_HOME", "/u"), ("IISEXPRESS_SITENAME", site), ("TEMP", "/t")]);
            assert_eq!(places.len(), 3, "{site}");
        }
    }

    #[test]
    fn a_process_of_somebody_else_is_not_under_iis() {
        assert!(!of(&[("TEMP", "/t")]).0);
        assert!(of(&[("APP_POOL_ID", "DefaultAppPool")]).0 && of(&[("_FCGI_X_PIPE_", "")]).0);
    }
}
