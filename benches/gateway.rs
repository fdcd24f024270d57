//! The gateway beside a responder without Python, over a Unix socket: requests a second and the time of the middle one.
//!
//!     IISWSGI_BENCH_PYTHON=venv/bin/python cargo bench --bench gateway
//!
//! The interpreter is one that has the package. Both sides take turns, so that a busy machine is fair to both; what
//! counts is the ratio.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[cfg(unix)]
mod bench {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use iiswsgi::fastcgi::client::{Request, ResponseDecoder, encode_request};
    use iiswsgi::fastcgi::connection::{Connection, Event, Limits};
    use iiswsgi::fastcgi::record;

    const APP: &str = "HEADERS = [('Content-Type', 'text/plain'), ('Content-Length', '20')]\n\
        def app(environ, start_response):\n    start_response('200 OK', list(HEADERS))\n    return [b'Hello, World! 12345\\n']\n";
    const TIME: Duration = Duration::from_secs(1);
    const ROUNDS: usize = 3;

    /// Answers every request with the same page.
    fn responder(path: &Path) -> std::io::Result<()> {
        let listener = UnixListener::bind(path)?;
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || answer(stream));
            }
        });
        Ok(())
    }

    fn answer(mut stream: UnixStream) -> std::io::Result<()> {
        let mut connection = Connection::new(Limits::default());
        let (mut buffer, mut out) = (vec![0; 65536], Vec::new());
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            let mut bytes = &buffer[..length];
            while let Ok(Some(event)) = connection.receive(&mut bytes, &mut out) {
                if let Event::StdinEnd { id } = event {
                    let page = b"Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nHello, World! 12345\n";
                    record::push_stream(&mut out, record::STDOUT, id, page);
                    connection.end(id, 0, false, &mut out);
                }
            }
            stream.write_all(&out)?;
            out.clear();
        }
    }

    fn request() -> Vec<u8> {
        let params = [
            ("REQUEST_METHOD", "GET"),
            ("SCRIPT_NAME", "/"),
            ("PATH_INFO", "/"),
            ("QUERY_STRING", ""),
            ("SERVER_NAME", "localhost"),
            ("SERVER_PORT", "80"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
            ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT"),
            ("REQUEST_URI", "/"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("HTTPS", "off"),
            ("HTTP_HOST", "localhost"),
            ("HTTP_ACCEPT", "text/html,application/xhtml+xml"),
            ("HTTP_USER_AGENT", "bench"),
        ];
        let params = params
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        let mut bytes = Vec::new();
        encode_request(1, &Request { params, stdin: Vec::new(), keep_connection: true }, &mut bytes);
        bytes
    }

    /// Requests a second of one connection, and the median of their times.
    fn measure(path: &Path) -> std::io::Result<(f64, Duration)> {
        let mut stream = UnixStream::connect(path)?;
        let (request, mut buffer, mut times) = (request(), vec![0; 65536], Vec::new());
        let started = Instant::now();
        while started.elapsed() < TIME {
            let begun = Instant::now();
            stream.write_all(&request)?;
            let mut decoder = ResponseDecoder::new(1);
            loop {
                let length = stream.read(&mut buffer)?;
                assert!(length > 0, "the responder closed the connection");
                if decoder.receive(&buffer[..length]).expect("FastCGI") {
                    break;
                }
            }
            times.push(begun.elapsed());
            assert_eq!(decoder.finish().expect("an answer").body.len(), 20);
        }
        times.sort_unstable();
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
        Ok((f64::from(count) / started.elapsed().as_secs_f64(), times[times.len() / 2]))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a bench is not the program: it starts the gateway as a user does"
    )]
    fn gateway(folder: &Path) -> std::io::Result<Option<(std::process::Child, PathBuf)>> {
        let Some(python) = std::env::var_os("IISWSGI_BENCH_PYTHON") else { return Ok(None) };
        std::fs::write(folder.join("benchapp.py"), APP)?;
        let socket = folder.join("gateway.sock");
        let child = std::process::Command::new(python)
            .args(["-m", "iiswsgi", "serve", "benchapp:app", "--log-level", "error", "--bind"])
            .arg(format!("unix:{}", socket.display()))
            .current_dir(folder)
            .spawn()?;
        for _ in 0..500 {
            if UnixStream::connect(&socket).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Some((child, socket)))
    }

    pub(super) fn run() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("iiswsgi-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let plain = folder.join("plain.sock");
        responder(&plain)?;
        let Some((mut child, socket)) = gateway(&folder)? else {
            println!("skipped: IISWSGI_BENCH_PYTHON names no interpreter that has the package");
            return std::fs::remove_dir_all(folder);
        };
        for round in 1..=ROUNDS {
            for (name, path) in [("without Python", &plain), ("gateway", &socket)] {
                let (rate, median) = measure(path)?;
                println!("round {round}  {name:<15} {rate:>9.0} requests/s  median {median:?}");
            }
        }
        child.kill()?;
        child.wait()?;
        std::fs::remove_dir_all(folder)
    }
}

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    bench::run()
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: this bench needs Unix sockets");
}
