//! One FastCGI process: the pipe, the event, the start, and its end.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, IntoRawSocket as _, OwnedHandle};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    HANDLE, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE, SetHandleInformation, WAIT_OBJECT_0,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX};
use windows_sys::Win32::System::Pipes::CreateNamedPipeW;
use windows_sys::Win32::System::Threading::{
    CREATE_UNICODE_ENVIRONMENT, CreateEventW, CreateProcessW, GetExitCodeProcess, PROCESS_INFORMATION,
    STARTF_USESTDHANDLES, STARTUPINFOW, SetEvent, TerminateProcess, WaitForSingleObject,
};

use crate::arguments::Plan;

/// A process that serves.
pub(crate) struct Instance {
    process: OwnedHandle,
    event: OwnedHandle,
    place: Place,
}

/// Where a process is asked.
#[derive(Debug, Clone)]
enum Place {
    Pipe(String),
    Port(u16),
}

/// A connection to a process.
pub(crate) trait Client: Read + Write {}

impl<T: Read + Write> Client for T {}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// From the event to the end; none when it had to be terminated.
    pub(crate) after: Option<Duration>,
    /// Its exit code.
    pub(crate) code: u32,
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The command line as the C library reads it again.
fn command_line(plan: &Plan) -> String {
    let mut line = format!("\"{}\"", plan.full_path);
    for argument in &plan.arguments {
        line.push(' ');
        // None of the tests has quotes within an argument.
        line.push_str(&if argument.contains(' ') { format!("\"{argument}\"") } else { argument.clone() });
    }
    line
}

#[expect(clippy::disallowed_methods, reason = "the process gets what this one has, as IIS does it")]
fn environment(place: &Place, event: &OwnedHandle) -> Vec<u16> {
    let pipe = match place {
        Place::Pipe(name) => Some(("_FCGI_X_PIPE_".to_owned(), name.clone())),
        Place::Port(_) => None,
    };
    let ours = [
        ("_FCGI_SHUTDOWN_EVENT_".to_owned(), (event.as_raw_handle() as usize).to_string()),
        ("APP_POOL_ID".to_owned(), "DefaultAppPool".to_owned()),
    ];
    let ours = ours.into_iter().chain(pipe);
    let mut block = Vec::new();
    for (name, value) in std::env::vars().chain(ours) {
        block.extend(wide(&format!("{name}={value}")));
    }
    block.push(0);
    block
}

fn inheritable() -> SECURITY_ATTRIBUTES {
    SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
        lpSecurityDescriptor: std::ptr::null_mut(),
        bInheritHandle: 1,
    }
}

/// The server's end of a named pipe.
fn pipe(overlapped: bool) -> io::Result<(OwnedHandle, Place)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!(r"\\.\pipe\IISFCGI-{}-{number}", std::process::id());
    let flags = PIPE_ACCESS_DUPLEX | if overlapped { FILE_FLAG_OVERLAPPED } else { 0 };
    let inheritable = inheritable();
    // SAFETY: every pointer is to a value that lives until the call returns; the handle is ours alone.
    let server = unsafe {
        let server =
            CreateNamedPipeW(wide(&name).as_ptr(), flags, 0, 1, 8192, 8192, 0, &raw const inheritable);
        if server == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        OwnedHandle::from_raw_handle(server)
    };
    Ok((server, Place::Pipe(name)))
}

/// A socket that listens on a port that the system chooses.
fn listening_socket() -> io::Result<(OwnedHandle, Place)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let socket = listener.into_raw_socket() as HANDLE;
    // SAFETY: the socket is ours alone from here on; closing it as a handle is what happens at the end of a process too.
    unsafe {
        SetHandleInformation(socket, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        Ok((OwnedHandle::from_raw_handle(socket), Place::Port(port)))
    }
}

