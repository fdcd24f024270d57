//! The named pipe of IIS, and pipes of our own: one connection at a time, waited for by blocking calls that a waker ends.
//!
//! A handle that was inherited may be overlapped or not, and nothing documented tells which. So every call is made in a
//! way that is right for both: it carries an `OVERLAPPED`, and when the system says that it is pending its end is waited
//! for. What may block for long is a read or a connect; writes are made in the mode `PIPE_NOWAIT` as long as the request
//! comes, because a blocked write on a handle that is not overlapped would keep reads away, and a web server that sends
//! its request while the answer comes would wait for us for ever. After that they block: trying again and again is slow.
//!
//! See <https://learn.microsoft.com/windows/win32/ipc/named-pipe-operations>.

mod ends;

use std::io;
use std::os::windows::io::{AsRawHandle as _, OwnedHandle};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_NO_DATA, ERROR_OPERATION_ABORTED,
    ERROR_PIPE_CONNECTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::ReadFile;
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Pipes::{
    ConnectNamedPipe, DisconnectNamedPipe, PIPE_NOWAIT, PIPE_READMODE_BYTE, PIPE_WAIT, PeekNamedPipe,
    SetNamedPipeHandleState,
};

pub(in super::super) use ends::{PipeConnection, PipeListener};
pub(super) use ends::{is_there, server_end};

use super::handle::{self, Event, wait_any};
use super::waker::Wakes;

/// What one call reads ahead, and what a pipe of our own holds.
const BUFFER: usize = 64 << 10;
/// How often something is looked at that cannot be waited for.
const LOOK: Duration = Duration::from_micros(500);

/// A pipe and what is known of it.
#[derive(Debug)]
pub(in super::super) struct Pipe {
    file: Arc<OwnedHandle>,
    done: Event,
    wakes: OnceLock<Arc<Wakes>>,
    /// By which several processes take turns at waiting for a client.
    turns: OnceLock<handle::Mutex>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: no two of them are states of one thing"
)]
struct State {
    /// The mode `PIPE_NOWAIT` is set.
    at_once: bool,
    /// A client is there and nobody serves it yet.
    connected: bool,
    /// Somebody serves the client.
    taken: bool,
    /// Nobody accepts clients any more.
    closed: bool,
    /// Bytes that were read ahead.
    ahead: Vec<u8>,
    start: usize,
    /// The client sends nothing more.
    ended: bool,
    /// What was read ahead has been told of.
    told: bool,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Client,
    Bytes,
}

fn code(error: &io::Error) -> u32 {
    error.raw_os_error().and_then(|code| u32::try_from(code).ok()).unwrap_or_default()
}

fn would_block() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

