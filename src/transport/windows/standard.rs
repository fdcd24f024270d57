//! What the process inherited: its standard handles, and the event by which IIS asks it to stop.

use std::fs::File;
use std::io;
use std::net::TcpListener;
use std::os::windows::io::{
    AsRawHandle as _, BorrowedHandle, FromRawHandle as _, FromRawSocket as _, OwnedHandle, RawHandle,
    RawSocket,
};
use std::time::Duration;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Networking::WinSock::{
    SO_ACCEPTCONN, SOCKADDR, SOCKADDR_STORAGE, SOCKET, SOL_SOCKET, WSADATA, WSAStartup, getsockname,
    getsockopt,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_TYPE_CHAR, FILE_TYPE_PIPE, FILE_TYPE_UNKNOWN, GetFileType,
};
use windows_sys::Win32::System::Console::{
    GetConsoleMode, GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
    SetStdHandle,
};
use windows_sys::Win32::System::Pipes::{GetNamedPipeInfo, PIPE_SERVER_END};

use super::super::Inherited;
use super::handle::wait_any;

/// Version 2.2 of the sockets of Windows.
const SOCKETS: u16 = 0x202;

fn standard(which: STD_HANDLE) -> HANDLE {
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: no pointer is handed over.
    unsafe {
        GetStdHandle(which)
    }
}

/// What a standard handle is: 0 is input, 1 output, 2 error.
pub fn inherited(descriptor: u32) -> Inherited {
    let handle = match descriptor {
        0 => standard(STD_INPUT_HANDLE),
        1 => standard(STD_OUTPUT_HANDLE),
        2 => standard(STD_ERROR_HANDLE),
        _ => return Inherited::Closed,
    };
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Inherited::Closed;
    }
    #[expect(unsafe_code, reason = "calls of Windows")]
    // SAFETY: the handle was inherited, so nobody in this process closes it meanwhile; pointers are to local values.
    unsafe {
        match GetFileType(handle) {
            FILE_TYPE_UNKNOWN => Inherited::Closed,
            FILE_TYPE_PIPE => {
                let mut flags = 0;
                let null = std::ptr::null_mut();
                if GetNamedPipeInfo(handle, &raw mut flags, null, null, null) != 0 {
                    // The other end of a pipe is what a shell makes: there is nobody to serve.
                    return if flags & PIPE_SERVER_END == 0 { Inherited::File } else { Inherited::Pipe };
                }
                socket(handle as SOCKET)
            }
            FILE_TYPE_CHAR => {
                let mut mode = 0;
                if GetConsoleMode(handle, &raw mut mode) == 0 { Inherited::File } else { Inherited::Terminal }
            }
            _ => Inherited::File,
        }
    }
}

/// What something is that is neither a file nor a pipe, but may be a socket.
fn socket(socket: SOCKET) -> Inherited {
    let (mut listening, mut size) = (0_i32, 4);
    let mut address = SOCKADDR_STORAGE::default();
    let mut length = i32::try_from(size_of::<SOCKADDR_STORAGE>()).unwrap_or(i32::MAX);
    #[expect(unsafe_code, reason = "calls of Windows")]
    // SAFETY: the socket was inherited, so nobody in this process closes it meanwhile; pointers are to local values, the sizes
    // are theirs.
    unsafe {
        // Without it nothing is a socket. What it set up stays for the life of the process, as std has it.
        let mut data = WSADATA::default();
        WSAStartup(SOCKETS, &raw mut data);
        let value = (&raw mut listening).cast();
        if getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, value, &raw mut size) == 0 {
            return if listening == 0 { Inherited::ConnectedSocket } else { Inherited::ListeningSocket };
        }
        // Wine 8 tells nothing of a socket that another process has made but its address. A web server hands over one that
        // listens; with another the first accept fails and says so.
        let address = (&raw mut address).cast::<SOCKADDR>();
        if getsockname(socket, address, &raw mut length) == 0 {
            Inherited::ListeningSocket
        } else {
            Inherited::File
        }
    }
}

/// Standard input as a handle of our own. The process has no standard input afterwards, so that an application that
/// reads it does not read the web server's bytes.
pub(super) fn take_input() -> io::Result<OwnedHandle> {
    let handle: RawHandle = standard(STD_INPUT_HANDLE);
    #[expect(unsafe_code, reason = "an inherited handle is only known by its number")]
    // SAFETY: `inherited` has found an open handle there; the borrow ends with this call.
    let own = unsafe { BorrowedHandle::borrow_raw(handle) }.try_clone_to_owned()?;
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: no pointer is handed over.
    unsafe {
        SetStdHandle(STD_INPUT_HANDLE, std::ptr::null_mut());
    }
    Ok(own)
}

/// Standard input as a listening socket of our own, which processes that the application starts do not inherit. The process
/// has no standard input afterwards, as with a pipe.
pub(super) fn take_socket() -> io::Result<TcpListener> {
    let socket = standard(STD_INPUT_HANDLE) as RawSocket;
    #[expect(unsafe_code, reason = "an inherited socket is only known by its number")]
    // SAFETY: `inherited` has found a listening socket there. It is taken once, when a server opens, and nobody else in
    // this process closes it.
    let given = unsafe { TcpListener::from_raw_socket(socket) };
    // Wine 8 polls no socket but those that its own process has made.
    let own = given.try_clone()?;
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: no pointer is handed over.
    unsafe {
        SetStdHandle(STD_INPUT_HANDLE, std::ptr::null_mut());
    }
    Ok(own)
}

/// Makes a file the standard output and the standard error of the process, as the system knows them.
///
/// # Errors
/// When the system has no handles left.
pub fn redirect_output(file: &File) -> io::Result<()> {
    for which in [STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
        let copy = OwnedHandle::from(file.try_clone()?);
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle stays open for the life of the process: a standard handle has no owner that closes it.
        if unsafe { SetStdHandle(which, copy.as_raw_handle()) } == 0 {
            return Err(io::Error::last_os_error());
        }
        std::mem::forget(copy);
    }
    Ok(())
}

/// The event by which IIS asks a process to stop: `_FCGI_SHUTDOWN_EVENT_` has its number.
#[derive(Debug)]
pub struct ShutdownEvent(OwnedHandle);

impl ShutdownEvent {
    /// The event of a number in decimal digits.
    ///
    /// # Errors
    /// When it is no number, or not that of something that can be waited for.
    pub fn inherited(number: &str) -> io::Result<Self> {
        let number: usize = number.trim().parse().map_err(|_| io::ErrorKind::InvalidInput)?;
        let handle = number as HANDLE;
        // A wrong number is found out here, and not by a thread that nobody looks at.
        wait_any(&[handle], Some(Duration::ZERO))?;
        #[expect(unsafe_code, reason = "an inherited event is only known by its number")]
        // SAFETY: it can be waited for, so it is open; it was inherited for this purpose, so nobody else closes it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// Waits for the event.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn wait(&self) -> io::Result<()> {
        wait_any(&[self.0.as_raw_handle()], None).map(drop)
    }
}
