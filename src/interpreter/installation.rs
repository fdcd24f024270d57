//! From the path of a Windows `python.exe` to the DLL that is that Python.
//!
//! The interpreter of an environment is a launcher: its `pyvenv.cfg` tells the folder of the Python that it belongs to
//! (PEP 405). It reads files and loads nothing, so that it can be tried on any system.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;

/// A Python that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The interpreter that was named: an environment's, or the base's.
    pub executable: PathBuf,
    /// The interpreter of the installation itself.
    pub base_executable: PathBuf,
    /// Its folder.
    pub home: PathBuf,
    /// `python3XY.dll`.
    pub library: PathBuf,
}

/// The oldest Python that the gateway's extension module loads in.
const OLDEST: u32 = 9;

impl Installation {
    /// Finds what an interpreter belongs to.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Store`], [`Error::Orphaned`], [`Error::NoLibrary`] and [`Error::TooOld`].
    pub fn of(executable: &Path) -> Result<Self, Error> {
        // The alias of a Python of the Store is a file of no bytes that only the system can follow.
        refuse_store(executable)?;
        let folder = executable.parent().unwrap_or(Path::new(""));
        if !executable.is_file() {
            return Err(Error::Missing { path: executable.to_owned() });
        }
        let (home, version) = match configuration(folder) {
            Some((file, text)) => {
                let home = PathBuf::from(value(&text, "home").unwrap_or_default());
                refuse_store(&home)?;
                if !home.is_dir() {
                    return Err(Error::Orphaned { configuration: file, home });
                }
                let version = value(&text, "version").or_else(|| value(&text, "version_info"));
                (home, version.and_then(minor_of_version))
            }
            None => (folder.to_owned(), None),
        };
        let stem = executable.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_threaded = stem.starts_with("python3") && stem.ends_with('t');
        let (minor, library) =
            library(&home, version, is_threaded).ok_or_else(|| Error::NoLibrary { home: home.clone() })?;
        if minor < OLDEST {
            return Err(Error::TooOld { library, minor });
        }
        let name =
            if is_threaded { executable.file_name().unwrap_or_default() } else { "python.exe".as_ref() };
        Ok(Self { executable: executable.to_owned(), base_executable: home.join(name), home, library })
    }
}

/// Paths of the Store's Pythons, and of their aliases, lead through a folder of this name.
fn refuse_store(path: &Path) -> Result<(), Error> {
    // A path of Windows is looked at on other systems as well.
    let text = path.to_string_lossy();
    if text.split(['\\', '/']).any(|part| part.eq_ignore_ascii_case("WindowsApps")) {
        return Err(Error::Store { path: path.to_owned() });
    }
    Ok(())
}

/// The `pyvenv.cfg` of an interpreter's folder, or of the folder above it.
fn configuration(folder: &Path) -> Option<(PathBuf, String)> {
    [Some(folder), folder.parent()].into_iter().flatten().find_map(|folder| {
        let file = folder.join("pyvenv.cfg");
        let text = String::from_utf8_lossy(&fs::read(&file).ok()?).into_owned();
        Some((file, text))
    })
}

fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.trim_start_matches('\u{feff}').lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn minor_of_version(version: &str) -> Option<u32> {
    version.strip_prefix("3.")?.split('.').next()?.parse().ok()
}

/// The DLL of an installation: the one of the environment's version, else the newest.
fn library(home: &Path, wanted: Option<u32>, is_threaded: bool) -> Option<(u32, PathBuf)> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(home)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let minor = minor_of_library(&entry.file_name().to_string_lossy(), is_threaded)?;
            Some((minor, entry.path()))
        })
        .collect();
    found.sort();
    let exact = found.iter().find(|(minor, _)| Some(*minor) == wanted);
    exact.or(found.last()).cloned()
}

/// 11 for `python311.dll`; `python3.dll` is no Python but hands calls on to one.
fn minor_of_library(name: &str, is_threaded: bool) -> Option<u32> {
    let name = name.to_ascii_lowercase();
    let digits = name.strip_prefix("python3")?.strip_suffix(".dll")?;
    let digits = if is_threaded { digits.strip_suffix('t')? } else { digits };
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn python(home: &Path, libraries: &[&str]) {
        for name in ["python.exe"].iter().chain(libraries) {
            write(&home.join(name), "");
        }
    }

    #[test]
    fn an_installation_is_its_own_base() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("Program Files/Python 312");
        python(&home, &["python3.dll", "python312.dll", "python312.zip", "python3x.dll"]);
        let found = Installation::of(&home.join("python.exe")).unwrap();
        assert_eq!((found.library, &found.base_executable), (home.join("python312.dll"), &found.executable));
    }

    #[test]
    fn an_environment_leads_to_the_version_that_it_was_made_with() {
        let folder = tempfile::tempdir().unwrap();
        let (home, environment) = (folder.path().join("Python"), folder.path().join("an environment"));
        python(&home, &["python3.dll", "python39.dll", "python310.dll", "python311.dll"]);
        write(&environment.join("Scripts/python.exe"), "");
        for line in ["version = 3.10.4", "version_info = 3.10.4.final.0"] {
            let text = format!(
                "\u{feff}Home = {}\r\ninclude-system-site-packages = false\r\n{line}\r\n",
                home.display()
            );
            write(&environment.join("pyvenv.cfg"), &text);
            let found = Installation::of(&environment.join("Scripts/python.exe")).unwrap();
            assert_eq!(found.library, home.join("python310.dll"));
            assert_eq!(found.base_executable, home.join("python.exe"));
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_python_that_cannot_be_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("Python");
        assert!(matches!(Installation::of(&home.join("python.exe")), Err(Error::Missing { .. })));
        python(&home, &["python3.dll"]);
        assert!(matches!(Installation::of(&home.join("python.exe")), Err(Error::NoLibrary { .. })));
        python(&home, &["python38.dll"]);
        assert!(matches!(Installation::of(&home.join("python.exe")), Err(Error::TooOld { minor: 8, .. })));
        write(&folder.path().join("v/pyvenv.cfg"), "home = C:\\gone\\Python\n");
        write(&folder.path().join("v/Scripts/python.exe"), "");
        let orphan = Installation::of(&folder.path().join("v/Scripts/python.exe")).unwrap_err();
        assert!(matches!(orphan, Error::Orphaned { .. }), "{orphan}");
    }

    #[test]
    fn a_python_of_the_store_is_refused_by_itself_and_below_an_environment() {
        let alias = r"C:\Users\me\AppData\Local\Microsoft\WindowsApps\python.exe";
        assert!(matches!(Installation::of(Path::new(alias)), Err(Error::Store { .. })));
        let folder = tempfile::tempdir().unwrap();
        let home = r"home = C:\Program Files\WINDOWSAPPS\PythonSoftwareFoundation.Python.3.12_3.12.1_x64";
        write(&folder.path().join("pyvenv.cfg"), home);
        write(&folder.path().join("Scripts/python.exe"), "");
        let refused = Installation::of(&folder.path().join("Scripts/python.exe"));
        assert!(matches!(refused, Err(Error::Store { .. })), "{refused:?}");
    }
}
