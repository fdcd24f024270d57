//! `iiswsgi preview` as its users run it: started in a project's folder, asked by HTTP, ended by Ctrl-C.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::Project;

/// How long a build and an install may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The command while it runs.
struct Preview {
    child: Child,
    lines: Receiver<String>,
    /// What came while something else was waited for: the two streams have no order.
    passed: RefCell<Vec<String>>,
    /// Its address, and the path of its first application.
    address: String,
    path: String,
}

impl Preview {
    fn start(project: &Project, options: &[&str]) -> Self {
        let arguments = ["preview", "--port", "0"].iter().chain(options);
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let told = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        std::thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| told.send(line))
        });
        let mut preview =
            Self { child, lines, passed: RefCell::default(), address: String::new(), path: String::new() };
        let serving = preview.line("Serving http://");
        let url = serving.strip_prefix("Serving http://").unwrap();
        let (address, path) = url.split_once('/').unwrap();
        (preview.address, preview.path) = (address.to_owned(), format!("/{path}"));
        preview
    }

    /// The next line that holds a text, of what it says or prints.
    fn line(&self, text: &str) -> String {
        let mut passed = self.passed.borrow_mut();
        if let Some(place) = passed.iter().position(|line| line.contains(text)) {
            return passed.remove(place);
        }
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return line;
            }
            passed.push(line);
        }
        panic!("no `{text}` in:\n{}", passed.join("\n"));
    }

    /// The whole answer of the application, head and body.
    fn get(&self, below: &str) -> String {
        self.ask(&format!("{}{below}", self.path))
    }

    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ctrl-C.
    fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn application(text: &str) -> String {
    format!(
        "def application(environ, start_response):\n    \
         if environ['PATH_INFO'].endswith('/broken'): raise ValueError('a secret of the server')\n    \
         start_response('404 Gone' if environ['PATH_INFO'].endswith('/gone') else '200 OK', [('Content-Type', 'text/plain')])\n    \
         return [b'{text} ', environ.get('SERVER_SOFTWARE', '').encode()]\n"
    )
}

#[test]
fn a_change_of_a_source_brings_a_new_answer_and_what_does_not_build_changes_nothing() {
    let project = Project::new().file("wsgi.py", application("first"));
    let preview = Preview::start(&project, &["--watch"]);
    preview.line("Watching for changes.");
    assert!(preview.get("").contains("first Microsoft-IIS"), "{}", preview.get(""));
    // Much longer than the work that is counted below.
    std::thread::sleep(Duration::from_secs(3));
    let project = project.file("wsgi.py", application("second"));
    assert!(preview.line("Changed: ").contains("wsgi.py"));
    let done = preview.line("Done in ");
    let own = done.split("(of which ").nth(1).and_then(|rest| rest.split(' ').next()).map(str::parse::<f64>);
    assert!(own.is_none_or(|own| own.unwrap() < 3.0), "waiting is no work: {done}");
    preview.line("Installed again in ");
    assert!(preview.get("").contains("second Microsoft-IIS"), "{}", preview.get(""));
    for _ in 0..2 {
        // The second time it is the same fault, and told all the same.
        let setting = format!("hanlder: {}\n", std::process::id());
        std::fs::write(project.path("iiswsgi.yml"), setting + &"#".repeat(preview.address.len())).unwrap();
        preview.line("Changed: ");
        preview.line("hanlder");
        preview.line("The last good version stays.");
        assert!(preview.get("").contains("second Microsoft-IIS"), "{}", preview.get(""));
        std::fs::remove_file(project.path("iiswsgi.yml")).unwrap();
        preview.line("Changed: ");
        preview.line("Installed again in ");
    }
    preview.end();
}

#[test]
fn an_application_of_http_platform_handler_is_served_with_files_and_failures() {
    let config = "handler: httpplatform\nhttp-platform: {processes-per-application: 2}\n";
    let project = Project::new()
        .file("wsgi.py", application("hello"))
        .file("iiswsgi.yml", config)
        .file("static/a.css", "a{}");
    let preview = Preview::start(&project, &[]);
    let answer = preview.get("");
    assert!(answer.starts_with("HTTP/1.0 200") && answer.contains("hello iiswsgi/"), "{answer}");
    preview.line("200 GET");
    let broken = preview.get("broken");
    assert!(broken.starts_with("HTTP/1.0 500"), "{broken}");
    preview.line("500 GET");
    let page = preview.ask("/.iiswsgi/status.json");
    for part in ["\"maxInstances\":2", "ValueError: a secret of the server", "HTTP_PLATFORM_PORT=8000"] {
        assert!(page.contains(part), "no `{part}` in {page}");
    }
    preview.end();
}

#[test]
fn other_machines_see_errors_without_their_details() {
    let project = Project::new().file("wsgi.py", application("hello"));
    let local = Preview::start(&project, &[]);
    let detailed = local.get("web.config");
    assert!(detailed.contains("HTTP 404.8") || detailed.contains("HTTP 404.7"), "{detailed}");
    assert!(
        local.get("gone").ends_with("hello Microsoft-IIS/10.0"),
        "who sits at the server sees the application's own page"
    );
    local.end();
    let remote = Preview::start(&project, &["--as-remote"]);
    let short = remote.get("web.config");
    assert!(short.starts_with("HTTP/1.0 404"), "{short}");
    assert!(short.contains("<h2>404 - Not Found</h2>"), "{short}");
    let own = remote.get("gone");
    assert!(own.starts_with("HTTP/1.0 404") && own.contains("<h2>404 - Not Found</h2>"), "{own}");
    for answer in [remote.get("broken"), short, own] {
        for detail in ["secret", "Traceback", "project/wsgi.py", "404.", "hello"] {
            assert!(!answer.contains(detail), "`{detail}` in {answer}");
        }
    }
    remote.end();
}
