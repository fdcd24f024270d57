//! Where `appcmd.exe` lies.

use std::path::PathBuf;

use crate::template::Variables;

/// Whose `appcmd.exe` it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// That of IIS, the Windows feature: it changes the configuration of the machine.
    Iis,
    /// That of IIS Express: it changes the configuration of a user, or the one that it is told.
    Express,
}

/// The places that are looked at, in order: `%IIS_BIN%`, then the folders that Windows and IIS Express install to.
pub fn places(flavour: Flavour, variables: &Variables) -> Vec<PathBuf> {
    let below = |name: &str, steps: &[&str]| {
        let folder = variables.get(name).filter(|folder| !folder.is_empty())?;
        Some(steps.iter().fold(PathBuf::from(folder), |path, step| path.join(step)))
    };
    let express = ["IIS Express", "appcmd.exe"];
    // A folder that is told may be that of either.
    let told =
        below("IIS_BIN", &["appcmd.exe"]).filter(|path| is_express(path) == (flavour == Flavour::Express));
    let usual = match flavour {
        Flavour::Iis => vec![
            below("windir", &["System32", "inetsrv", "appcmd.exe"]),
            below("SystemRoot", &["System32", "inetsrv", "appcmd.exe"]),
        ],
        Flavour::Express => vec![
            below("ProgramFiles", &express),
            below("ProgramW6432", &express),
            below("ProgramFiles(x86)", &express),
        ],
    };
    let mut places: Vec<PathBuf> = told.into_iter().chain(usual.into_iter().flatten()).collect();
    places.dedup();
    places
}

/// The first place that has one.
pub fn locate(flavour: Flavour, variables: &Variables) -> Option<PathBuf> {
    places(flavour, variables).into_iter().find(|path| path.is_file())
}

fn is_express(path: &std::path::Path) -> bool {
    path.parent().is_some_and(|folder| folder.join("iisexpress.exe").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_told_folder_comes_first_and_belongs_to_whom_it_looks_like() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        let express = folder.path().join("programs").join("IIS Express");
        for folder in [&bin, &express] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("appcmd.exe"), "").unwrap();
        }
        let variables: Variables = [
            ("IIS_BIN", bin.to_string_lossy().into_owned()),
            ("ProgramFiles(x86)", folder.path().join("programs").to_string_lossy().into_owned()),
            ("windir", folder.path().join("nothing").to_string_lossy().into_owned()),
        ]
        .into_iter()
        .collect();
        assert_eq!(locate(Flavour::Iis, &variables), Some(bin.join("appcmd.exe")));
        assert_eq!(locate(Flavour::Express, &variables), Some(express.join("appcmd.exe")));
        std::fs::write(bin.join("iisexpress.exe"), "").unwrap();
        assert_eq!(locate(Flavour::Iis, &variables), None);
        assert_eq!(locate(Flavour::Express, &variables), Some(bin.join("appcmd.exe")));
    }
}
