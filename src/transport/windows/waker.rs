//! Wakes the thread that waits: by an event, by a byte on a socket, and by ending the call it is blocked in.
//!
//! Python's signal handlers can only write to a socket (`signal.set_wakeup_fd`), and a thread that is blocked in a
//! synchronous `ReadFile` looks at no event. So one small thread receives the bytes and does what is needed.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::windows::io::{AsRawHandle as _, AsRawSocket as _, OwnedHandle, RawSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Foundation::HANDLE;

use super::handle::{Event, Thread};

/// How long the thread that wakes leaves the other one before it tries again.
const AGAIN: Duration = Duration::from_millis(1);

/// What is shared with the thread that receives, and with pipes.
#[derive(Debug)]
pub(in super::super) struct Wakes {
    event: Event,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    blocked: Option<(Thread, Arc<OwnedHandle>)>,
}

impl Wakes {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event that is set until [`Waker::take`].
    pub(super) fn event(&self) -> HANDLE {
        self.event.raw()
    }

    pub(in super::super) fn is_set(&self) -> bool {
        self.event.is_set()
    }

    /// Runs a call that blocks on a file, which a byte for this waker ends. None when one is there already.
    pub(super) fn block_on<T>(
        &self,
        file: &Arc<OwnedHandle>,
        call: impl FnOnce() -> T,
    ) -> io::Result<Option<T>> {
        self.state().blocked = Some((Thread::current()?, Arc::clone(file)));
        // A byte that comes from here on finds the thread; the one before has set the event.
        let done = if self.is_set() { None } else { Some(call()) };
        self.state().blocked = None;
        Ok(done)
    }

    fn receive(&self, bytes: &[u8]) {
        {
            // In one, so that `take` never leaves an event without a byte.
            let mut state = self.state();
            state.bytes.extend_from_slice(bytes);
            self.event.set();
        }
        // Between the thread's look at the event and its call there is a moment in which nothing can be ended yet.
        while self.end_call() && self.is_set() {
            std::thread::sleep(AGAIN);
        }
    }

    fn end_call(&self) -> bool {
        match &self.state().blocked {
            Some((thread, file)) => {
                thread.cancel(file.as_raw_handle());
                true
            }
            None => false,
        }
    }
}

/// Wakes a thread that waits with a poller. It has a socket that a signal handler may write to.
#[derive(Debug)]
pub struct Waker {
    wakes: Arc<Wakes>,
    sender: TcpStream,
    /// What the poller of sockets waits for: readable as long as there are bytes to take.
    polled: TcpStream,
}

impl Waker {
    /// A pair of sockets, and the thread between them.
    ///
    /// # Errors
    /// When the system has no sockets or threads left.
    pub fn new() -> io::Result<Self> {
        let wakes = Arc::new(Wakes { event: Event::new()?, state: Mutex::default() });
        let (sender, mut receiver) = pair()?;
        let (polled, mut poked) = pair()?;
        polled.set_nonblocking(true)?;
        poked.set_nonblocking(true)?;
        let shared = Arc::clone(&wakes);
        std::thread::Builder::new().name("iiswsgi-waker".into()).spawn(move || {
            let mut buffer = [0; 64];
            // It ends when the sender is dropped.
            while let Ok(length @ 1..) = receiver.read(&mut buffer) {
                // A full buffer means that the thread is going to wake up anyway.
                let _ = poked.write(&[0]);
                shared.receive(&buffer[..length]);
            }
        })?;
        Ok(Self { wakes, sender, polled })
    }

    /// Wakes the thread, with a byte for it: 0, or the number of a signal.
    pub fn wake(&self, byte: u8) {
        // It fails only when the receiving thread has ended with the process.
        let _ = (&self.sender).write(&[byte]);
    }

    /// The bytes that arrived.
    pub fn take(&self) -> Vec<u8> {
        let mut buffer = [0; 64];
        while matches!((&self.polled).read(&mut buffer), Ok(1..)) {}
        let mut state = self.wakes.state();
        self.wakes.event.reset();
        std::mem::take(&mut state.bytes)
    }

    /// The number of the socket that a signal handler may write bytes to.
    pub fn signal_descriptor(&self) -> i64 {
        i64::try_from(self.sender.as_raw_socket()).unwrap_or(-1)
    }

    pub(in super::super) fn wakes(&self) -> &Arc<Wakes> {
        &self.wakes
    }

    pub(in super::super) fn polled(&self) -> RawSocket {
        self.polled.as_raw_socket()
    }
}

/// Two sockets that are connected with each other and with nobody else.
fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let sender = TcpStream::connect(listener.local_addr()?)?;
    sender.set_nodelay(true)?;
    // Another program may have been quicker to connect: only our own is taken.
    loop {
        let (receiver, from) = listener.accept()?;
        if from == sender.local_addr()? {
            return Ok((sender, receiver));
        }
    }
}
