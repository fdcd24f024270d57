//! The two ends that a server holds of a pipe: its connection, and where clients come from. What a call on a pipe is stands
//! in `pipe.rs`.

use std::io::{self, IoSlice};
use std::os::windows::io::{FromRawHandle as _, OwnedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{FlushFileBuffers, PIPE_ACCESS_DUPLEX, WriteFile};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
    WaitNamedPipeW,
};

use super::super::super::Interest;
use super::{BUFFER, LOOK, Pipe, State, would_block};

/// How often a full pipe is tried again before the thread sleeps between.
const SPINS: u32 = 64;

/// A connection through a pipe.
#[derive(Debug)]
pub(in super::super::super) struct PipeConnection {
    pipe: Arc<Pipe>,
    spins: AtomicU32,
}

/// Where clients of a pipe come from.
#[derive(Debug)]
pub(in super::super::super) struct PipeListener(Arc<Pipe>);

impl PipeConnection {
    /// What was read ahead, if anything. None: the pipe itself is to be read.
    fn read_ahead(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut state = self.pipe.state();
        let ahead = &state.ahead[state.start..];
        if ahead.is_empty() {
            state.told = false;
            return state.ended.then_some(0);
        }
        let length = ahead.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ahead[..length]);
        state.start += length;
        if state.start == state.ahead.len() {
            state.ahead.clear();
            state.start = 0;
        }
        Some(length)
    }

    pub(in super::super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.read_ahead(buffer) {
            Some(length) => Ok(length),
            None => self.pipe.read_now(buffer),
        }
    }

    pub(in super::super) fn read_soon(&self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        if let Some(length) = self.read_ahead(buffer) {
            return Ok(length);
        }
        let Some(wakes) = self.pipe.wakes.get() else {
            std::thread::sleep(patience.min(LOOK));
            return self.pipe.read_now(buffer);
        };
        self.pipe.set_mode(&mut self.pipe.state(), false)?;
        let done = wakes.block_on(&self.pipe.file, || self.pipe.read_file(buffer))?;
        done.unwrap_or_else(|| Err(would_block()))
    }

    pub(in super::super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut state = self.pipe.state();
        self.pipe.set_mode(&mut state, true)?;
        // A pipe without room for all may take none instead of a part.
        for most in [bytes.len(), 4096, 512] {
            let piece = &bytes[..most.min(bytes.len())];
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let written = self.pipe.call(|file, overlapped| {
                #[expect(unsafe_code, reason = "a call of Windows")]
                // SAFETY: the pointer and the length are those of one slice that is borrowed until `call` is done with it.
                unsafe {
                    WriteFile(file, piece.as_ptr(), length, std::ptr::null_mut(), overlapped)
                }
            })?;
            if written > 0 {
                self.spins.store(0, Ordering::Relaxed);
                return Ok(written);
            }
        }
        Err(would_block())
    }

    pub(in super::super) fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut sum = 0;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            match self.write(piece) {
                Ok(length) => {
                    sum += length;
                    if length < piece.len() {
                        break;
                    }
                }
                Err(_) if sum > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sum)
    }

    /// Writes all, and waits until it is taken. Nothing ends that but the peer: a part of the bytes would have left, and nobody
    /// would know how many.
    pub(in super::super) fn write_through(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.pipe.set_mode(&mut self.pipe.state(), false)?;
        let mut sum = 0;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            sum += self.pipe.call_until(None, |file, overlapped| {
                #[expect(unsafe_code, reason = "a call of Windows")]
                // SAFETY: the pointer and the length are those of one slice that is borrowed until `call_until` is done with it.
                unsafe {
                    WriteFile(file, piece.as_ptr(), length, std::ptr::null_mut(), overlapped)
                }
            })?;
        }
        Ok(sum)
    }

    /// Waits. Room in a pipe cannot be waited for: it is to be tried, first at once, then at short intervals.
    pub(in super::super) fn wait(&self, interest: Interest, timeout: Option<Duration>) -> io::Result<bool> {
        if interest == Interest::Read {
            let found = self.pipe.wait(timeout)?;
            self.pipe.state().told = false;
            return Ok(found);
        }
        if self.spins.fetch_add(1, Ordering::Relaxed) < SPINS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(timeout.unwrap_or(LOOK).min(LOOK));
        }
        Ok(true)
    }

    pub(in super::super::super) fn pipe(&self) -> &Arc<Pipe> {
        &self.pipe
    }
}

impl Drop for PipeConnection {
    fn drop(&mut self) {
        let closed = self.pipe.state().closed;
        if !closed {
            #[expect(unsafe_code, reason = "a call of Windows")]
            // SAFETY: the handle is open. It returns when the client has read all, which disconnecting would throw away.
            unsafe {
                FlushFileBuffers(self.pipe.raw());
            }
            self.pipe.disconnect();
        }
        let mut state = self.pipe.state();
        let at_once = state.at_once;
        *state = State { at_once, closed, ..State::default() };
    }
}

/// The name of a pipe as the system takes it.
fn system_name(name: &str) -> Vec<u16> {
    format!(r"\\.\pipe\{name}").encode_utf16().chain([0]).collect()
}

/// The server's end of a new pipe, for one client at a time of this machine. The handle is not overlapped.
pub(in super::super) fn server_end(name: &str) -> io::Result<OwnedHandle> {
    let size = u32::try_from(BUFFER).unwrap_or(u32::MAX);
    let mode = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
    let (name, null) = (system_name(name), std::ptr::null());
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: the name ends in 0, no other pointer is handed over; the handle, when there is one, is ours alone.
    unsafe {
        let file = CreateNamedPipeW(name.as_ptr(), PIPE_ACCESS_DUPLEX, mode, 1, size, size, 0, null);
        if file == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedHandle::from_raw_handle(file))
    }
}

/// Whether a pipe of this name is there, with or without a client.
pub(in super::super) fn is_there(name: &str) -> bool {
    let name = system_name(name);
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: the name ends in 0. Opening the pipe instead would be taken for a client.
    let free = unsafe { WaitNamedPipeW(name.as_ptr(), 1) } != 0;
    free || io::Error::last_os_error().kind() != io::ErrorKind::NotFound
}

impl PipeListener {
    /// The pipe that a web server's process manager handed over.
    pub(in super::super) fn inherited(file: OwnedHandle) -> io::Result<Self> {
        Pipe::new(file).map(|pipe| Self(Arc::new(pipe)))
    }

    /// A pipe of our own: `NAME` is `\\.\pipe\NAME`.
    pub(in super::super) fn create(name: &str) -> io::Result<Self> {
        server_end(name).and_then(Self::inherited)
    }

    pub(in super::super) fn accept(&self) -> Option<PipeConnection> {
        let mut state = self.0.state();
        // With a mutex another process may be serving the client that is seen here.
        let takes_any = self.0.turns.get().is_none();
        if state.taken || !(state.connected || takes_any && self.0.waiting().is_ok()) {
            return None;
        }
        state.taken = true;
        state.connected = false;
        Some(PipeConnection { pipe: Arc::clone(&self.0), spins: AtomicU32::new(0) })
    }

    pub(in super::super) fn number(&self) -> i64 {
        self.0.raw() as i64
    }

    pub(in super::super::super) fn pipe(&self) -> &Arc<Pipe> {
        &self.0
    }
}

impl Drop for PipeListener {
    fn drop(&mut self) {
        self.0.state().closed = true;
    }
}
