//! The real runner.

use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Ending, Error, Interrupt, LAST_WORDS, Output, Program, Runner, Running, os};

/// How often a wait looks whether the user interrupted.
const GLANCE: Duration = Duration::from_millis(50);

/// Runs programs on this machine.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// The command line of this command, whose `supervise` looks after the programs: its own file, or a Python with a
    /// script. It must not need variables of the environment, which are the programs'. Empty: programs are started directly, and outlive us when we are killed.
    pub supervisor: Vec<OsString>,
    /// The value of PATH, for [`Runner::find`].
    pub path: Option<OsString>,
    /// Ends running programs when it is set.
    pub interrupt: Interrupt,
}

impl Runner for System {
    fn execute(&self, program: &Program) -> Result<Output, Error> {
        let mut started = self.spawn(program, None)?;
        let deadline = program.limit().map(|limit| started.since + limit);
        let ended = loop {
            let wait = deadline
                .map_or(GLANCE, |deadline| deadline.saturating_duration_since(Instant::now()).min(GLANCE));
            match started.exit.recv_timeout(wait) {
                Ok(code) => break Some(code),
                Err(RecvTimeoutError::Disconnected) => break Some(-1),
                Err(RecvTimeoutError::Timeout) if self.interrupt.is_requested() => {
                    started.stop();
                    return Err(Error::Interrupted { label: program.label().to_owned() });
                }
                Err(RecvTimeoutError::Timeout)
                    if deadline.is_some_and(|deadline| Instant::now() >= deadline) =>
                {
                    break None;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        if let Some(code) = ended {
            started.code = Some(code);
            started.wait_for_readers();
            // A program that was interrupted together with us may have ended before we looked.
            if self.interrupt.is_requested() && code != 0 {
                return Err(Error::Interrupted { label: program.label().to_owned() });
            }
            return Ok(started.output());
        }
        let output = Box::new(started.stop());
        let limit = program.limit().unwrap_or_default();
        Err(Error::TimedOut {
            label: program.label().to_owned(),
            command: program.to_string(),
            limit,
            output,
        })
    }

    fn start(&self, program: &Program, endpoint: &str) -> Result<Box<dyn Running>, Error> {
        Ok(Box::new(self.spawn(program, Some(endpoint))?))
    }

    fn launch(&self, program: &Program) -> Result<Box<dyn Running>, Error> {
        Ok(Box::new(self.spawn(program, None)?))
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        if name.contains(std::path::is_separator) {
            return os::is_executable(Path::new(name)).then(|| PathBuf::from(name));
        }
        std::env::split_paths(self.path.as_ref()?)
            .flat_map(|folder| os::executable_names(name).into_iter().map(move |name| folder.join(name)))
            .find(|candidate| os::is_executable(candidate))
    }
}

impl System {
    pub(super) fn locate(&self, program: &Program) -> Result<PathBuf, Error> {
        self.find(&program.program().to_string_lossy()).ok_or_else(|| Error::NotFound {
            label: program.label().to_owned(),
            program: program.program().to_string_lossy().into_owned(),
        })
    }

    fn spawn(&self, program: &Program, endpoint: Option<&str>) -> Result<Started, Error> {
        let found = self.locate(program)?;
        let failed = |source| failed_to_start(program, source);
        let mut command = self.command(&found, program, endpoint).map_err(failed)?;
        let mut child = command.spawn().map_err(failed)?;
        let started = Started::watch(&mut child, self.interrupt.clone());
        drop(command);
        let mut started = started.wait_for(child);
        if let Some(endpoint) = endpoint {
            started.wait_until_bound(endpoint).map_err(failed)?;
        }
        Ok(started)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place where programs are started")]
    fn command(&self, found: &Path, program: &Program, endpoint: Option<&str>) -> std::io::Result<Command> {
        let mut command = if let [supervisor, arguments @ ..] = self.supervisor.as_slice() {
            let mut command = Command::new(supervisor);
            command.args(arguments).arg("supervise");
            if let Some(endpoint) = endpoint {
                command.args(["--listen", endpoint]);
            }
            command.arg("--").arg(found).stdin(Stdio::piped());
            command
        } else {
            let mut command = Command::new(found);
            command.stdin(match endpoint {
                Some(endpoint) => os::listening(endpoint)?,
                None => Stdio::null(),
            });
            command
        };
        command.args(program.arguments()).stdout(Stdio::piped()).stderr(Stdio::piped());
        os::own_group(&mut command);
        surroundings(&mut command, program);
        Ok(command)
    }
}

/// The folder and the environment that the program wants.
pub(super) fn surroundings(command: &mut Command, program: &Program) {
    if let Some(folder) = program.folder() {
        command.current_dir(folder);
    }
    for (name, value) in program.environment() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

pub(super) fn failed_to_start(program: &Program, source: std::io::Error) -> Error {
    Error::Start { label: program.label().to_owned(), command: program.to_string(), source }
}

/// A program that was started, and the threads that listen to it.
struct Started {
    /// The pipe whose closing tells the supervisor to end the program.
    lifeline: Option<ChildStdin>,
    group: os::Group,
    since: Instant,
    stdout: Captured,
    stderr: Captured,
    readers: Vec<thread::JoinHandle<()>>,
    exit: Receiver<i32>,
    code: Option<i32>,
    interrupt: Interrupt,
}

type Captured = Arc<Mutex<Vec<u8>>>;

impl Started {
    fn watch(child: &mut Child, interrupt: Interrupt) -> Self {
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(capture(pipe, &stdout));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(capture(pipe, &stderr));
        }
        let (_, exit) = channel();
        let lifeline = child.stdin.take();
        Self {
            lifeline,
            group: os::Group::of(child),
            since: Instant::now(),
            stdout,
            stderr,
            readers,
            exit,
            code: None,
            interrupt,
        }
    }

    /// Lets a thread wait for the end, so that nobody has to ask again and again.
    fn wait_for(mut self, mut child: Child) -> Self {
        let (sender, exit) = channel();
        self.exit = exit;
        thread::spawn(move || {
            let code = child.wait().map_or(-1, os::exit_code);
            let _ = sender.send(code);
        });
        self
    }

    /// The supervisor makes the socket or the pipe: it is there within milliseconds. When the program has ended before, which
    /// takes a pipe with it, whoever connects finds that out.
    fn wait_until_bound(&mut self, endpoint: &str) -> std::io::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !os::is_bound(endpoint) && !self.wait(Duration::ZERO) {
            if Instant::now() > deadline {
                return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no socket after 10 s"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn wait_for_readers(&self) {
        // Something that the program left running may hold its pipes open: its group is ended by now, so this is
        // short, but a process that fled its group must not hang us.
        let deadline = Instant::now() + Duration::from_secs(2);
        while !self.readers.iter().all(thread::JoinHandle::is_finished) && Instant::now() < deadline {
            thread::sleep(Duration::from_micros(200));
        }
    }

    fn wait(&mut self, limit: Duration) -> bool {
        if self.code.is_none() {
            match self.exit.recv_timeout(limit) {
                Ok(code) => self.code = Some(code),
                Err(RecvTimeoutError::Disconnected) => self.code = Some(-1),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.code.is_some()
    }
}

impl Running for Started {
    fn ended(&mut self) -> Option<i32> {
        // Whoever waits for the program asks this again and again, and so learns of the interruption.
        if !self.wait(Duration::ZERO) && self.interrupt.is_requested() {
            self.end();
        }
        self.code
    }

    fn output(&self) -> Output {
        if self.code.is_some() {
            // Its last words may still be on their way.
            self.wait_for_readers();
        }
        Output {
            code: self.code,
            stdout: locked(&self.stdout).clone(),
            stderr: locked(&self.stderr).clone(),
            elapsed: self.since.elapsed(),
        }
    }

    fn stop(&mut self) -> Output {
        self.end();
        self.wait_for_readers();
        self.output()
    }

    fn abort(&mut self) -> Output {
        if !self.wait(Duration::ZERO) {
            if let Some(mut lifeline) = self.lifeline.take() {
                // A supervisor that is gone has ended the program already.
                let _ = lifeline.write_all(&[0]);
            } else {
                self.group.end(Ending::Aborted);
                if !self.wait(LAST_WORDS) {
                    self.group.end(Ending::Killed);
                }
            }
            self.wait(super::GRACE);
        }
        self.stop()
    }
}

impl Started {
    /// Ends the program and waits for that.
    fn end(&mut self) {
        if !self.wait(Duration::ZERO) {
            if let Some(lifeline) = self.lifeline.take() {
                drop(lifeline);
                self.wait(super::GRACE * 2);
            } else {
                self.group.end(Ending::Asked);
                if !self.wait(super::GRACE) {
                    self.group.end(Ending::Killed);
                    self.wait(super::GRACE);
                }
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if self.code.is_none() {
            self.stop();
        }
    }
}

fn capture(mut pipe: impl Read + Send + 'static, into: &Captured) -> thread::JoinHandle<()> {
    let into = Arc::clone(into);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            let mut kept = locked(&into);
            kept.extend_from_slice(&buffer[..length]);
            // Twice the limit before the cut, so that a talkative program does not cost a move for each read.
            if kept.len() > 2 * Output::LIMIT {
                let surplus = kept.len() - Output::LIMIT;
                kept.drain(..surplus);
            }
        }
    })
}

fn locked(captured: &Captured) -> std::sync::MutexGuard<'_, Vec<u8>> {
    captured.lock().unwrap_or_else(PoisonError::into_inner)
}
