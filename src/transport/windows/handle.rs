//! Events, threads and waiting: thin and safe names for the calls of Windows that the rest of this folder needs.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{HANDLE, WAIT_ABANDONED_0, WAIT_FAILED, WAIT_OBJECT_0};
use windows_sys::Win32::System::IO::{CancelIoEx, CancelSynchronousIo};
use windows_sys::Win32::System::Threading::{
    CreateEventW, GetCurrentThreadId, INFINITE, OpenThread, ReleaseMutex, ResetEvent, SetEvent,
    THREAD_TERMINATE, WaitForMultipleObjects,
};

/// A time for a call of Windows: rounded up, so that waiting never ends too early.
pub(in super::super) fn milliseconds(timeout: Option<Duration>) -> u32 {
    timeout.map_or(INFINITE, |timeout| {
        u32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE - 1).min(INFINITE - 1)
    })
}

/// A manual-reset event: it stays set until it is reset.
#[derive(Debug)]
pub(super) struct Event(OwnedHandle);

impl Event {
    pub(super) fn new() -> io::Result<Self> {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: no pointer is handed over; the handle, when there is one, is ours alone.
        unsafe {
            let handle = CreateEventW(std::ptr::null(), 1, 0, std::ptr::null());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedHandle::from_raw_handle(handle)))
        }
    }

    pub(super) fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    pub(super) fn set(&self) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open as long as `self` lives.
        unsafe {
            SetEvent(self.raw());
        }
    }

    pub(super) fn reset(&self) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open as long as `self` lives.
        unsafe {
            ResetEvent(self.raw());
        }
    }

    pub(super) fn is_set(&self) -> bool {
        matches!(wait_any(&[self.raw()], Some(Duration::ZERO)), Ok(Some(_)))
    }
}

/// Waits for one of several handles; gives the index of the first that is set, none when the time is over.
pub(super) fn wait_any(handles: &[HANDLE], timeout: Option<Duration>) -> io::Result<Option<usize>> {
    let count = u32::try_from(handles.len()).map_err(io::Error::other)?;
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: the pointer and the count are those of one slice, and the callers keep the handles open meanwhile.
    let outcome = unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, milliseconds(timeout)) };
    if outcome == WAIT_FAILED {
        return Err(io::Error::last_os_error());
    }
    let index = (outcome - WAIT_OBJECT_0) as usize;
    Ok((index < handles.len()).then_some(index))
}

/// A mutex by which processes take turns. A process that ends with it has let it go.
#[derive(Debug)]
pub(super) struct Mutex(OwnedHandle);

/// The turn of this thread, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Mutex);

impl Mutex {
    /// The mutex of an inherited handle's number, in decimal digits.
    pub(super) fn inherited(number: &str) -> io::Result<Self> {
        let number: usize = number.trim().parse().map_err(|_| io::ErrorKind::InvalidInput)?;
        let handle = number as HANDLE;
        #[expect(unsafe_code, reason = "an inherited mutex is only known by its number")]
        // SAFETY: it was inherited for this purpose, so nobody else in this process closes it. What is no open handle of a
        // mutex is found out by taking a turn, below.
        let mutex = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        let failed = mutex.wait(&[], Some(Duration::ZERO)).err();
        match failed {
            None => Ok(mutex),
            Some(error) => {
                // It is not ours to close.
                std::mem::forget(mutex);
                Err(error)
            }
        }
    }

    /// Waits for the turn of this thread, or until another handle is set: then there is none.
    pub(super) fn take_turn(&self, other: HANDLE) -> io::Result<Option<Turn<'_>>> {
        self.wait(&[other], None)
    }

    fn wait(&self, others: &[HANDLE], timeout: Option<Duration>) -> io::Result<Option<Turn<'_>>> {
        let handles: Vec<HANDLE> =
            [self.0.as_raw_handle()].into_iter().chain(others.iter().copied()).collect();
        let count = u32::try_from(handles.len()).map_err(io::Error::other)?;
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the pointer and the count are those of one vector, and the callers keep the handles open meanwhile.
        match unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, milliseconds(timeout)) } {
            WAIT_FAILED => Err(io::Error::last_os_error()),
            WAIT_OBJECT_0 | WAIT_ABANDONED_0 => Ok(Some(Turn(self))),
            _ => Ok(None),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open as long as the mutex lives.
        unsafe {
            ReleaseMutex(self.0.0.as_raw_handle());
        }
    }
}

/// A thread whose blocking call another thread may end.
#[derive(Debug)]
pub(super) struct Thread(OwnedHandle);

impl Thread {
    /// The thread that calls this.
    pub(super) fn current() -> io::Result<Self> {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: no pointer is handed over; the handle, when there is one, is ours alone.
        unsafe {
            let handle = OpenThread(THREAD_TERMINATE, 0, GetCurrentThreadId());
            if handle.is_null() {
                return Err(io::Error::last_os_error());
            }
            Ok(Self(OwnedHandle::from_raw_handle(handle)))
        }
    }

    /// Ends the call of the system that the thread is blocked in, on the file too when that is an overlapped one.
    pub(super) fn cancel(&self, file: HANDLE) {
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the thread's handle is open as long as `self` lives, the file's as long as the caller says; a call that
        // finds nothing to end fails without harm.
        unsafe {
            CancelSynchronousIo(self.0.as_raw_handle());
            CancelIoEx(file, std::ptr::null());
        }
    }
}
