//! `iiswsgi preview`: an application in the browser, as IIS would serve it.
//!
//! The package is built, installed into the simulated IIS and served from there; nothing is served from the sources. This
//! file is the command; what is installed and when again is in `source` and `watch`.

mod access;
mod source;
mod watch;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use self::source::Source;
use super::arguments::{InstallOptions, ProjectOptions};
use super::session::{Session, print};
use crate::error::{AnyFailure, ExitCode, Failure};
use crate::event::{Observer as _, Severity};
use crate::iis::DEFAULT_SITE;
use crate::iis::server::Monitor;
use crate::iis::server::listener::{self, Site};
use crate::process::{Interrupt, Program, Runner as _};

/// The port when none is asked for.
const PORT: u16 = 8080;
/// How many ports after it are tried when that one is taken.
const FURTHER_PORTS: u16 = 20;
/// How long a process may take to start before that is told.
const START: Duration = Duration::from_secs(60);
/// How often the wish of the user to end is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Serves the application for your browser, as IIS would.
///
/// It is built, installed into the simulated IIS, and served from there. Takes a project's folder or a package. The page at /.iiswsgi/ shows processes, logs and errors.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iiswsgi preview --watch --open")]
pub(super) struct Preview {
    #[command(flatten)]
    project: ProjectOptions,
    #[command(flatten)]
    install: InstallOptions,
    #[command(flatten)]
    serving: ServingOptions,
}

/// How it is served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
struct ServingOptions {
    /// The port to listen on; 8080, or a free one after it
    #[arg(short, long, value_name = "PORT")]
    port: Option<u16>,
    /// The address to listen on; others than this machine reach it only when you choose another
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Opens it in the browser
    #[arg(long)]
    open: bool,
    /// Builds and installs again when a file of the project changes
    #[arg(short, long)]
    watch: bool,
    /// Shows errors as IIS shows them to other machines: without details, in the pages of `httpErrors`
    #[arg(long)]
    as_remote: bool,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot start the server")]
    Runtime(#[source] std::io::Error),
    #[error("a package cannot be watched: it has no sources")]
    WatchPackage,
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Listen { .. } => "Choose another port with --port.".into(),
            Self::Runtime(_) => "Close other programs, or raise the limit of open files.".into(),
            Self::WatchPackage => "Name the project's folder in its place.".into(),
        })
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::WatchPackage => ExitCode::Usage,
            _ => ExitCode::Failed,
        }
    }
}

impl Preview {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let source = Source::new(self.project, &self.install)?;
        if self.serving.watch && source.is_package() {
            return Err(Error::WatchPackage.into());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        // A port that is taken is better known before minutes of building.
        let listener = runtime.block_on(self.serving.bind())?;
        let address = listener.local_addr().map_err(Error::Runtime)?;
        let hosted = match source.install(session)? {
            Ok(hosted) => hosted,
            Err(code) => return Ok(code),
        };
        let colors = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let monitor = Monitor::new(move |access| access::show(access, colors));
        let mut site = Site::new(hosted.site.clone().unwrap_or_else(|| DEFAULT_SITE.to_owned()), monitor);
        site.as_remote = self.serving.as_remote;
        for application in hosted.applications {
            site.host(application);
        }
        let site = Arc::new(site);
        self.serving.tell(&site, address, session);
        let serving =
            runtime.spawn(listener::serve(listener, Arc::clone(&site), ended(session.interrupt.clone())));
        let warm = Arc::clone(&site);
        runtime.block_on(warm_up(&warm, session));
        if self.serving.watch {
            watch::watch(&source, &site, &runtime, session);
        }
        let result = runtime.block_on(serving);
        for hosted in site.applications() {
            hosted.served.stop();
        }
        // Whoever is still reading a long answer is cut off.
        runtime.shutdown_timeout(Duration::from_secs(1));
        match result {
            Ok(Ok(())) | Err(_) => Ok(ExitCode::Done),
            Ok(Err(source)) => Err(Error::Listen { address, source }.into()),
        }
    }
}

/// Until the user wants it to end.
async fn ended(interrupt: Interrupt) {
    while !interrupt.is_requested() {
        tokio::time::sleep(TICK).await;
    }
}

/// Starts the processes at once, so that the first page does not wait for them and what is wrong shows here.
async fn warm_up(site: &Site, session: &Session) {
    for hosted in site.applications() {
        if let Err((fault, command_line)) = hosted.served.warm_up(START).await {
            let log = hosted.served.logs().text();
            let text = format!("{} does not start: its process {fault}.\n{log}", hosted.served.application);
            session.observer.warning(text.trim_end(), None);
            session.observer.message(Severity::Info, &format!("To see it by hand: {command_line}"));
        }
    }
}

impl ServingOptions {
    /// The socket: exactly the port that was asked for, or the first free one.
    async fn bind(&self) -> Result<TcpListener, Error> {
        let first = self.port.unwrap_or(PORT);
        let last = if self.port.is_some() { first } else { first + FURTHER_PORTS };
        let mut refused = None;
        for port in first..=last {
            let address = SocketAddr::new(self.address, port);
            match TcpListener::bind(address).await {
                Ok(listener) => return Ok(listener),
                Err(source) => refused = refused.or(Some(Error::Listen { address, source })),
            }
        }
        Err(refused.unwrap_or_else(|| Error::Runtime(std::io::ErrorKind::AddrInUse.into())))
    }

    /// Says where everything is, on stdout, and opens the first application.
    fn tell(&self, site: &Site, address: SocketAddr, session: &Session) {
        let host = if address.ip().is_unspecified() {
            format!("localhost:{}", address.port())
        } else {
            address.to_string()
        };
        let urls: Vec<String> = site
            .applications()
            .iter()
            .map(|hosted| {
                let path = crate::iis::site::escaped(hosted.served.application.url_prefix());
                format!("http://{host}{path}/")
            })
            .collect();
        for url in &urls {
            print(&format!("Serving {url}"));
        }
        print(&format!("Processes, logs and errors: http://{host}/.iiswsgi/"));
        if !address.ip().is_loopback() {
            let text = "Other machines can reach this server, which has none of IIS's protections: use it among friends.";
            session.observer.warning(text, None);
        }
        if let Some(url) = urls.first().filter(|_| self.open) {
            open(url, session);
        }
    }
}

/// Opens an address in the user's browser.
fn open(url: &str, session: &Session) {
    let (program, arguments): (&str, &[&str]) = if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let program = Program::new("the browser", program)
        .args(arguments.iter().copied())
        .arg(url)
        .timeout(Duration::from_secs(10));
    if session.system().run(&program).is_err() {
        session.observer.warning(&format!("No browser could be opened; the address is {url}"), None);
    }
}
