//! The command line.

/// How it is called.
pub(crate) const USAGE: &str = "usage: imitation-of-iis [--requests N] [--instances N] [--overlapped] [--body BYTES] \
    [--close] [--tcp] [--shutdown-during] [--terminate] [--path PATH] [--folder PATH] [--expect TEXT] [--status N] [--grace-seconds N] \
    -- FULLPATH [ARGUMENT...]";

/// What to do.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Plan {
    /// Requests to each instance: `instanceMaxRequests`.
    pub(crate) requests: u32,
    /// How many instances, one after the other.
    pub(crate) instances: u32,
    /// Whether the pipe is overlapped.
    pub(crate) overlapped: bool,
    /// The bytes of each request's body.
    pub(crate) body: usize,
    /// Each request asks for the connection to be closed, and the next one connects anew.
    pub(crate) close: bool,
    /// `protocol="Tcp"`: a listening socket as standard input, not a pipe.
    pub(crate) tcp: bool,
    /// The event is set while the last request of each instance runs.
    pub(crate) shutdown_during: bool,
    /// The program knows no event: it is terminated after its requests.
    pub(crate) terminate: bool,
    /// The path that is asked for.
    pub(crate) path: String,
    /// The application's folder, `APPL_PHYSICAL_PATH`.
    pub(crate) folder: String,
    /// What the answers must contain.
    pub(crate) expect: String,
    /// The status of the answers.
    pub(crate) status: u32,
    /// `signalBeforeTerminateSeconds`.
    pub(crate) grace_seconds: u32,
    /// The program.
    pub(crate) full_path: String,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

/// Reads the arguments.
pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
    let mut plan = Plan {
        requests: 200,
        instances: 1,
        overlapped: false,
        body: 0,
        close: false,
        tcp: false,
        shutdown_during: false,
        terminate: false,
        path: "/".into(),
        folder: "C:\\inetpub\\wwwroot\\".into(),
        expect: String::new(),
        status: 200,
        grace_seconds: 10,
        full_path: String::new(),
        arguments: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            plan.full_path = arguments.next().ok_or("there is no program after `--`")?;
            plan.arguments = arguments.collect();
            return Ok(plan);
        }
        let mut value = || arguments.next().ok_or(format!("`{argument}` has no value"));
        let number = |text: String| text.parse::<u32>().map_err(|_| format!("`{text}` is no number"));
        match argument.as_str() {
            "--requests" => plan.requests = number(value()?)?,
            "--instances" => plan.instances = number(value()?)?,
            "--overlapped" => plan.overlapped = true,
            "--body" => plan.body = number(value()?)? as usize,
            "--close" => plan.close = true,
            "--tcp" => plan.tcp = true,
            "--shutdown-during" => plan.shutdown_during = true,
            "--terminate" => plan.terminate = true,
            "--path" => plan.path = value()?,
            "--folder" => plan.folder = value()?,
            "--expect" => plan.expect = value()?,
            "--status" => plan.status = number(value()?)?,
            "--grace-seconds" => plan.grace_seconds = number(value()?)?,
            _ => return Err(format!("there is no option `{argument}`")),
        }
    }
    Err("there is no `-- FULLPATH`".into())
}
