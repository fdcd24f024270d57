//! The file names of wheels (binary distribution format, "File name convention") and source distributions (PEP 625).

use super::version::canonical;
use crate::project::normalized_name;

/// What a file is by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// A wheel.
    Wheel(Wheel),
    /// A source distribution.
    Sdist(Sdist),
}

/// The parts of a wheel's file name, as they are written in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wheel {
    /// The name of the project.
    pub name: String,
    /// The version.
    pub version: String,
    /// The build tag.
    pub build: Option<String>,
    /// The Python tags, with dots between them.
    pub python: String,
    /// The ABI tags.
    pub abi: String,
    /// The platform tags.
    pub platform: String,
}

/// The parts of a source distribution's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdist {
    /// The name and version as they are written: where the hyphen between them is cannot always be told.
    pub stem: String,
    /// Its extension.
    pub extension: &'static str,
}

/// Why a file name is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// An index takes no file with this extension.
    Extension,
    /// It is a wheel's, with a wrong number of parts or a part that cannot be.
    Wheel(&'static str),
}

impl FileName {
    /// Reads a file name.
    ///
    /// # Errors
    /// It has another extension, or is no wheel's.
    pub fn parse(name: &str) -> Result<Self, Problem> {
        if let Some(stem) = name.strip_suffix(".whl") {
            return Wheel::parse(stem).map(Self::Wheel);
        }
        for extension in [".tar.gz", ".zip"] {
            if let Some(stem) = name.strip_suffix(extension).filter(|stem| stem.contains('-')) {
                return Ok(Self::Sdist(Sdist { stem: stem.to_owned(), extension }));
            }
        }
        Err(Problem::Extension)
    }

    /// Whether it is a wheel.
    pub fn is_wheel(&self) -> bool {
        matches!(self, Self::Wheel(_))
    }

    /// The field `filetype` of an upload.
    pub fn filetype(&self) -> &'static str {
        if self.is_wheel() { "bdist_wheel" } else { "sdist" }
    }

    /// The field `pyversion` of an upload.
    pub fn pyversion(&self) -> &str {
        match self {
            Self::Wheel(wheel) => &wheel.python,
            Self::Sdist(_) => "source",
        }
    }

    /// Whether it is a file of this version of this project.
    pub fn belongs_to(&self, project: &str, version: &str) -> bool {
        match self {
            Self::Wheel(wheel) => {
                normalized_name(&wheel.name) == normalized_name(project)
                    && super::version::same(&wheel.version, version)
            }
            Self::Sdist(sdist) => sdist.stem.match_indices('-').any(|(at, _)| {
                normalized_name(&sdist.stem[..at]) == normalized_name(project)
                    && super::version::same(&sdist.stem[at + 1..], version)
            }),
        }
    }
}

