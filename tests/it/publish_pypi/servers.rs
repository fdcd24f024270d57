//! Real indexes: pypiserver and devpi-server from PyPI, in a venv that is made once, on ports that are free.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use std::io::{Read as _, Write as _};

/// What is installed, in versions that were tried.
const REQUIREMENTS: [&str; 4] =
    ["devpi-server==6.20.3", "pypiserver==2.4.2", "twine==7.0.0", "packaging>=26"];

/// How long a server may take to come up on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// The password of the user `root` of devpi.
pub(super) const DEVPI_PASSWORD: &str = "devpi-secret-4711";

/// The folder of the venv's programs.
pub(super) fn programs() -> &'static Path {
    static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
        let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("index-servers");
        let marker = venv.join("complete");
        let wanted = REQUIREMENTS.join("\n");
        let programs = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
        if fs::read_to_string(&marker).is_ok_and(|text| text == wanted) {
            return programs;
        }
        let python = if cfg!(windows) { "python" } else { "python3" };
        ran(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv));
        ran(Command::new(programs.join("python")).args(["-m", "pip", "install", "-q"]).args(REQUIREMENTS));
        fs::write(marker, wanted).unwrap();
        programs
    });
    &PROGRAMS
}

/// Runs a command that has to succeed.
#[track_caller]
pub(super) fn ran(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{text}");
    text
}

/// A server that is ended with the test.
pub(super) struct Server {
    child: Child,
    /// Its address, with a final slash.
    pub(super) url: String,
    /// Where its files are.
    pub(super) folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server whose command is made from a port and a folder. Should somebody else take the port, another is tried.
fn started(prepare: impl Fn(&Path), command: impl Fn(u16, &Path) -> Command) -> Server {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = command(port, folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = command.spawn().unwrap();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && child.try_wait().unwrap().is_none() {
            if answers(port) {
                return Server { child, url: format!("http://127.0.0.1:{port}/"), folder };
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = child.kill();
        let _ = child.wait();
        eprintln!("{}", fs::read_to_string(folder.path().join("log")).unwrap_or_default());
    }
    panic!("the server does not start");
}

/// Whether a server answers requests.
fn answers(port: u16) -> bool {
    let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = connection.set_read_timeout(Some(Duration::from_secs(10)));
    let asked =
        connection.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n");
    let mut answer = [0; 12];
    asked.is_ok()
        && connection.read_exact(&mut answer).is_ok()
        && answer.starts_with(b"HTTP/1.")
        && answer[9] < b'5'
}

/// A pypiserver that takes files of everybody.
pub(super) fn pypiserver() -> Server {
    started(
        |folder| fs::create_dir(folder.join("files")).unwrap(),
        |port, folder| {
            let mut command = Command::new(programs().join("pypi-server"));
            command.args(["run", "-i", "127.0.0.1", "-P", ".", "-a", ".", "-p"]).arg(port.to_string());
            command.arg(folder.join("files"));
            command
        },
    )
}

/// A devpi-server whose files cannot be replaced. It takes long to start: one test has it.
pub(super) fn devpi_server() -> Server {
    started(
        |folder| {
            let mut init = Command::new(programs().join("devpi-init"));
            init.args(["--no-root-pypi", "--root-passwd", DEVPI_PASSWORD, "--serverdir"]);
            ran(init.arg(folder.join("server")));
        },
        |port, folder| {
            let mut command = Command::new(programs().join("devpi-server"));
            command.args(["--offline-mode", "--host", "127.0.0.1", "--port"]).arg(port.to_string());
            command.arg("--serverdir").arg(folder.join("server"));
            command
        },
    )
}

/// Makes an index in devpi and gives its address.
pub(super) fn devpi_index(server: &Server, index: &str) -> String {
    let script = "import base64, json, sys, urllib.request as r\n\
        base, index, password = sys.argv[1:]\n\
        def ask(method, path, body, **headers):\n\
        \x20   headers.update({'Content-Type': 'application/json', 'Accept': 'application/json'})\n\
        \x20   q = r.Request(base + path, json.dumps(body).encode(), headers, method=method)\n\
        \x20   return json.load(r.urlopen(q))\n\
        token = ask('POST', '+login', {'user': 'root', 'password': password})['result']['password']\n\
        login = base64.b64encode(('root:' + token).encode()).decode()\n\
        ask('PUT', 'root/' + index, {'type': 'stage', 'bases': [], 'volatile': False}, **{'X-Devpi-Auth': login})\n";
    let mut command = Command::new(programs().join("python"));
    ran(command.args(["-c", script, &server.url, index, DEVPI_PASSWORD]));
    format!("{}root/{index}/", server.url)
}