impl Pipe {
    fn new(file: OwnedHandle) -> io::Result<Self> {
        let done = Event::new()?;
        Ok(Self {
            file: Arc::new(file),
            done,
            wakes: OnceLock::new(),
            turns: OnceLock::new(),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raw(&self) -> HANDLE {
        self.file.as_raw_handle()
    }

    /// Tells the pipe what ends its blocking calls.
    pub(in super::super) fn know(&self, wakes: &Arc<Wakes>) {
        self.wakes.get_or_init(|| Arc::clone(wakes));
    }

    fn set_mode(&self, state: &mut State, at_once: bool) -> io::Result<()> {
        if state.at_once == at_once {
            return Ok(());
        }
        let mode = PIPE_READMODE_BYTE | if at_once { PIPE_NOWAIT } else { PIPE_WAIT };
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open as long as `self` lives; the pointer is to a local value, the others may be null.
        let done = unsafe {
            SetNamedPipeHandleState(self.raw(), &raw const mode, std::ptr::null(), std::ptr::null())
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        state.at_once = at_once;
        Ok(())
    }

    /// Makes a call that may be pending, and waits for its end. The waker ends it too.
    fn call(&self, begin: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32) -> io::Result<usize> {
        self.call_until(self.wakes.get().map(|wakes| wakes.event()), begin)
    }

    /// As [`Pipe::call`]; `ends` is an event that ends it too.
    fn call_until(
        &self,
        ends: Option<HANDLE>,
        begin: impl FnOnce(HANDLE, *mut OVERLAPPED) -> i32,
    ) -> io::Result<usize> {
        let mut overlapped = OVERLAPPED { hEvent: self.done.raw(), ..OVERLAPPED::default() };
        let mut length = 0;
        self.done.reset();
        let started = begin(self.raw(), &raw mut overlapped) != 0;
        let error = io::Error::last_os_error();
        if !started && !matches!(code(&error), ERROR_IO_PENDING | ERROR_MORE_DATA) {
            return Err(error);
        }
        if code(&error) == ERROR_IO_PENDING && !started {
            let handles = [Some(self.done.raw()), ends];
            let handles: Vec<HANDLE> = handles.into_iter().flatten().collect();
            if wait_any(&handles, None)? != Some(0) {
                #[expect(unsafe_code, reason = "a call of Windows")]
                // SAFETY: the handle is open, and the call that it ends is the one that `overlapped` belongs to.
                unsafe {
                    CancelIoEx(self.raw(), &raw const overlapped);
                }
            }
        }
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: as above. It waits until the system is done with `overlapped`, which must not move or end before.
        let done = unsafe { GetOverlappedResult(self.raw(), &raw const overlapped, &raw mut length, 1) };
        if done == 0 {
            let error = io::Error::last_os_error();
            if code(&error) != ERROR_MORE_DATA {
                return Err(error);
            }
        }
        Ok(length as usize)
    }

    fn read_file(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let read = self.call(|file, overlapped| {
            #[expect(unsafe_code, reason = "a call of Windows")]
            // SAFETY: the buffer and its length are those of one slice that is borrowed until `call` is done with it.
            unsafe {
                ReadFile(file, buffer.as_mut_ptr(), length, std::ptr::null_mut(), overlapped)
            }
        });
        match read {
            Err(error) => match code(&error) {
                ERROR_BROKEN_PIPE | ERROR_PIPE_NOT_CONNECTED => Ok(0),
                ERROR_OPERATION_ABORTED => Err(would_block()),
                _ => Err(error),
            },
            // A message without bytes is not the end.
            Ok(0) => Err(would_block()),
            read => read,
        }
    }

    /// How many bytes wait to be read.
    fn waiting(&self) -> io::Result<usize> {
        let mut length = 0;
        let (nothing, null) = (std::ptr::null_mut(), std::ptr::null_mut());
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open; the one pointer that is not null is to a local value.
        let done = unsafe { PeekNamedPipe(self.raw(), null, 0, nothing, &raw mut length, nothing) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(length as usize) }
    }

    /// Reads what is there, without waiting.
    fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.waiting() {
            Ok(0) => Err(would_block()),
            Ok(length) => {
                let length = length.min(buffer.len());
                self.read_file(&mut buffer[..length])
            }
            Err(error) if matches!(code(&error), ERROR_BROKEN_PIPE | ERROR_PIPE_NOT_CONNECTED) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Processes take turns at waiting for a client, by a mutex of this number (`_FCGI_MUTEX_`).
    pub(in super::super) fn take_turns(&self, number: &str) -> io::Result<()> {
        let mutex = handle::Mutex::inherited(number)?;
        // A second number would be that of the same mutex: it comes from the environment.
        let _ = self.turns.set(mutex);
        Ok(())
    }

    /// Waits until a client is there, when it is this process's turn. `WouldBlock` when the waker was quicker.
    fn connect_in_turn(&self) -> io::Result<()> {
        match (self.turns.get(), self.wakes.get()) {
            (Some(mutex), Some(wakes)) => {
                let _turn = mutex.take_turn(wakes.event())?.ok_or_else(would_block)?;
                self.connect()
            }
            _ => self.connect(),
        }
    }

    fn connect(&self) -> io::Result<()> {
        let connected = self.call(|file, overlapped| {
            #[expect(unsafe_code, reason = "a call of Windows")]
            // SAFETY: `call` keeps both until the system is done with them.
            unsafe {
                ConnectNamedPipe(file, overlapped)
            }
        });
        match connected {
            Ok(_) => Ok(()),
            Err(error) => match code(&error) {
                ERROR_PIPE_CONNECTED => Ok(()),
                ERROR_OPERATION_ABORTED => Err(would_block()),
                // The client has gone before anybody saw it.
                ERROR_NO_DATA => {
                    self.disconnect();
                    Err(would_block())
                }
                _ => Err(error),
            },
        }
    }

    fn disconnect(&self) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open.
        unsafe {
            DisconnectNamedPipe(self.raw());
        }
    }

    /// Waits until there is news for the token of the listener or of the connection; false when there is none.
    ///
    /// # Errors
    /// When the pipe cannot be waited for.
    pub(in super::super) fn wait(&self, timeout: Option<Duration>) -> io::Result<bool> {
        let awaited = {
            let state = self.state();
            match (state.taken, state.connected, state.told) {
                (false, true, _) => return Ok(true),
                (false, false, _) => Some(Awaited::Client),
                (true, _, false) if state.ended || state.start < state.ahead.len() => None,
                (true, _, false) => Some(Awaited::Bytes),
                (true, _, true) => return self.rest(timeout).map(|()| false),
            }
        };
        match (awaited, timeout) {
            (None, _) => {}
            (Some(awaited), None) => self.wait_for(awaited)?,
            (Some(awaited), Some(timeout)) => self.look_for(awaited, timeout)?,
        }
        let mut state = self.state();
        if !state.taken {
            return Ok(state.connected);
        }
        state.told = state.ended || state.start < state.ahead.len();
        Ok(state.told)
    }

    /// Whether a client is being served.
    pub(in super::super) fn is_taken(&self) -> bool {
        self.state().taken
    }

    /// Waits for the waker alone.
    pub(in super::super) fn rest(&self, timeout: Option<Duration>) -> io::Result<()> {
        let Some(wakes) = self.wakes.get() else { return Ok(()) };
        wait_any(&[wakes.event()], timeout).map(drop)
    }

    /// Waits for something in a blocking call.
    fn wait_for(&self, awaited: Awaited) -> io::Result<()> {
        let Some(wakes) = self.wakes.get() else { return Ok(()) };
        self.set_mode(&mut self.state(), false)?;
        let mut buffer = Vec::new();
        let done = match awaited {
            Awaited::Client => wakes.block_on(&self.file, || self.connect_in_turn().map(|()| 0))?,
            Awaited::Bytes => {
                buffer = std::mem::take(&mut self.state().ahead);
                buffer.resize(BUFFER, 0);
                wakes.block_on(&self.file, || self.read_file(&mut buffer))?
            }
        };
        self.note(awaited, done.unwrap_or_else(|| Err(would_block())), buffer)
    }

    /// Looks for something again and again, for a while.
    fn look_for(&self, awaited: Awaited, timeout: Duration) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let mut buffer = Vec::new();
            let found = match awaited {
                // A pipe without a client cannot be looked into.
                Awaited::Client => self.waiting().map(|_| 0).map_err(|_| would_block()),
                Awaited::Bytes => {
                    buffer.resize(BUFFER, 0);
                    self.read_now(&mut buffer)
                }
            };
            let nothing = matches!(&found, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            let woken = self.wakes.get().is_some_and(|wakes| wakes.is_set());
            if !nothing || woken || begun.elapsed() >= timeout {
                return self.note(awaited, found, buffer);
            }
            std::thread::sleep(LOOK.min(timeout));
        }
    }

    fn note(&self, awaited: Awaited, found: io::Result<usize>, mut buffer: Vec<u8>) -> io::Result<()> {
        let mut state = self.state();
        match found {
            Ok(length) if awaited == Awaited::Bytes => {
                buffer.truncate(length);
                (state.ahead, state.start, state.ended) = (buffer, 0, length == 0);
                Ok(())
            }
            Ok(_) => {
                state.connected = true;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                buffer.clear();
                state.ahead = buffer;
                state.start = 0;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
