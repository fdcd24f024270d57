//! The Python that a virtual environment is made from: found, asked what it is, and checked against what is wanted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{Error, ProgramExt as _, Settings};
use crate::process::{Program, Runner};

/// Asks an interpreter about itself. `pip` is looked up, not imported, since its import takes half a second.
const QUESTIONS: &str = r#"
import importlib.util, json, os, sys
spec = importlib.util.find_spec("pip")
folder = os.path.dirname(spec.origin) if spec and spec.origin else None
runner = os.path.join(folder, "__pip-runner__.py") if folder else None
has = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "pip": folder is not None,
    "pip_runner": runner if runner and os.path.exists(runner) else None,
    "venv": has("venv"),
    "ensurepip": has("ensurepip"),
}))
"#;

/// A Python interpreter and what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Interpreter {
    /// Its executable, as it names itself.
    pub executable: PathBuf,
    /// Its version: `3.11.7`.
    pub version: String,
    /// Whether it has pip.
    pub pip: bool,
    /// The file that runs this pip with another interpreter (pip 22.2 and later have it for their own
    /// `pip --python`).
    pub pip_runner: Option<PathBuf>,
    /// Whether it can make virtual environments.
    pub venv: bool,
    /// Whether it can put pip into them.
    pub ensurepip: bool,
}

impl Interpreter {
    /// Finds the interpreter: the one that the settings name, else the first on PATH that has the wanted version.
    ///
    /// # Errors
    /// There is none, or none of the wanted version.
    pub fn find(wanted: Option<&str>, settings: &Settings, runner: &dyn Runner) -> Result<Self, Error> {
        if let Some(python) = &settings.python {
            let interpreter = Self::ask(python, runner)?;
            return interpreter.checked(wanted);
        }
        let exact = wanted
            .filter(|wanted| wanted.starts_with(|c: char| c.is_ascii_digit()))
            .map(|wanted| format!("python{}", wanted.split('.').take(2).collect::<Vec<_>>().join(".")));
        let mut other = None;
        for name in exact.iter().map(String::as_str).chain(["python3", "python"]) {
            let Some(path) = runner.find(name) else { continue };
            // A name on PATH may be a stub that only knows how to say that there is no Python.
            let Ok(interpreter) = Self::ask(&path, runner) else { continue };
            match interpreter.checked(wanted) {
                Ok(interpreter) => return Ok(interpreter),
                Err(error) => other = other.or(Some(error)),
            }
        }
        Err(other.unwrap_or(Error::NoPython))
    }

    /// Asks one interpreter.
    ///
    /// # Errors
    /// It does not run or does not answer.
    pub fn ask(python: &Path, runner: &dyn Runner) -> Result<Self, Error> {
        let program = Program::new("asking Python about itself", python)
            .args(["-I", "-c", QUESTIONS])
            .without_python_variables()
            .timeout(Duration::from_secs(60));
        let output = runner.run(&program).map_err(|source| Error::Step { step: "python", source })?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| Error::PythonAnswer { python: python.to_owned(), answer: output.stdout_text() })
    }

    fn checked(self, wanted: Option<&str>) -> Result<Self, Error> {
        if !satisfies(&self.version, ">=3.9") {
            return Err(Error::PythonVersion {
                python: self.executable,
                wanted: ">=3.9".into(),
                found: self.version,
            });
        }
        match wanted {
            Some(wanted) if !satisfies(&self.version, wanted) => Err(Error::PythonVersion {
                python: self.executable,
                wanted: wanted.to_owned(),
                found: self.version,
            }),
            _ => Ok(self),
        }
    }
}

/// Whether a version is what was asked for: `3`, `3.11`, `3.11.7`, or clauses of PEP 440 as `>=3.9,<3.13`. A clause
/// that cannot be read is no hindrance.
pub fn satisfies(version: &str, wanted: &str) -> bool {
    let version = numbers(version);
    wanted.split(',').map(str::trim).filter(|clause| !clause.is_empty()).all(|clause| {
        let digits = clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len());
        let (operator, rest) = clause.split_at(digits);
        let asked = numbers(rest);
        let prefix = version.iter().take(asked.len()).eq(asked.iter());
        let padded =
            |numbers: &[u32]| (0..4).map(|i| numbers.get(i).copied().unwrap_or(0)).collect::<Vec<_>>();
        let order = padded(&version).cmp(&padded(&asked));
        match operator.trim() {
            "" => prefix,
            "==" | "===" if rest.contains('*') => prefix,
            "==" | "===" => order.is_eq(),
            "!=" if rest.contains('*') => !prefix,
            "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            ">" => order.is_gt(),
            "<=" => order.is_le(),
            "<" => order.is_lt(),
            "~=" => {
                let series = &asked[..asked.len().saturating_sub(1)];
                order.is_ge() && version.iter().take(series.len()).eq(series.iter())
            }
            _ => true,
        }
    })
}

fn numbers(version: &str) -> Vec<u32> {
    version.trim().split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (wanted, fits) in [
            ("3", true),
            ("3.11", true),
            ("3.11.7", true),
            ("3.1", false),
            ("3.12", false),
            (">=3.9", true),
            (">= 3.9, <3.12", true),
            (">=3.9,<3.11", false),
            ("~=3.9", true),
            ("~=3.10.0", false),
            ("==3.11.*", true),
            ("!=3.11.*", false),
            ("==3.11", false),
            (">3.11.6", true),
            ("", true),
        ] {
            assert_eq!(satisfies("3.11.7", wanted), fits, "{wanted}");
        }
    }
}
