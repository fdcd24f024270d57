//! An imitation of IIS for tests: starts a FastCGI process as IIS does and sends it requests.
//!
//! What it imitates (formats: Microsoft's FastCGI documentation and what libfcgi, PHP and wfastcgi rely on): the process
//! gets the server's end of a named pipe as standard input, and `INVALID_HANDLE_VALUE` as standard output and standard
//! error; `_FCGI_X_PIPE_` and `_FCGI_SHUTDOWN_EVENT_` are set; requests come one at a time with the flag for keeping the
//! connection; after `instanceMaxRequests` the event is set, the process has a time to end, and is terminated then.
//!
//! What it is not: IIS. The security descriptor and the flags of IIS's pipe, its job objects and timings are not known.
//! It is a test tool with unsafe code of its own, which is why it is no part of the library.

#[cfg(windows)]
mod arguments;
#[cfg(windows)]
mod instance;
#[cfg(windows)]
mod requests;

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    let plan = match arguments::read(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(message) => {
            eprintln!("error: {message}\n{}", arguments::USAGE);
            return 2.into();
        }
    };
    match requests::run(&plan) {
        Ok(()) => 0.into(),
        Err(message) => {
            eprintln!("error: {message}");
            1.into()
        }
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("error: this imitates IIS, and runs on Windows or Wine alone");
    std::process::exit(3);
}
