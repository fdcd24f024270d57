//! The builder that the integration tests speak: a project in a folder of its own, the command run on it, what came out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The command under test. A program of Windows that was compiled elsewhere has no drive in its path, and means the one that it
/// is started from.
pub(crate) fn iiswsgi() -> PathBuf {
    std::path::absolute(env!("CARGO_BIN_EXE_iiswsgi")).unwrap()
}

/// The value of PATH.
pub(crate) fn path_variable() -> String {
    std::env::var("PATH").unwrap()
}

/// The name by which a Python is found on PATH.
pub(crate) const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// A project folder that is removed at the end.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Project {
    /// An empty folder `project` in a folder of its own.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder, environment: Vec::new() }
    }

    /// Writes a file of the project.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Sets an environment variable for the command.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The path of a file of the project.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        below(&self.folder.path().join("project"), name)
    }

    /// The text of a file of the project.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command with these arguments, to be run in the project's folder.
    pub(crate) fn command<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(iiswsgi());
        command.args(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        command.current_dir(self.path("")).stdin(Stdio::null());
        // One cache for all tests, so that the gateway's wheel is built once.
        let cache = std::path::absolute(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache/iiswsgi")).unwrap();
        command.env("IISWSGI_CACHE", cache);
        for name in
            ["GITHUB_ACTIONS", "CI", "NO_COLOR", "SOURCE_DATE_EPOCH", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"]
        {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The bytes of a file of the project.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The user's own files: all but our outputs and reports, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let ours = ["dist", ".iiswsgi", "report.json", "junit.xml"];
        let mut names: Vec<String> = fs::read_dir(self.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !ours.contains(&name.as_str()))
            .collect();
        names.sort();
        names
    }

    /// Unfinished files in the output folder.
    #[cfg(unix)]
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("dist")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".iiswsgi")).collect()
    }

    /// Runs the command to its end.
    pub(crate) fn run<A: AsRef<str>>(&self, arguments: impl IntoIterator<Item = A>) -> Outcome {
        Self::outcome(&mut self.command(arguments))
    }

    /// Runs any command to its end.
    pub(crate) fn outcome(command: &mut Command) -> Outcome {
        let output = command.output().unwrap();
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What a run of the command gave.
pub(crate) struct Outcome {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its data.
    pub(crate) stdout: String,
    /// Its talk.
    pub(crate) stderr: String,
}

impl Outcome {
    /// It must have ended with this code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// It must have ended with 0.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.code(0)
    }

    /// Its talk must hold this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
        self
    }

    /// Its data must hold this.
    #[track_caller]
    pub(crate) fn gives(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in:\n{}", self.stdout);
        self
    }
}

/// A JSON text.
#[track_caller]
pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The folder with real files to test on; none, with a line that says so, when it is not there.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let folder = std::env::var_os("IISWSGI_TEST_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no shared test data at {}", folder.display());
    None
}

/// A path below a folder, with the separators of the system.
fn below(folder: &Path, name: &str) -> PathBuf {
    name.split('/').filter(|step| !step.is_empty()).fold(folder.to_owned(), |path, step| path.join(step))
}

/// Puts the stand-in of a program of Windows there; which one it is, its name says.
pub(crate) fn stand_in(path: &Path) {
    let built = iiswsgi().with_file_name("examples").join("server_programs");
    let built = built.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(built.is_file(), "build the stand-ins first: cargo build --example server_programs");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A link is never open for writing, which would keep the program from being started ("text file busy") while another
    // test starts one.
    if fs::hard_link(&built, path).is_err() {
        fs::copy(built, path).unwrap();
    }
}

/// A folder that looks like a Windows with IIS; its programs are the stand-ins of `tests/server_programs`.
pub(crate) struct Windows {
    folder: tempfile::TempDir,
}

impl Windows {
    /// A fresh IIS with its one site.
    pub(crate) fn new() -> Self {
        let windows = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["windows/System32/inetsrv/config", "site", "data"] {
            fs::create_dir_all(windows.path(folder)).unwrap();
        }
        let site = windows.path("site").to_string_lossy().into_owned();
        let host = iiswsgi::iis::application_host::ApplicationHost::new(&site);
        fs::write(windows.configuration(), host.text()).unwrap();
        windows.program("windows/System32/inetsrv/appcmd.exe");
        windows
    }

    /// Puts a stand-in there under the name of a program of Windows.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        stand_in(&path);
        path
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        below(self.folder.path(), name)
    }

    /// The configuration of its IIS.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path("windows/System32/inetsrv/config/applicationHost.config")
    }

    /// The same as values.
    pub(crate) fn host(&self) -> iiswsgi::iis::application_host::ApplicationHost {
        let text = fs::read_to_string(self.configuration()).unwrap();
        iiswsgi::iis::application_host::ApplicationHost::parse(text).unwrap()
    }

    /// The variables that lead to it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |name: &str| self.path(name).to_string_lossy().into_owned();
        vec![
            ("WINDIR", text("windows")),
            ("PROGRAMDATA", text("data")),
            ("PROGRAMFILES", text("programs")),
            // Where a Windows has programs of its own.
            ("PROGRAMW6432", text("programs")),
            ("PROGRAMFILES(X86)", text("programs")),
        ]
    }

    /// The calls of a program, the oldest first: its arguments as one line each.
    pub(crate) fn calls(&self, program: &str) -> Vec<String> {
        let path = self.path(program).with_file_name("calls.jsonl");
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = |line: &str| {
            let call = json(line);
            let words =
                call["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
            words.collect::<Vec<_>>().join(" ")
        };
        text.lines().map(line).collect()
    }
}
