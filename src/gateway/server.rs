//! Threads that serve: each takes its turn at waiting for requests and runs them.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::core::{Core, Next};
use super::exchange::Exchange;
use super::link::Link;
use super::turns::Turns;
use super::{Application, Options};
use crate::transport::{Endpoint, Opened, Waker};

/// A server: one or several threads call [`Server::run`] until [`Server::stop`] is called or a signal arrives.
#[derive(Debug)]
pub struct Server {
    options: Options,
    endpoint: Option<Endpoint>,
    waker: Waker,
    core: Mutex<Core>,
    turns: Turns,
    #[expect(clippy::vec_box, reason = "connections are moved between threads and slots as boxes")]
    returned: Mutex<Vec<Box<Link>>>,
    stopping: AtomicBool,
    served: AtomicU64,
    threads: AtomicUsize,
}

impl Server {
    /// Prepares to serve on what was opened.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn new(opened: Opened, options: Options) -> io::Result<Arc<Self>> {
        let endpoint = match &opened {
            Opened::Listener(listener) => Some(listener.endpoint().clone()),
            Opened::Connected(_) => None,
        };
        let waker = Waker::new()?;
        let core = Mutex::new(Core::new(opened, &waker, options.clone())?);
        let server = Arc::new(Self {
            options,
            endpoint,
            waker,
            core,
            turns: Turns::default(),
            returned: Mutex::default(),
            stopping: AtomicBool::new(false),
            served: AtomicU64::new(0),
            threads: AtomicUsize::new(0),
        });
        if server.options.threads > 1 {
            let watched = Arc::clone(&server);
            std::thread::Builder::new()
                .name("iiswsgi-watcher".into())
                .spawn(move || watched.turns.watch())?;
        }
        Ok(server)
    }

    /// Where the server listens; none for a single inherited connection.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// How many requests have been answered.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// The number of a descriptor to which a signal handler may write the signal's number as a byte.
    pub fn signal_descriptor(&self) -> i64 {
        self.waker.signal_descriptor()
    }

    /// Stops: running requests are finished, then all [`Server::run`] return.
    pub fn stop(&self) {
        if let Some(http) = &self.options.http {
            http.drain();
        }
        self.stopping.store(true, Ordering::Release);
        self.waker.wake(0);
    }

    /// Whether [`Server::stop`] was called, or the cap of requests is reached.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Serves until the server stops: the life of one thread.
    pub fn run(&self, app: &dyn Application) {
        let me = self.threads.fetch_add(1, Ordering::Relaxed);
        if self.options.threads > 1 {
            self.run_in_turns(me, app);
        } else {
            self.run_alone(app);
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // A panic within it has ended the thread that led; the connections are as they were before that call.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, core: &mut Core, app: &dyn Application) -> Next {
        let returned = || std::mem::take(&mut *self.returned.lock().unwrap_or_else(PoisonError::into_inner));
        core.next(app, &self.waker, &returned, &|| self.is_stopping())
    }

    fn respond(&self, link: Box<Link>, app: &dyn Application) -> Box<Link> {
        let exchange = match Exchange::new(link) {
            Ok(exchange) => exchange,
            Err(link) => return link,
        };
        let link = app.respond(exchange).end(app);
        let served = self.served.fetch_add(1, Ordering::Relaxed) + 1;
        if self.options.max_requests.is_some_and(|most| served >= most) {
            self.stop();
        }
        link
    }

    fn run_alone(&self, app: &dyn Application) {
        let mut core = self.core();
        while let Next::Serve(link) = self.next(&mut core, app) {
            let link = self.respond(link, app);
            core.give_back(link);
        }
    }

    fn run_in_turns(&self, me: usize, app: &dyn Application) {
        loop {
            let mut leads = false;
            app.pause(&mut || leads = self.turns.wait(me));
            if !leads {
                return;
            }
            // The lock is free: whoever led before has let it go before passing the lead on.
            let mut core = self.core();
            loop {
                let Next::Serve(link) = self.next(&mut core, app) else {
                    self.turns.finish();
                    return;
                };
                drop(core);
                let begun = self.turns.begin();
                let link = self.respond(link, app);
                if !self.turns.end(me, begun) {
                    self.returned.lock().unwrap_or_else(PoisonError::into_inner).push(link);
                    self.waker.wake(0);
                    break;
                }
                core = self.core();
                core.give_back(link);
            }
        }
    }
}
