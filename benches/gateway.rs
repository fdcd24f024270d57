//! The gateway beside a responder without Python, flup and uWSGI, over Unix sockets.
//!
//!     IISWSGI_BENCH_PYTHON=venv/bin/python cargo bench --bench gateway [-- SCENARIO…]
//!
//! The interpreter is one that has the package; `pip install flup6 pyuwsgi` beside it brings two peers more. All take
//! turns, so that a busy machine is fair to all; medians of three rounds are shown, and what counts is the ratio. In
//! scenarios whose names end in `pin` both sides share one processor: for one connection only those figures repeat.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[cfg(unix)]
#[path = "gateway/load.rs"]
mod load;
#[cfg(unix)]
#[path = "gateway/peers.rs"]
mod peers;

#[cfg(unix)]
mod bench {
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::load::{self, Outcome, Scenario};
    use super::peers::{self, Peer};

    const APP: &str = include_str!("gateway/app.py");
    const TIME: Duration = Duration::from_millis(700);
    const ROUNDS: usize = 3;
    const IDLE: u32 = 1000;
    const PEERS: [&str; 6] = ["iiswsgi", "iiswsgi x16", "static", "static epoll", "uwsgi", "flup"];

    const HELLO: Scenario =
        Scenario { name: "", path: "/hello", connections: 1, keep: true, upload: 0, answer: 20, iis: false };
    const SCENARIOS: [Scenario; 11] = [
        Scenario { name: "hello-c1-pin", ..HELLO },
        Scenario { name: "hello-c1-iis-pin", iis: true, ..HELLO },
        Scenario { name: "hello-c16", connections: 16, ..HELLO },
        Scenario { name: "hello-c64", connections: 64, ..HELLO },
        Scenario { name: "hello-c64-close", connections: 64, keep: false, ..HELLO },
        Scenario { name: "1m-c1", path: "/1m", answer: 1 << 20, ..HELLO },
        Scenario { name: "stream-c1", path: "/stream", answer: 1_024_000, ..HELLO },
        Scenario { name: "upload1m-c1", path: "/upload", upload: 1 << 20, ..HELLO },
        Scenario { name: "upload100m-c1", path: "/upload", upload: 100 << 20, ..HELLO },
        Scenario { name: "idle-c16", connections: 16, ..HELLO },
        Scenario { name: "sleep-c16", path: "/sleep", connections: 16, ..HELLO },
    ];

    /// Whether a scenario says something about a peer.
    fn fits(scenario: &Scenario, peer: &str) -> bool {
        match scenario.name {
            "sleep-c16" => peer == "iiswsgi x16",
            // uWSGI closes the connection after each request, which this load does not expect.
            _ if peer == "uwsgi" => !scenario.keep,
            "hello-c16" => true,
            _ => peer != "iiswsgi x16",
        }
    }

    struct Row {
        rate: f64,
        median: Duration,
        cpu: f64,
        memory: u32,
    }

    /// One run of a scenario, in a process of its own: where that runs can be told.
    #[expect(clippy::disallowed_methods, reason = "a bench is not the program: it starts itself")]
    fn measure(peer: &Peer, scenario: &Scenario) -> std::io::Result<Row> {
        let pin = scenario.name.ends_with("-pin");
        let program = std::env::current_exe()?;
        let mut command = if pin { Command::new("taskset") } else { Command::new(&program) };
        if pin {
            let id = peer.id().to_string();
            Command::new("taskset").args(["-a", "-c", "-p", "0", &id]).output()?;
            command.args(["-c", "0"]).arg(&program);
        }
        command.env("IISWSGI_BENCH_LOAD", scenario.name).env("IISWSGI_BENCH_SOCKET", &peer.socket);
        peer.reset_peak();
        let (cpu, memory) = (peer.cpu(), peer.memory(false));
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
        let (Some(requests), Some(seconds), Some(median)) = (numbers.next(), numbers.next(), numbers.next())
        else {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(std::io::Error::other(format!("{} with {}: {reason}", scenario.name, peer.name)));
        };
        let cpu = peer.cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / requests;
        let memory = u32::try_from(peer.memory(true).saturating_sub(memory)).unwrap_or(u32::MAX);
        Ok(Row { rate: requests / seconds, median: Duration::from_secs_f64(median), cpu, memory })
    }

