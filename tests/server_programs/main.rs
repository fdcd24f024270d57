//! Stand-ins for the programs of Windows that iiswsgi drives: `appcmd.exe`, `msdeploy.exe`, `iisexpress.exe` and `icacls.exe`, and
//! for those that a test writes the answers of. One program: what it is, its own file name says.
//!
//! Each reads its arguments as Microsoft documents them, does what the real one does as far as iiswsgi relies on it, and
//! notes every call in `calls.jsonl` beside itself. What they know is written at the head of each; anything else is refused
//! with exit code 87 (`ERROR_INVALID_PARAMETER`), so that no test passes by a call that the real program might not take.
//!
//! They are no IIS: no rights are enforced, no other section of the configuration than those that are named is known. It
//! is an example of the package for one reason: so it is built with the tests, for Linux and for Windows alike.

#![expect(clippy::print_stderr, reason = "these programs talk to whoever starts them")]

mod answers;
mod appcmd;
mod call;
mod express;
mod icacls;
mod msdeploy;
#[cfg(unix)]
#[path = "process_unix.rs"]
mod process;
#[cfg(windows)]
#[path = "process_windows.rs"]
mod process;

fn main() {
    let call = call::Call::of_process();
    let code = match call.program.as_str() {
        "appcmd" => appcmd::run(&call),
        "msdeploy" => msdeploy::run(&call),
        "iisexpress" => express::run(&call),
        "icacls" => icacls::run(&call),
        "python" | "reg" => answers::run(&call),
        other => {
            eprintln!(
                "error: copy this program to appcmd.exe, msdeploy.exe, iisexpress.exe or icacls.exe; `{other}` is none of them"
            );
            2
        }
    };
    std::process::exit(code);
}
