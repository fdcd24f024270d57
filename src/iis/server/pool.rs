//! The processes of one FastCGI application: how many there are, which gets the next request, and when one has to go.
//!
//! The settings are those of `<fastCgi><application>`: `maxInstances`, `instanceMaxRequests`, `idleTimeout`,
//! `queueLength`, `rapidFailsPerMinute`, `monitorChangesTo`, `activityTimeout` and `requestTimeout`. A process answers one
//! request at a time, as under IIS.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::processes::Processes;
use super::responder::Responder;
use super::socket::{Connection, Socket};
use super::{Fault, locked};
use crate::iis::FastCgiApplication;
use crate::package::web_config;
use crate::process::{Program, Runner};

/// `maxInstances` 0 lets IIS choose; before IIS 8 it was 4.
const AUTOMATIC_INSTANCES: usize = 4;

/// How `stderrMode` wants what a process says on `FCGI_STDERR` to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StderrMode {
    ReturnStdErrIn500,
    ReturnGeneric500,
    IgnoreAndReturn200,
    TerminateProcess,
}

/// The settings of an application, with IIS's defaults.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) max_instances: usize,
    pub(super) instance_max_requests: u32,
    pub(super) queue_length: usize,
    pub(super) rapid_fails: usize,
    pub(super) idle_timeout: Duration,
    pub(super) activity_timeout: Duration,
    pub(super) request_timeout: Duration,
    pub(super) stderr_mode: StderrMode,
    monitored: Vec<PathBuf>,
}

impl Settings {
    fn of(application: &FastCgiApplication) -> Self {
        let value = |name: &str| {
            let given = application.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let rule = web_config::APPLICATION_ATTRIBUTES.iter().find(|rule| rule.name == name);
            given.map_or(rule.map_or("", |rule| rule.default), |(_, value)| value.as_str())
        };
        let number = |name| value(name).trim().parse::<usize>().unwrap_or_default();
        let seconds = |name| Duration::from_secs(number(name) as u64);
        let monitored = value("monitorChangesTo");
        Self {
            max_instances: match number("maxInstances") {
                0 => AUTOMATIC_INSTANCES,
                instances => instances.min(Semaphore::MAX_PERMITS),
            },
            instance_max_requests: u32::try_from(number("instanceMaxRequests")).unwrap_or(u32::MAX).max(1),
            queue_length: number("queueLength").max(1),
            rapid_fails: number("rapidFailsPerMinute"),
            idle_timeout: seconds("idleTimeout"),
            activity_timeout: seconds("activityTimeout"),
            request_timeout: seconds("requestTimeout"),
            stderr_mode: match value("stderrMode").to_lowercase().as_str() {
                "returngeneric500" => StderrMode::ReturnGeneric500,
                "ignoreandreturn200" => StderrMode::IgnoreAndReturn200,
                "terminateprocess" => StderrMode::TerminateProcess,
                _ => StderrMode::ReturnStdErrIn500,
            },
            monitored: (!monitored.is_empty()).then(|| PathBuf::from(monitored)).into_iter().collect(),
        }
    }
}

/// How to start a process.
pub(in crate::iis) struct Started {
    /// What is started.
    pub(in crate::iis) program: Program,
    /// How it can be started by hand.
    pub(in crate::iis) command_line: String,
    /// Its registration.
    pub(in crate::iis) application: FastCgiApplication,
}

/// The processes of one FastCGI application.
pub(in crate::iis) struct Pool {
    pub(super) started: Started,
    pub(super) settings: Settings,
    pub(super) processes: Processes,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    responder: Responder,
    connection: Option<Connection>,
    since: Instant,
}

/// A process for the time of one request, with the connection that was kept.
pub(super) struct Lease {
    pub(super) responder: Responder,
    pub(super) connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(in crate::iis) fn new(started: Started, runner: Arc<dyn Runner>) -> Self {
        let settings = Settings::of(&started.application);
        Self {
            slots: Arc::new(Semaphore::new(settings.max_instances)),
            waiting: AtomicUsize::new(0),
            idle: Mutex::default(),
            processes: Processes::new(runner, settings.rapid_fails, settings.monitored.clone()),
            started,
            settings,
        }
    }

    /// Starts a process and waits until it takes requests.
    pub(super) async fn warm_up(self: &Arc<Self>, limit: Duration) -> Result<(), Fault> {
        let mut lease = self.lease().await?;
        match lease.responder.wait_until_ready(limit).await {
            Ok(connection) => {
                lease.connection = connection;
                self.give_back(lease);
                Ok(())
            }
            Err(fault) => {
                match &fault {
                    Fault::TimedOut(_) => self.processes.abort(&lease.responder.process).await,
                    _ => self.end(&lease, true),
                }
                Err(fault)
            }
        }
    }

    /// A process that is free, or a new one. Waits while all of them are busy.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Fault> {
        if let Some(refusal) = self.processes.refusal() {
            return Err(refusal);
        }
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= self.settings.queue_length {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(Fault::QueueFull(self.settings.queue_length));
        }
        let permit = Arc::clone(&self.slots).acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let permit = permit.map_err(|_| Fault::Closed)?;
        self.sweep();
        loop {
            let Some(idle) = locked(&self.idle).pop() else { break };
            if idle.responder.process.ended().is_some() {
                self.processes.end(&idle.responder.process, true);
                continue;
            }
            idle.responder.process.begin();
            return Ok(Lease { responder: idle.responder, connection: idle.connection, _permit: permit });
        }
        let socket = Socket::new().map_err(Fault::Socket)?;
        let endpoint = socket.endpoint();
        let pool = Arc::clone(self);
        let start = move |runner: &dyn Runner| runner.start(&pool.started.program, &endpoint);
        let process = self.processes.start(start).await?;
        process.begin();
        Ok(Lease { responder: Responder::new(process, socket), connection: None, _permit: permit })
    }

    /// Takes a process back after a request that went well.
    pub(super) fn give_back(&self, lease: Lease) {
        let Lease { responder, connection, _permit } = lease;
        responder.process.end();
        let used_up = responder.process.served() >= self.settings.instance_max_requests;
        if used_up || !self.processes.is_current(&responder.process) {
            drop(connection);
            self.processes.end(&responder.process, false);
            return;
        }
        locked(&self.idle).push(Idle { responder, connection, since: Instant::now() });
    }

    /// Ends the process of a request; `failed` counts it among the failures.
    pub(super) fn end(&self, lease: &Lease, failed: bool) {
        self.processes.end(&lease.responder.process, failed);
    }

    /// Ends what has been idle for too long, and what is no longer wanted.
    pub(super) fn sweep(&self) {
        self.processes.look();
        let unwanted = |idle: &mut Idle| {
            !self.processes.is_current(&idle.responder.process)
                || idle.since.elapsed() > self.settings.idle_timeout
        };
        let old: Vec<_> = locked(&self.idle).extract_if(.., unwanted).collect();
        for idle in &old {
            self.processes.end(&idle.responder.process, false);
        }
    }

    /// Lets all processes end, each after the request that it answers.
    pub(super) fn recycle(&self) {
        self.processes.renew();
        self.sweep();
    }
}
