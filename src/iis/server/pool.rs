//! The processes of one FastCGI application: how many there are, which gets the next request, and when one has to go.
//!
//! The settings are those of `<fastCgi><application>`: `maxInstances`, `instanceMaxRequests`, `idleTimeout`,
//! `queueLength`, `rapidFailsPerMinute`, `monitorChangesTo`, `activityTimeout` and `requestTimeout`. A process answers one
//! request at a time, as under IIS.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::process::Process;
use super::socket::Connection;
use super::{Fault, locked};
use crate::iis::{FastCgiApplication, Logs};
use crate::package::web_config;
use crate::process::{Program, Runner};

/// `maxInstances` 0 lets IIS choose; before IIS 8 it was 4.
const AUTOMATIC_INSTANCES: usize = 4;
/// So much of what ended processes wrote is kept.
const KEPT: usize = 1 << 20;

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
    monitored: Option<PathBuf>,
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
            monitored: (!monitored.is_empty()).then(|| PathBuf::from(monitored)),
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
    runner: Arc<dyn Runner>,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    processes: Vec<Arc<Process>>,
    failures: VecDeque<Instant>,
    past: Logs,
    count: u32,
    generation: u64,
    seen: Option<SystemTime>,
}

struct Idle {
    process: Arc<Process>,
    connection: Option<Connection>,
    since: Instant,
}

/// A process for the time of one request, with the connection that was kept.
pub(super) struct Lease {
    pub(super) process: Arc<Process>,
    pub(super) connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(in crate::iis) fn new(started: Started, runner: Arc<dyn Runner>) -> Self {
        let settings = Settings::of(&started.application);
        let seen = settings.monitored.as_deref().and_then(changed);
        Self {
            slots: Arc::new(Semaphore::new(settings.max_instances)),
            waiting: AtomicUsize::new(0),
            state: Mutex::new(State { seen, ..State::default() }),
            started,
            settings,
            runner,
        }
    }

    /// How to start its process by hand.
    pub(in crate::iis) fn command_line(&self) -> &str {
        &self.started.command_line
    }

    /// Starts a process and waits until it takes requests.
    pub(in crate::iis) async fn warm_up(self: &Arc<Self>, limit: Duration) -> Result<(), Fault> {
        let lease = self.lease().await?;
        match lease.process.wait_until_ready(limit).await {
            Ok(()) => {
                self.give_back(lease);
                Ok(())
            }
            Err(fault) => {
                match &fault {
                    Fault::TimedOut(_) => self.abort(&lease.process).await,
                    _ => self.end(&lease.process, true),
                }
                Err(fault)
            }
        }
    }

