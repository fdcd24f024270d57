//! Where `msdeploy.exe` lies.

use std::path::PathBuf;
use std::time::Duration;

use crate::process::{Program, Runner};
use crate::template::Variables;

/// Where Web Deploy notes its folders.
const KEY: &str = r"HKLM\SOFTWARE\Microsoft\IIS Extensions\MSDeploy";

/// The places that are looked at before and after the registry: the folder that `MSDeployPath` names, and those that Web Deploy
/// installs to, the newest version first.
pub fn places(variables: &Variables) -> Vec<PathBuf> {
    let program = |folder: PathBuf| {
        if folder.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("exe")) {
            folder
        } else {
            folder.join("msdeploy.exe")
        }
    };
    let told =
        variables.get("MSDeployPath").map(|path| path.trim_matches('"')).filter(|path| !path.is_empty());
    let mut places: Vec<PathBuf> = told.map(|folder| program(PathBuf::from(folder))).into_iter().collect();
    for version in ["V4", "V3"] {
        for name in ["ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"] {
            if let Some(folder) = variables.get(name).filter(|folder| !folder.is_empty()) {
                let folder =
                    PathBuf::from(folder).join("IIS").join(format!("Microsoft Web Deploy {version}"));
                places.push(program(folder));
            }
        }
    }
    places.dedup();
    places
}

/// Finds it: `MSDeployPath`, the registry, the usual folders, PATH.
pub fn locate(variables: &Variables, runner: &dyn Runner) -> Option<PathBuf> {
    let places = places(variables);
    let (told, usual) =
        places.split_at(usize::from(variables.get("MSDeployPath").is_some_and(|p| !p.is_empty())));
    let there = |places: &[PathBuf]| places.iter().find(|path| path.is_file()).cloned();
    there(told).or_else(|| from_machine(runner)).or_else(|| there(usual)).or_else(|| runner.find("msdeploy"))
}

fn from_machine(runner: &dyn Runner) -> Option<PathBuf> {
    let reg = runner.find("reg").filter(|_| cfg!(windows))?;
    let program = Program::new("asking the registry for Web Deploy", reg)
        .args(["query", KEY, "/s", "/v", "InstallPath"])
        .timeout(Duration::from_secs(20));
    let output = runner.execute(&program).ok().filter(crate::process::Output::success)?;
    from_registry(&output.stdout_text())
        .into_iter()
        .map(|folder| folder.join("msdeploy.exe"))
        .find(|path| path.is_file())
}

/// The folders in what `reg query` says, the newest version first.
pub fn from_registry(said: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut version = 0;
    for line in said.lines() {
        if line.starts_with("HKEY") {
            version = line.rsplit('\\').next().and_then(|number| number.trim().parse().ok()).unwrap_or(0);
        } else if let Some((_, folder)) = line.split_once("REG_SZ").filter(|_| line.contains("InstallPath")) {
            found.push((version, PathBuf::from(folder.trim())));
        }
    }
    found.sort_by_key(|(version, _): &(u32, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_in_the_registry_comes_first() {
        let said = "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\IIS Extensions\\MSDeploy\\3\n    InstallPath    REG_SZ    \
                    C:\\Program Files\\IIS\\Microsoft Web Deploy V3\\\n\n\
                    HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\IIS Extensions\\MSDeploy\\4\n    InstallPath    REG_SZ    \
                    C:\\V 4\\\n\nEnd of search: 2 match(es) found.\n";
        let folders = from_registry(said);
        assert_eq!(folders[0], PathBuf::from(r"C:\V 4\"));
        assert_eq!(folders.len(), 2);
    }

    #[test]
    fn a_told_path_may_be_folder_or_program() {
        let of = |path: &str| places(&[("MSDEPLOYPATH", path)].into_iter().collect()).remove(0);
        assert_eq!(of("\"/a b\""), PathBuf::from("/a b/msdeploy.exe"));
        assert_eq!(of("/a/other.exe"), PathBuf::from("/a/other.exe"));
    }
}
