//! Who is measured: processes that serve the same answers on a socket file each.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iiswsgi::fastcgi::connection::{Connection, Limits};
use iiswsgi::fastcgi::event::Event;
use iiswsgi::fastcgi::params::Pairs;
use iiswsgi::fastcgi::record;
use iiswsgi::transport::Poller;

/// A peer that runs.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) socket: PathBuf,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A peer that is gone already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FLUP: &str = "import sys; from flup.server.fcgi import WSGIServer; from benchapp import app; \
    WSGIServer(app, bindAddress=sys.argv[1]).run()";

/// The command of a peer.
#[expect(clippy::disallowed_methods, reason = "a bench is not the program: it starts peers as a user does")]
fn command(name: &str, socket: &Path, python: &Path) -> Option<Command> {
    let mut command = match name {
        "static" | "static epoll" => {
            let mut command = Command::new(std::env::current_exe().ok()?);
            command
                .env("IISWSGI_BENCH_RESPONDER", socket)
                .env("IISWSGI_BENCH_EPOLL", if name == "static" { "" } else { "1" });
            return Some(command);
        }
        "uwsgi" => {
            let program = python.with_file_name("uwsgi");
            if !program.exists() {
                return None;
            }
            let mut command = Command::new(program);
            command.args([
                "--wsgi-file",
                "benchapp.py",
                "--callable",
                "app",
                "--disable-logging",
                "--need-app",
            ]);
            command.args(["--listen", "1024", "--buffer-size", "65535", "--die-on-term", "--fastcgi-socket"]);
            command
        }
        "flup" => {
            let known = Command::new(python).args(["-c", "import flup"]).stderr(Stdio::null()).status();
            if !known.is_ok_and(|status| status.success()) {
                return None;
            }
            let mut command = Command::new(python);
            command.args(["-W", "ignore", "-c", FLUP]);
            command
        }
        _ => {
            let mut command = Command::new(python);
            command.args(["-m", "iiswsgi", "serve", "benchapp:app", "--log-level", "error"]);
            if name == "iiswsgi x16" {
                command.args(["--threads", "16"]);
            }
            command.arg("--bind").arg(format!("unix:{}", socket.display()));
            return Some(command);
        }
    };
    command.arg(socket);
    Some(command)
}

impl Peer {
    /// Starts a peer and waits until it can be connected to. None when it is not installed.
    pub(crate) fn start(name: &'static str, folder: &Path, python: &Path) -> std::io::Result<Option<Self>> {
        let socket = folder.join(format!("{}.sock", name.replace(' ', "-")));
        let Some(mut command) = command(name, &socket, python) else { return Ok(None) };
        command.current_dir(folder).env("PYTHONPATH", folder).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut peer = Self { name, socket, child: command.spawn()? };
        let started = Instant::now();
        while UnixStream::connect(&peer.socket).is_err() {
            if started.elapsed() > Duration::from_secs(15) || peer.child.try_wait()?.is_some() {
                return Err(std::io::Error::other(format!("{name} does not serve")));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Some(peer))
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has used: of the threads that live, or in steps of 10 ms of all, whichever is more.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id())).into_iter().flatten().flatten();
        let nanoseconds = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
        Duration::from_nanos(nanoseconds.sum()).max(Duration::from_millis(10 * ticks))
    }

    /// Kilobytes of memory: those in use, or the most that were. Linux tells.
    pub(crate) fn memory(&self, peak: bool) -> u64 {
        let name = if peak { "VmHWM:" } else { "VmRSS:" };
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
    }

    /// Forgets the most memory that was in use.
    pub(crate) fn reset_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5");
    }
}

/// The responder without Python: what a gateway can reach at best.
pub(crate) fn respond(socket: &Path, epoll: bool) -> std::io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    if epoll {
        return respond_to_many(&listener);
    }
    for stream in listener.incoming().map_while(Result::ok) {
        std::thread::spawn(move || {
            let (mut stream, mut state) = (stream, State::new());
            while matches!(state.step(&mut stream), Ok(true)) {}
        });
    }
    Ok(())
}

fn respond_to_many(listener: &UnixListener) -> std::io::Result<()> {
    let (poller, mut news) = (Poller::new()?, Vec::new());
    poller.add_level(listener, u64::MAX)?;
    let mut connections: Vec<Option<(UnixStream, State)>> = Vec::new();
    loop {
        poller.wait(&mut news, None)?;
        for news in news.drain(..) {
            if news.token == u64::MAX {
                let (stream, _) = listener.accept()?;
                let free = connections.iter().position(Option::is_none).unwrap_or(connections.len());
                connections.resize_with(connections.len().max(free + 1), || None);
                poller.add_level(&stream, free as u64)?;
                connections[free] = Some((stream, State::new()));
                continue;
            }
            let slot = &mut connections[usize::try_from(news.token).unwrap_or_default()];
            if let Some((stream, state)) = slot
                && !matches!(state.step(stream), Ok(true))
            {
                *slot = None;
            }
        }
    }
}

struct State {
    connection: Connection,
    buffer: Vec<u8>,
    out: Vec<u8>,
    path: Vec<u8>,
    uploaded: u64,
}

impl State {
    fn new() -> Self {
        let connection = Connection::new(Limits::default());
        Self { connection, buffer: vec![0; 1 << 18], out: Vec::new(), path: Vec::new(), uploaded: 0 }
    }

    /// Reads once and answers. False: the connection is over.
    fn step(&mut self, stream: &mut UnixStream) -> std::io::Result<bool> {
        let length = stream.read(&mut self.buffer)?;
        if length == 0 {
            return Ok(false);
        }
        let mut bytes = &self.buffer[..length];
        while let Ok(Some(event)) = self.connection.receive(&mut bytes, &mut self.out) {
            match event {
                Event::Request { params, .. } => {
                    let path = Pairs::new(&params).flatten().find(|(name, _)| *name == b"PATH_INFO");
                    self.path = path.map_or(Vec::new(), |(_, value)| value.to_vec());
                    self.uploaded = 0;
                }
                Event::Stdin { bytes, .. } => self.uploaded += bytes.len() as u64,
                Event::StdinEnd { id } => {
                    answer(&mut self.out, id, &self.path, self.uploaded);
                    self.connection.end(id, 0, false, &mut self.out);
                }
                Event::Abort { .. } => {}
            }
        }
        stream.write_all(&self.out)?;
        self.out.clear();
        Ok(!self.connection.is_finished())
    }
}

fn answer(out: &mut Vec<u8>, id: u16, path: &[u8], uploaded: u64) {
    static LARGE: [u8; 1 << 20] = [b'x'; 1 << 20];
    let uploaded = format!("{uploaded:020}");
    let body: &[u8] = match path {
        b"/1m" => &LARGE,
        b"/stream" => &[],
        b"/upload" => uploaded.as_bytes(),
        _ => b"Hello, World! 12345\n",
    };
    let length = body.len();
    let head = if path == b"/stream" { String::new() } else { format!("Content-Length: {length}\r\n") };
    let head = format!("Status: 200 OK\r\nContent-Type: text/plain\r\n{head}\r\n");
    record::push_stream(out, record::STDOUT, id, head.as_bytes());
    record::push_stream(out, record::STDOUT, id, body);
    if path == b"/stream" {
        for _ in 0..100 {
            record::push_stream(out, record::STDOUT, id, &LARGE[..10240]);
        }
    }
}
