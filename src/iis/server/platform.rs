//! The processes that HttpPlatformHandler starts: one for each of `processesPerApplication` places, asked in turn, each on a
//! port of its own that `HTTP_PLATFORM_PORT` tells it. A process answers any number of requests at a time.
//!
//! How a request gets there and its answer back is in `forward`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use time::macros::format_description;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::Fault;
use super::forward::Sender;
use super::process::Process;
use super::processes::Processes;
use crate::iis::Logs;
use crate::iis::site::HttpPlatform;
use crate::process::{Program, Runner};

/// The variable that tells the port, and stands for it in arguments and other variables.
pub(in crate::iis) const PORT: &str = "HTTP_PLATFORM_PORT";
/// How often it is tried to connect to a process that starts.
const GLANCE: Duration = Duration::from_millis(20);

/// The processes of one application.
pub(in crate::iis) struct Platform {
    pub(super) processes: Processes,
    pub(super) settings: HttpPlatform,
    pub(super) sender: Sender,
    program: Program,
    command_line: String,
    log_file: Option<PathBuf>,
    places: Vec<Mutex<Option<Listener>>>,
    next: AtomicUsize,
}

/// A process that listens.
#[derive(Clone)]
struct Listener {
    process: Arc<Process>,
    port: u16,
}

/// A process for the time of one request.
pub(super) struct InUse {
    platform: Arc<Platform>,
    pub(super) process: Arc<Process>,
    pub(super) port: u16,
}

impl Drop for InUse {
    fn drop(&mut self) {
        if self.process.end() == 0 && !self.platform.processes.is_current(&self.process) {
            self.platform.retire(&self.process, false);
        }
    }
}

impl Platform {
    /// No process yet: the first request starts one. Relative paths of the settings are below the application's folder.
    pub(in crate::iis) fn new(
        settings: HttpPlatform,
        program: Program,
        command_line: String,
        folder: &Path,
        runner: Arc<dyn Runner>,
    ) -> Self {
        let monitored = settings.recycle_on_file_change.iter().map(|file| below(folder, file)).collect();
        Self {
            processes: Processes::new(runner, settings.rapid_fails_per_minute, monitored),
            sender: Sender::new(),
            program,
            command_line,
            log_file: settings.stdout_log_file.as_deref().map(|file| below(folder, file)),
            places: (0..settings.processes_per_application).map(|_| Mutex::default()).collect(),
            next: AtomicUsize::new(0),
            settings,
        }
    }

    pub(super) fn command_line(&self) -> &str {
        &self.command_line
    }

    pub(super) fn most(&self) -> usize {
        self.places.len()
    }

    /// Starts a process and waits until it listens.
    pub(super) async fn warm_up(self: &Arc<Self>, limit: Duration) -> Result<(), Fault> {
        self.listener(0, limit).await.map(drop)
    }

    /// The process whose turn it is. One that does not listen in time is started anew, as often as the settings want it.
    pub(super) async fn take(self: &Arc<Self>) -> Result<InUse, Fault> {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        let mut retries = self.settings.startup_retry_count;
        loop {
            match self.listener(place, self.settings.startup_time_limit).await {
                Err(Fault::NotListening(_)) if retries > 0 => retries -= 1,
                result => return result,
            }
        }
    }

    /// The process of a place, started when it is not there or no longer wanted.
    async fn listener(self: &Arc<Self>, place: usize, limit: Duration) -> Result<InUse, Fault> {
        let mut place = self.places[place].lock().await;
        self.processes.look();
        if let Some(listener) = place.as_ref() {
            if listener.process.ended().is_some() {
                self.retire(&listener.process, true);
            } else if self.processes.is_current(&listener.process) {
                return Ok(self.in_use(listener));
            } else if listener.process.active() == 0 {
                self.retire(&listener.process, false);
            }
        }
        *place = None;
        if let Some(refusal) = self.processes.refusal() {
            return Err(refusal);
        }
        let listener = self.launch(limit.min(self.settings.startup_time_limit)).await?;
        let in_use = self.in_use(&listener);
        *place = Some(listener);
        Ok(in_use)
    }

    fn in_use(self: &Arc<Self>, listener: &Listener) -> InUse {
        listener.process.begin();
        InUse { platform: Arc::clone(self), process: Arc::clone(&listener.process), port: listener.port }
    }

    async fn launch(&self, limit: Duration) -> Result<Listener, Fault> {
        // Whoever is first to ask for the port after it was let go has it; the module of IIS chooses in no other way.
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.and_then(|listener| listener.local_addr());
        let port = free.map_err(Fault::Socket)?.port();
        let text = port.to_string();
        let program = self.program.clone().replaced(&format!("%{PORT}%"), &text).env(PORT, text);
        let process = self.processes.start(move |runner| runner.launch(&program)).await?;
        let deadline = Instant::now() + limit;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if matches!(tokio::time::timeout(left, TcpStream::connect(address)).await, Ok(Ok(_))) {
                return Ok(Listener { process, port });
            }
            if let Some(code) = process.ended() {
                self.retire(&process, true);
                return Err(Fault::Ended(code));
            }
            if Instant::now() >= deadline {
                self.abort(&process).await;
                return Err(Fault::NotListening(limit));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Ends a process that hangs.
    pub(super) async fn abort(&self, process: &Arc<Process>) {
        self.processes.abort(process).await;
        self.write_log(process);
    }

    /// Ends a process; `failed` counts it among the failures.
    pub(super) fn retire(&self, process: &Arc<Process>, failed: bool) {
        self.write_log(process);
        self.processes.end(process, failed);
    }

    /// Ends what is no longer wanted and has nothing to do, and brings the logs up to date.
    pub(super) fn sweep(&self) {
        self.processes.look();
        for process in self.processes.list() {
            if process.active() == 0 && !self.processes.is_current(&process) {
                self.retire(&process, false);
            } else {
                self.write_log(&process);
            }
        }
    }

    /// Lets all processes end, each after the requests that it answers.
    pub(super) fn recycle(&self) {
        self.processes.renew();
        self.sweep();
    }

    /// Ends all processes and gives their last words. Blocks while they end.
    pub(super) fn stop(&self) -> Logs {
        let processes = self.processes.list();
        let logs = self.processes.stop();
        for process in &processes {
            self.write_log(process);
        }
        logs
    }

    /// Writes what a process printed to its file (`stdoutLogFile`). The module names the file by the process's number in
    /// Windows and the time; here it is the number that is shown elsewhere too.
    fn write_log(&self, process: &Process) {
        let Some((file, output)) = self.log_file.as_ref().zip(process.output()) else { return };
        let form = format_description!("[year][month][day][hour][minute][second]");
        let time = process.since.format(form).unwrap_or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path = file.with_file_name(format!("{name}_{}_{time}.log", process.number));
        let text = [output.stdout, output.stderr].concat();
        if std::fs::metadata(&path).is_ok_and(|data| data.len() == text.len() as u64) {
            return;
        }
        // The module too goes on when it cannot write there.
        let _ = std::fs::write(path, text);
    }
}

/// A path of the configuration: relative ones are below the application's folder.
fn below(folder: &Path, path: &str) -> PathBuf {
    if cfg!(windows) { folder.join(path) } else { folder.join(path.replace('\\', "/")) }
}
