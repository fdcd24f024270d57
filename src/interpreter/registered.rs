//! Pythons that are registered with Windows (PEP 514), and which of them is taken. What the registry says is read in
//! `windows.rs`.

use std::path::PathBuf;

/// One registered Python, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered {
    /// The company, `PythonCore` for those of python.org.
    pub company: String,
    /// The tag, such as `3.12` or `3.12-32`.
    pub tag: String,
    /// The interpreter.
    pub executable: PathBuf,
    /// `SysVersion`, such as `3.12`.
    pub version: String,
    /// `SysArchitecture`, such as `64bit`.
    pub architecture: String,
}

impl Registered {
    /// The two numbers of the version. Old installers wrote it into the tag alone.
    fn numbers(&self) -> (u32, u32) {
        let text = if self.version.is_empty() { &self.tag } else { &self.version };
        let mut parts = text.split(['.', '-']).map_while(|part| part.parse().ok());
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    fn is_of_python_org(&self) -> bool {
        self.company.eq_ignore_ascii_case("PythonCore")
    }

    /// Whether it is known to be for another processor than this program.
    fn differs(&self) -> bool {
        let ours = usize::BITS.to_string() + "bit";
        !self.architecture.is_empty() && self.architecture != ours
    }
}

/// The registered Pythons in the order in which they are tried: those that fit this program before others, those of python.org
/// before others, the newest first. The order of the registry decides the rest: a user's own come before the machine's.
pub fn in_order(mut found: Vec<Registered>) -> Vec<Registered> {
    found.sort_by_key(|python| {
        (python.differs(), !python.is_of_python_org(), std::cmp::Reverse(python.numbers()))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(company: &str, tag: &str, version: &str, architecture: &str) -> Registered {
        Registered {
            company: company.into(),
            tag: tag.into(),
            executable: format!("C:\\{company}\\{tag}\\python.exe").into(),
            version: version.into(),
            architecture: architecture.into(),
        }
    }

    #[test]
    fn the_newest_of_python_org_that_fits_comes_first() {
        let found = vec![
            python("ContinuumAnalytics", "py313", "3.13", "64bit"),
            python("PythonCore", "3.9", "3.9", "64bit"),
            python("PythonCore", "3.14-32", "3.14", "32bit"),
            python("PythonCore", "3.12", "", ""),
            python("PythonCore", "3.10", "3.10", "64bit"),
        ];
        let order: Vec<String> = in_order(found).into_iter().map(|python| python.tag).collect();
        assert_eq!(order, ["3.12", "3.10", "3.9", "py313", "3.14-32"]);
    }

    #[test]
    fn of_two_alike_the_first_in_the_registry_wins() {
        let mut mine = python("PythonCore", "3.12", "3.12", "64bit");
        mine.executable = "mine".into();
        let found = in_order(vec![mine.clone(), python("PythonCore", "3.12", "3.12", "64bit")]);
        assert_eq!(found[0], mine);
    }
}