impl Instance {
    /// Starts a process as IIS does.
    pub(crate) fn start(plan: &Plan) -> io::Result<Self> {
        let (server, place) = if plan.tcp { listening_socket()? } else { pipe(plan.overlapped)? };
        let inheritable = inheritable();
        // SAFETY: the pointer is to a value that lives until the call returns; the handle is ours alone.
        let event = unsafe {
            let event = CreateEventW(&raw const inheritable, 1, 0, std::ptr::null());
            if event.is_null() {
                return Err(io::Error::last_os_error());
            }
            OwnedHandle::from_raw_handle(event)
        };
        let startup = STARTUPINFOW {
            cb: u32::try_from(size_of::<STARTUPINFOW>()).unwrap_or_default(),
            dwFlags: STARTF_USESTDHANDLES,
            hStdInput: server.as_raw_handle(),
            hStdOutput: INVALID_HANDLE_VALUE,
            hStdError: INVALID_HANDLE_VALUE,
            ..STARTUPINFOW::default()
        };
        let mut line = wide(&command_line(plan));
        let block = environment(&place, &event);
        let mut process = PROCESS_INFORMATION::default();
        let null = std::ptr::null();
        // SAFETY: as above; the command line is ours to be written to, the environment block ends in two zeros.
        let process = unsafe {
            let environment = block.as_ptr().cast();
            let (flags, line) = (CREATE_UNICODE_ENVIRONMENT, line.as_mut_ptr());
            let start = &raw const startup;
            if CreateProcessW(
                null,
                line,
                null.cast(),
                null.cast(),
                1,
                flags,
                environment,
                null,
                start,
                &raw mut process,
            ) == 0
            {
                return Err(io::Error::last_os_error());
            }
            drop(OwnedHandle::from_raw_handle(process.hThread));
            OwnedHandle::from_raw_handle(process.hProcess)
        };
        Ok(Self { process, event, place })
    }

    /// Connects as IIS does. Waits while the process is between two clients.
    pub(crate) fn connect(&self) -> Result<Box<dyn Client>, String> {
        let begun = Instant::now();
        loop {
            let connected: io::Result<Box<dyn Client>> = match &self.place {
                Place::Pipe(name) => {
                    OpenOptions::new().read(true).write(true).open(name).map(|file| Box::new(file) as _)
                }
                Place::Port(port) => {
                    TcpStream::connect(("127.0.0.1", *port)).map(|stream| Box::new(stream) as _)
                }
            };
            match connected {
                Ok(client) => return Ok(client),
                Err(error) if !self.is_running() => {
                    return Err(format!("the process has ended before it served: {error}"));
                }
                Err(error) if begun.elapsed() > Duration::from_secs(60) => {
                    return Err(format!("cannot connect to {:?}: {error}", self.place));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Sets the event.
    pub(crate) fn signal(&self) {
        // SAFETY: the handle is open as long as `self` lives.
        unsafe {
            SetEvent(self.event.as_raw_handle());
        }
    }

    fn has_ended_within(&self, patience: Duration) -> bool {
        let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: the handle is open as long as `self` lives.
        unsafe { WaitForSingleObject(self.process.as_raw_handle(), milliseconds) == WAIT_OBJECT_0 }
    }

    /// Whether the process runs.
    pub(crate) fn is_running(&self) -> bool {
        !self.has_ended_within(Duration::ZERO)
    }

    /// Sets the event, waits, terminates.
    pub(crate) fn recycle(self, grace: Duration) -> Ended {
        let begun = Instant::now();
        self.signal();
        let after = self.has_ended_within(grace).then(|| begun.elapsed());
        let mut code = 0;
        // SAFETY: as above; the pointer is to a local value.
        unsafe {
            if after.is_none() {
                TerminateProcess(self.process.as_raw_handle(), 1);
                WaitForSingleObject(self.process.as_raw_handle(), 10_000);
            }
            GetExitCodeProcess(self.process.as_raw_handle(), &raw mut code);
        }
        Ended { after, code }
    }
}
