//! One call of a stand-in: where it lies, what it was told, and the note that it leaves.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    /// The name of the program, without its ending.
    pub(crate) program: String,
    /// The folder that the program lies in, as its own name on the command line has it.
    pub(crate) folder: PathBuf,
    /// The arguments.
    pub(crate) arguments: Vec<String>,
}

impl Call {
    /// This process.
    pub(crate) fn of_process() -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            program: program.file_stem().unwrap_or_default().to_string_lossy().to_lowercase(),
            folder: program.parent().map(Path::to_owned).unwrap_or_default(),
            arguments: std::env::args().skip(1).collect(),
        }
    }

    /// Notes the call and its exit code, prints what it says, and gives the code.
    pub(crate) fn finish(&self, output: &str, code: i32) -> i32 {
        self.finish_bytes(output.as_bytes(), code)
    }

    /// The same for what is no UTF-8.
    pub(crate) fn finish_bytes(&self, output: &[u8], code: i32) -> i32 {
        let line = serde_json::json!({ "program": self.program, "arguments": self.arguments, "code": code });
        let file = OpenOptions::new().create(true).append(true).open(self.folder.join("calls.jsonl"));
        if let Ok(mut file) = file {
            let _ = file.write_all(format!("{line}\n").as_bytes());
        }
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(output);
        let _ = stdout.flush();
        code
    }

    /// The value of `/NAME:VALUE` or `-NAME:VALUE`, names without regard to case.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find_map(|argument| {
            let (given, value) = argument.strip_prefix(['/', '-'])?.split_once(':')?;
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}