    fn middle(mut values: Vec<f64>) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    fn compare(scenario: &Scenario, peers: &[Peer]) -> std::io::Result<()> {
        println!(
            "\n{}\n{:<14} {:>10} {:>7} {:>12} {:>10} {:>10}",
            scenario.name, "", "requests/s", "ours ×", "median µs", "CPU µs", "memory KB"
        );
        let peers: Vec<&Peer> = peers.iter().filter(|peer| fits(scenario, peer.name)).collect();
        let mut rows: Vec<Vec<Row>> = peers.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            for (peer, rows) in peers.iter().zip(&mut rows) {
                rows.push(measure(peer, scenario)?);
            }
        }
        let of = |rows: &[Row], value: fn(&Row) -> f64| middle(rows.iter().map(value).collect());
        let first = rows.first().map_or(1.0, |rows| of(rows, |row| row.rate));
        for (peer, rows) in peers.iter().zip(&rows) {
            let rate = of(rows, |row| row.rate);
            println!(
                "{:<14} {rate:>10.0} {:>7.2} {:>12.1} {:>10.1} {:>10.0}",
                peer.name,
                first / rate,
                of(rows, |row| row.median.as_secs_f64() * 1e6),
                of(rows, |row| row.cpu),
                of(rows, |row| row.memory.into()),
            );
        }
        Ok(())
    }

    /// Requests beside connections that do nothing, each of which has been through a request, and without them.
    fn compare_idle(scenario: &Scenario, peer: &Peer) -> std::io::Result<()> {
        let (mut without, mut beside, mut memory) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            without.push(measure(peer, scenario)?.rate);
            let before = peer.memory(false);
            let idle: Vec<_> =
                (0..IDLE).map(|_| load::idle(&peer.socket, &HELLO)).collect::<Result<_, _>>()?;
            memory = memory.max(peer.memory(false).saturating_sub(before));
            beside.push(measure(peer, scenario)?.rate);
            drop(idle);
        }
        let (without, beside) = (middle(without), middle(beside));
        println!(
            "\n{}: {IDLE} idle connections take {memory} KB; {beside:.0} requests/s beside them, {without:.0} without",
            scenario.name
        );
        Ok(())
    }

    /// The time from the start of a process to the end of its first answer, and of Python that only imports the
    /// application.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench is not the program: it starts peers as a user does"
    )]
    fn start(folder: &Path, python: &Path) -> std::io::Result<()> {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let begun = Instant::now();
            if let Some(peer) = Peer::start("iiswsgi", folder, python)? {
                load::run(&peer.socket, &HELLO, Duration::ZERO)?;
            }
            ours.push(begun.elapsed().as_secs_f64() * 1e3);
            let begun = Instant::now();
            Command::new(python).args(["-c", "import benchapp"]).current_dir(folder).status()?;
            bare.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "\nstart to first answer {:.1} ms, `import benchapp` alone {:.1} ms",
            middle(ours),
            middle(bare)
        );
        Ok(())
    }

    /// The sides that this program also is: the responder, and the load.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench is not the program: it tells itself which part to play"
    )]
    fn play_a_part() -> std::io::Result<bool> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(socket) = variable("IISWSGI_BENCH_RESPONDER") {
            peers::respond(Path::new(&socket), variable("IISWSGI_BENCH_EPOLL").is_some())?;
            return Ok(true);
        }
        let (Some(name), Some(socket)) = (variable("IISWSGI_BENCH_LOAD"), variable("IISWSGI_BENCH_SOCKET"))
        else {
            return Ok(false);
        };
        let scenario = SCENARIOS.iter().find(|scenario| name == scenario.name);
        let scenario = scenario.ok_or_else(|| std::io::Error::other("no such scenario"))?;
        let Outcome { requests, time, median } = load::run(Path::new(&socket), scenario, TIME)?;
        println!("{requests} {} {}", time.as_secs_f64(), median.as_secs_f64());
        Ok(true)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a bench is not the program: its options are its environment"
    )]
    pub(super) fn run() -> std::io::Result<()> {
        if play_a_part()? {
            return Ok(());
        }
        let Some(python) = std::env::var_os("IISWSGI_BENCH_PYTHON").map(PathBuf::from) else {
            println!("skipped: IISWSGI_BENCH_PYTHON names no interpreter that has the package");
            return Ok(());
        };
        let python = std::path::absolute(python)?;
        // The idle connections need many, in this process and in the peers.
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        rustix::process::setrlimit(
            rustix::process::Resource::Nofile,
            rustix::process::Rlimit { current: limit.maximum, ..limit },
        )?;
        let folder = std::env::temp_dir().join(format!("iiswsgi-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("benchapp.py"), APP)?;
        let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
        if wanted.is_empty() || wanted.iter().any(|name| name == "start") {
            start(&folder, &python)?;
        }
        let mut peers = Vec::new();
        for name in PEERS {
            match Peer::start(name, &folder, &python)? {
                Some(peer) => peers.push(peer),
                None => println!("{name} is not installed beside `{}`: skipped", python.display()),
            }
        }
        for scenario in &SCENARIOS {
            if !wanted.is_empty() && wanted.iter().all(|name| name != scenario.name) {
                continue;
            }
            match (scenario.name, peers.first()) {
                ("idle-c16", Some(ours)) => compare_idle(scenario, ours)?,
                _ => compare(scenario, &peers)?,
            }
        }
        drop(peers);
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
