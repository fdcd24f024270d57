//! A machine that runs nothing and takes notes of what it was to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::iis::bootstrap::SCRIPTS;
use crate::process::{self, Output, Program, Runner, Running};

/// Pretends to be the programs of a machine: answers as Python, makes an empty environment, builds an empty wheel.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) ran: Mutex<Vec<(String, Option<PathBuf>)>>,
    pub(super) fails: Option<&'static str>,
    pub(super) without_pip: bool,
    pub(super) uv: bool,
}

/// The interpreter of a virtual environment, as the tests write paths.
pub(super) const PYTHON: &str = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };

/// A command with `APP` for a folder, and paths alike on every system, without the quotes of the system's shell.
pub(super) fn plain(command: &str, folder: &str) -> String {
    let alike = command.replace(folder, "APP").replace('\\', "/");
    let words = alike.split(' ').map(|word| word.trim_matches(['\'', '"']));
    words.collect::<Vec<_>>().join(" ")
}

impl Machine {
    pub(super) fn ran(&self) -> Vec<String> {
        self.ran.lock().unwrap().iter().map(|(command, _)| command.clone()).collect()
    }

    /// The commands, with `APP` for a folder.
    pub(super) fn ran_in(&self, folder: &str) -> Vec<String> {
        self.ran().iter().map(|command| plain(command, folder)).collect()
    }
}

impl Runner for Machine {
    fn execute(&self, program: &Program) -> Result<Output, process::Error> {
        let command = program.to_string();
        let arguments: Vec<String> =
            program.arguments().iter().map(|argument| argument.to_str().unwrap().to_owned()).collect();
        self.ran.lock().unwrap().push((command.clone(), program.folder().map(Path::to_owned)));
        let mut output = Output { code: Some(0), ..Output::default() };
        if self.fails.is_some_and(|part| command.contains(part)) {
            output.code = Some(3);
            output.stderr = b"ERROR: it went wrong".to_vec();
        } else if arguments.iter().any(|a| a == "-c") {
            let runner = if self.without_pip { "null" } else { "\"/py/pip/__pip-runner__.py\"" };
            output.stdout = format!(
                "{{\"executable\": \"/py/python3\", \"version\": \"3.11.7\", \"pip\": true, \"pip_runner\": {runner}, \
                 \"venv\": true, \"ensurepip\": true}}"
            )
            .into_bytes();
        } else if arguments.iter().any(|a| a == "venv") {
            let folder = PathBuf::from(arguments.last().unwrap());
            fs::create_dir_all(folder.join("lib/python3.11/site-packages")).unwrap();
            fs::create_dir_all(folder.join(SCRIPTS)).unwrap();
        } else if let Some(at) = arguments.iter().position(|a| a == "--wheel-dir") {
            fs::write(Path::new(&arguments[at + 1]).join("iiswsgi-0.1.0-cp39-abi3-any.whl"), "").unwrap();
        } else if let Some(at) = arguments.iter().position(|a| a == "iiswsgi.installation") {
            fs::write(&arguments[at + 1], "{\"SEEDED\": \"yes\"}").unwrap();
        }
        Ok(output)
    }

    fn start(&self, _: &Program, _: &str) -> Result<Box<dyn Running>, process::Error> {
        unreachable!("a bootstrap starts nothing")
    }

    fn launch(&self, _: &Program) -> Result<Box<dyn Running>, process::Error> {
        unreachable!("a bootstrap starts nothing")
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let known = name.starts_with("python") || (name == "uv" && self.uv);
        known.then(|| PathBuf::from(format!("/bin/{name}")))
    }
}