    /// A process that is free, or a new one. Waits while all of them are busy.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Fault> {
        if self.is_offline() {
            return Err(Fault::Offline(self.settings.rapid_fails));
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
            let Some(idle) = locked(&self.state).idle.pop() else { break };
            if idle.process.ended().is_some() {
                self.end(&idle.process, true);
                continue;
            }
            idle.process.busy.store(true, Ordering::Relaxed);
            return Ok(Lease { process: idle.process, connection: idle.connection, _permit: permit });
        }
        let (number, generation) = {
            let mut state = locked(&self.state);
            state.count += 1;
            (state.count, state.generation)
        };
        let pool = Arc::clone(self);
        let start = move || Process::start(&pool.started.program, pool.runner.as_ref(), number, generation);
        let process = tokio::task::spawn_blocking(start).await.map_err(|_| Fault::Closed)?;
        let process = Arc::new(process.inspect_err(|_| self.failed())?);
        process.busy.store(true, Ordering::Relaxed);
        locked(&self.state).processes.push(Arc::clone(&process));
        Ok(Lease { process, connection: None, _permit: permit })
    }

    /// Takes a process back after a request that went well.
    pub(super) fn give_back(self: &Arc<Self>, lease: Lease) {
        let Lease { process, connection, _permit } = lease;
        process.busy.store(false, Ordering::Relaxed);
        let current = locked(&self.state).generation;
        let used_up = process.served.load(Ordering::Relaxed) >= self.settings.instance_max_requests;
        if used_up || process.generation != current {
            drop(connection);
            self.end(&process, false);
            return;
        }
        locked(&self.state).idle.push(Idle { process, connection, since: Instant::now() });
    }

    /// Ends a process; `failed` counts it among the failures.
    pub(super) fn end(self: &Arc<Self>, process: &Arc<Process>, failed: bool) {
        if failed {
            self.failed();
        }
        let ended = process.ended().is_some();
        self.part_with(process);
        if ended {
            self.remember(&process.stop());
            return;
        }
        // What it has said is known at once; its end may take seconds.
        self.remember(&process.output().unwrap_or_default());
        let process = Arc::clone(process);
        tokio::task::spawn_blocking(move || process.stop());
    }

    /// Ends a process that hangs, as IIS does: at once. What it said is in the log when this is done.
    pub(super) async fn abort(self: &Arc<Self>, process: &Arc<Process>) {
        self.failed();
        self.part_with(process);
        let process = Arc::clone(process);
        if let Ok(logs) = tokio::task::spawn_blocking(move || process.abort()).await {
            self.remember(&logs);
        }
    }

    fn part_with(&self, process: &Arc<Process>) {
        let mut state = locked(&self.state);
        state.processes.retain(|known| !Arc::ptr_eq(known, process));
        state.idle.retain(|idle| !Arc::ptr_eq(&idle.process, process));
    }

    fn remember(&self, logs: &Logs) {
        let mut state = locked(&self.state);
        append(&mut state.past.stdout, &logs.stdout);
        append(&mut state.past.stderr, &logs.stderr);
    }

    fn failed(&self) {
        locked(&self.state).failures.push_back(Instant::now());
    }

    /// Whether it failed too often within the last minute.
    pub(super) fn is_offline(&self) -> bool {
        let mut state = locked(&self.state);
        while state.failures.front().is_some_and(|failure| failure.elapsed() > Duration::from_secs(60)) {
            state.failures.pop_front();
        }
        self.settings.rapid_fails > 0 && state.failures.len() > self.settings.rapid_fails
    }

    /// Ends what has been idle for too long, and all when the file that is watched has changed.
    pub(super) fn sweep(self: &Arc<Self>) {
        if let Some(monitored) = &self.settings.monitored {
            let now = changed(monitored);
            let mut state = locked(&self.state);
            if state.seen != now {
                state.seen = now;
                state.generation += 1;
            }
        }
        let old: Vec<_> = {
            let state = locked(&self.state);
            let unwanted = |idle: &&Idle| {
                idle.process.generation != state.generation
                    || idle.since.elapsed() > self.settings.idle_timeout
            };
            state.idle.iter().filter(unwanted).map(|idle| Arc::clone(&idle.process)).collect()
        };
        for process in &old {
            self.end(process, false);
        }
    }

    /// Lets all processes end, each after the request that it answers.
    pub(super) fn recycle(self: &Arc<Self>) {
        locked(&self.state).generation += 1;
        self.sweep();
    }

    /// The processes that are there.
    pub(super) fn processes(&self) -> Vec<Arc<Process>> {
        locked(&self.state).processes.clone()
    }

    /// What its processes wrote so far.
    pub(in crate::iis) fn logs(&self) -> Logs {
        let (mut logs, processes) = {
            let state = locked(&self.state);
            (state.past.clone(), state.processes.clone())
        };
        for output in processes.iter().filter_map(|process| process.output()) {
            logs.stdout.extend(output.stdout);
            logs.stderr.extend(output.stderr);
        }
        logs
    }

    /// Ends all processes, whatever they do, and gives their last words. Blocks while they end.
    pub(in crate::iis) fn stop(&self) -> Logs {
        let processes = {
            let mut state = locked(&self.state);
            state.idle.clear();
            state.generation += 1;
            std::mem::take(&mut state.processes)
        };
        std::thread::scope(|scope| {
            let ending: Vec<_> = processes.iter().map(|process| scope.spawn(|| process.stop())).collect();
            ending.into_iter().filter_map(|end| end.join().ok()).for_each(|logs| self.remember(&logs));
        });
        locked(&self.state).past.clone()
    }
}

fn append(kept: &mut Vec<u8>, new: &[u8]) {
    kept.extend_from_slice(new);
    if kept.len() > KEPT {
        kept.drain(..kept.len() - KEPT);
    }
}

fn changed(path: &std::path::Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
