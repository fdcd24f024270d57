//! What `python -m venv` copies into an environment as `Scripts\python.exe` on Windows. python.org's installer has one, the
//! Python that the tests lay out has not.
//!
//! It does what CPython's own does (`PC/launcher.c`, the part for environments): reads `home` of the `pyvenv.cfg` beside it or
//! above, tells that Python by `__PYVENV_LAUNCHER__` whom it stands for, starts it with the same arguments and standard
//! handles in a job that ends with the launcher, and passes its exit code on.

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    match launcher::run() {
        Ok(code) => launcher::exit(code),
        Err(message) => {
            eprintln!("error: {message}");
            101.into()
        }
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("error: this starts the Python of an environment on Windows alone");
    std::process::exit(3);
}

#[cfg(windows)]
mod launcher {
    use std::io;
    use std::os::windows::io::AsRawHandle as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitCode};

    use windows_sys::Win32::Foundation::HANDLE;
    use windows_sys::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    };

    /// Starts the Python and waits for its end.
    #[expect(clippy::disallowed_methods, reason = "a launcher starts a program")]
    pub(super) fn run() -> Result<i32, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let home = home(&own)?;
        let python = home.join("python.exe");
        let job = job().map_err(|error| format!("no job: {error}"))?;
        let mut child = Command::new(&python)
            .args(std::env::args_os().skip(1))
            .env("__PYVENV_LAUNCHER__", &own)
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", python.display()))?;
        // SAFETY: both handles are open: the job's until this process ends, the child's as long as `child` lives.
        unsafe {
            AssignProcessToJobObject(job, child.as_raw_handle());
        }
        let status = child.wait().map_err(|error| error.to_string())?;
        Ok(status.code().unwrap_or(-1))
    }

    /// Ends with the code of the child, which may be larger than an `ExitCode` holds.
    pub(super) fn exit(code: i32) -> ExitCode {
        std::process::exit(code)
    }

    /// The folder of the Python that the environment was made from.
    fn home(own: &Path) -> Result<PathBuf, String> {
        let scripts = own.parent().unwrap_or(Path::new(""));
        let above = scripts.parent().unwrap_or(Path::new(""));
        let text = [scripts, above]
            .iter()
            .find_map(|folder| std::fs::read_to_string(folder.join("pyvenv.cfg")).ok());
        let text = text.ok_or("there is no `pyvenv.cfg`")?;
        let home = text.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == "home");
        home.map(|(_, home)| PathBuf::from(home.trim()))
            .ok_or_else(|| "`pyvenv.cfg` has no `home`".to_owned())
    }

    /// A job whose processes end when its last handle is closed, which is when this process ends.
    fn job() -> io::Result<HANDLE> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = u32::try_from(size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>()).unwrap_or_default();
        // SAFETY: the pointer and the size are those of a local value; the others may be null.
        unsafe {
            let job = CreateJobObjectW(std::ptr::null(), std::ptr::null());
            let limits = (&raw const limits).cast();
            if job.is_null()
                || SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, size) == 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(job)
        }
    }
}
