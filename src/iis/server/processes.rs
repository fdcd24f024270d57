//! The processes of one program, whatever they speak: which of them are there, how often they failed, whether what runs is
//! still wanted, and what those wrote that have ended.
//!
//! Which process gets a request is not known here: that is `pool` for FastCGI and `platform` for HttpPlatformHandler.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::process::Process;
use super::{Fault, locked};
use crate::iis::Logs;
use crate::process::{Runner, Running};

/// So much of what ended processes wrote is kept.
const KEPT: usize = 1 << 20;
/// The time within which failures are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// The processes of one program.
pub(in crate::iis) struct Processes {
    runner: Arc<dyn Runner>,
    rapid_fails: usize,
    monitored: Vec<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Vec<Arc<Process>>,
    failures: VecDeque<Instant>,
    past: Logs,
    count: u32,
    generation: u64,
    seen: Vec<Option<SystemTime>>,
}

impl Processes {
    /// None yet. More than `rapid_fails` failures within a minute are too many, 0 is any number; a change of a monitored
    /// file makes all that run unwanted.
    pub(super) fn new(runner: Arc<dyn Runner>, rapid_fails: usize, monitored: Vec<PathBuf>) -> Self {
        let seen = monitored.iter().map(|path| changed(path)).collect();
        Self { runner, rapid_fails, monitored, state: Mutex::new(State { seen, ..State::default() }) }
    }

    /// Starts one more. A start that fails is a failure.
    pub(super) async fn start(
        &self,
        launch: impl FnOnce(&dyn Runner) -> Result<Box<dyn Running>, crate::process::Error> + Send + 'static,
    ) -> Result<Arc<Process>, Fault> {
        let (number, generation) = {
            let mut state = locked(&self.state);
            state.count += 1;
            (state.count, state.generation)
        };
        let runner = Arc::clone(&self.runner);
        let running = tokio::task::spawn_blocking(move || launch(runner.as_ref()));
        let running = running.await.map_err(|_| Fault::Closed)?;
        let running = running.inspect_err(|_| self.failed())?;
        let process = Arc::new(Process::new(running, number, generation));
        locked(&self.state).running.push(Arc::clone(&process));
        Ok(process)
    }

    /// Ends a process; `failed` counts it among the failures.
    pub(super) fn end(&self, process: &Arc<Process>, failed: bool) {
        if !self.part_with(process) {
            return;
        }
        if failed {
            self.failed();
        }
        if process.ended().is_some() {
            self.remember(&process.stop());
            return;
        }
        // What it has said is known at once; its end may take seconds.
        self.remember(&process.output().unwrap_or_default());
        let process = Arc::clone(process);
        tokio::task::spawn_blocking(move || process.stop());
    }

    /// Ends a process that hangs, as IIS does: at once. What it said is in the log when this is done.
    pub(super) async fn abort(&self, process: &Arc<Process>) {
        if !self.part_with(process) {
            return;
        }
        self.failed();
        let process = Arc::clone(process);
        if let Ok(logs) = tokio::task::spawn_blocking(move || process.abort()).await {
            self.remember(&logs);
        }
    }

    /// Takes a process off the list; false when it was not there any more.
    fn part_with(&self, process: &Arc<Process>) -> bool {
        let mut state = locked(&self.state);
        let before = state.running.len();
        state.running.retain(|known| !Arc::ptr_eq(known, process));
        state.running.len() < before
    }

    fn remember(&self, logs: &Logs) {
        let mut state = locked(&self.state);
        append(&mut state.past.stdout, &logs.stdout);
        append(&mut state.past.stderr, &logs.stderr);
    }

    fn failed(&self) {
        locked(&self.state).failures.push_back(Instant::now());
    }

    /// Why none is started any more: too many failed within the last minute.
    pub(super) fn refusal(&self) -> Option<Fault> {
        self.is_offline().then_some(Fault::Offline(self.rapid_fails))
    }

    /// Whether they failed too often within the last minute.
    pub(super) fn is_offline(&self) -> bool {
        let mut state = locked(&self.state);
        while state.failures.front().is_some_and(|failure| failure.elapsed() > MINUTE) {
            state.failures.pop_front();
        }
        self.rapid_fails > 0 && state.failures.len() > self.rapid_fails
    }

    /// Looks whether a monitored file has changed.
    pub(super) fn look(&self) {
        if self.monitored.is_empty() {
            return;
        }
        let now: Vec<_> = self.monitored.iter().map(|path| changed(path)).collect();
        let mut state = locked(&self.state);
        if state.seen != now {
            state.seen = now;
            state.generation += 1;
        }
    }

    /// Makes all that run unwanted.
    pub(super) fn renew(&self) {
        locked(&self.state).generation += 1;
    }

    /// Whether a process is still wanted.
    pub(super) fn is_current(&self, process: &Process) -> bool {
        process.generation == locked(&self.state).generation
    }

    /// Those that are there.
    pub(super) fn list(&self) -> Vec<Arc<Process>> {
        locked(&self.state).running.clone()
    }

    /// What they wrote so far, those that have ended first.
    pub(super) fn logs(&self) -> Logs {
        let (mut logs, running) = {
            let state = locked(&self.state);
            (state.past.clone(), state.running.clone())
        };
        for output in running.iter().filter_map(|process| process.output()) {
            logs.stdout.extend(output.stdout);
            logs.stderr.extend(output.stderr);
        }
        logs
    }

    /// Ends all, whatever they do, and gives their last words. Blocks while they end.
    pub(super) fn stop(&self) -> Logs {
        let running = {
            let mut state = locked(&self.state);
            state.generation += 1;
            std::mem::take(&mut state.running)
        };
        std::thread::scope(|scope| {
            let ending: Vec<_> = running.iter().map(|process| scope.spawn(|| process.stop())).collect();
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

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