impl Wheel {
    fn parse(stem: &str) -> Result<Self, Problem> {
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts.as_slice() {
            [name, version, python, abi, platform] => (name, version, None, [python, abi, platform]),
            [name, version, build, python, abi, platform] => {
                (name, version, Some(*build), [python, abi, platform])
            }
            _ => return Err(Problem::Wheel("it has not five or six parts with `-` between them")),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        if name.is_empty() || !name.chars().all(plain) || name.contains("__") {
            return Err(Problem::Wheel("its name has characters that a project's name cannot have"));
        }
        if canonical(&version.replace('_', "-")).is_none() {
            return Err(Problem::Wheel("its version is none"));
        }
        if build.is_some_and(|build| !build.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(Problem::Wheel("its build tag does not begin with a digit"));
        }
        if tags.iter().any(|tag| tag.is_empty() || !tag.chars().all(plain)) {
            return Err(Problem::Wheel("one of its tags is empty or has a character that tags cannot have"));
        }
        Ok(Self {
            name: (*name).to_owned(),
            version: version.replace('_', "-"),
            build: build.map(str::to_owned),
            python: (*tags[0]).to_owned(),
            abi: (*tags[1]).to_owned(),
            platform: (*tags[2]).to_owned(),
        })
    }
}

/// A project's name as file names have it: normalized, with underscores.
pub fn escaped(name: &str) -> String {
    normalized_name(name).replace('-', "_")
}

/// Whether PyPI takes wheels for a platform.
pub fn is_allowed_platform(tag: &str) -> bool {
    const MANYLINUX: [&str; 8] =
        ["x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64"];
    const MUSLLINUX: [&str; 8] =
        ["x86_64", "i686", "aarch64", "armv7l", "armv6l", "ppc64le", "s390x", "riscv64"];
    const MACOS: [&str; 11] = [
        "arm64",
        "x86_64",
        "universal2",
        "universal",
        "intel",
        "fat",
        "fat32",
        "fat64",
        "i386",
        "ppc",
        "ppc64",
    ];
    const IOS: [&str; 3] = ["arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphonesimulator"];
    const ANDROID: [&str; 4] = ["armeabi_v7a", "arm64_v8a", "x86", "x86_64"];
    if matches!(
        tag,
        "any" | "win32" | "win_amd64" | "win_arm64" | "win_ia64" | "linux_armv6l" | "linux_armv7l"
    ) {
        return true;
    }
    let old =
        |prefix: &str, known: &[&str]| tag.strip_prefix(prefix).is_some_and(|arch| known.contains(&arch));
    if old("manylinux1_", &MANYLINUX[..2]) || old("manylinux2010_", &MANYLINUX[..2]) {
        return true;
    }
    if old("manylinux2014_", &MANYLINUX[..7]) {
        return true;
    }
    let numbered = |prefix: &str, numbers: usize, known: &[&str]| {
        let mut rest = tag.strip_prefix(prefix);
        for _ in 0..numbers {
            rest = rest.and_then(|text| text.split_once('_')).and_then(|(number, rest)| {
                let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                digits.then_some(rest)
            });
        }
        rest.is_some_and(|arch| known.contains(&arch))
    };
    numbered("manylinux_", 2, &MANYLINUX)
        || numbered("musllinux_", 2, &MUSLLINUX)
        || numbered("macosx_", 2, &MACOS)
        || numbered("ios_", 2, &IOS)
        || numbered("android_", 1, &ANDROID)
        || numbered("pyodide_", 2, &["wasm32"])
        || numbered("pyemscripten_", 2, &["wasm32"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_names_are_taken_apart() {
        let FileName::Wheel(wheel) = FileName::parse("My_App-1.0-2x-py2.py3-none-any.whl").unwrap() else {
            panic!("it is a wheel");
        };
        assert_eq!(
            (wheel.name.as_str(), wheel.version.as_str(), wheel.build.as_deref()),
            ("My_App", "1.0", Some("2x"))
        );
        assert_eq!((wheel.python.as_str(), wheel.platform.as_str()), ("py2.py3", "any"));
        let sdist = FileName::parse("my_app-1.0.tar.gz").unwrap();
        assert_eq!((sdist.filetype(), sdist.pyversion()), ("sdist", "source"));
        assert!(sdist.belongs_to("My.App", "1") && !sdist.belongs_to("my", "app-1.0"));
        assert!(
            FileName::parse("zope-interface-5.0-1.tar.gz").unwrap().belongs_to("zope.interface", "5.0-1")
        );
    }

    #[test]
    fn other_files_are_told_apart() {
        assert_eq!(FileName::parse("feed.webpi.xml"), Err(Problem::Extension));
        assert_eq!(FileName::parse("nothing.zip"), Err(Problem::Extension));
        for name in [
            "a-1.0-py3-none.whl",
            "a-x-py3-none-any.whl",
            "a-1-b-py3-none-any.whl",
            "ä-1-py3-none-any.whl",
            "-1-py3-none-any.whl",
        ] {
            assert!(matches!(FileName::parse(name), Err(Problem::Wheel(_))), "{name}");
        }
    }

    #[test]
    fn platforms_are_those_of_the_index() {
        for tag in [
            "any",
            "win_arm64",
            "manylinux1_x86_64",
            "manylinux_2_28_aarch64",
            "musllinux_1_2_x86_64",
            "macosx_11_0_arm64",
            "linux_armv7l",
            "ios_13_0_arm64_iphoneos",
            "android_21_x86_64",
            "pyodide_2024_0_wasm32",
        ] {
            assert!(is_allowed_platform(tag), "{tag}");
        }
        for tag in [
            "linux_x86_64",
            "manylinux_x_28_aarch64",
            "manylinux1_aarch64",
            "win_arm32",
            "",
            "macosx_11_arm64",
            "macosx_11_0_",
            "cygwin_3_x86_64",
        ] {
            assert!(!is_allowed_platform(tag), "{tag}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_without_panic(name in "\\PC{0,40}(\\.whl|\\.tar\\.gz|\\.zip)?") {
            if let Ok(parsed) = FileName::parse(&name) {
                let _ = parsed.belongs_to(&name, &name);
            }
        }
    }
}
