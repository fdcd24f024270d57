//! Settings of what runs on the server: bootstrap, handler and the FastCGI application of IIS.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::texts::{line, line_schema};
use super::values::{Bounded, OneOrMany, Seconds};

/// What a package's runCommand starts on the server, and how Web Deploy waits for it.
///
/// The settings of runCommand are those of <https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2008-R2-and-2008/ee619740(v=ws.10)>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bootstrap {
    /// The command line of the runCommand. Default: this program's `bootstrap` command for the package.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub command: Option<String>,
    /// The folder of the virtual environment, below the application's folder; `.` is the application's folder itself,
    /// as the original had it.
    #[serde(deserialize_with = "super::texts::one_line")]
    #[schemars(schema_with = "line_schema")]
    pub venv: String,
    /// How often Web Deploy looks whether the command has ended.
    pub wait_attempts: Bounded<1, 2_147_483_647>,
    /// How long Web Deploy waits between two looks, in milliseconds.
    pub wait_interval: Bounded<1, 2_147_483_647>,
    /// The exit codes that count as success, as Web Deploy writes them (`0x0`).
    pub success_return_codes: OneOrMany<ReturnCode>,
    /// Start the command itself rather than through `cmd.exe`.
    pub dont_use_command_exe: Option<bool>,
    /// Start the command outside Web Deploy's job object.
    pub dont_use_job_object: Option<bool>,
    /// Commands that run in the application's folder in the place of installing the requirements, as the extra
    /// arguments of the original's `iiswsgi_install` did.
    pub setup_commands: OneOrMany<String>,
    /// How long one step of the bootstrap (a pip run, a hook) may take, in seconds.
    pub timeout: Seconds,
}

impl Default for Bootstrap {
    fn default() -> Self {
        const ATTEMPTS: Bounded<1, 2_147_483_647> = Bounded::new(10).expect("10 is in the range");
        const INTERVAL: Bounded<1, 2_147_483_647> = Bounded::new(60_000).expect("60000 is in the range");
        Self {
            command: None,
            venv: ".venv".to_owned(),
            wait_attempts: ATTEMPTS,
            wait_interval: INTERVAL,
            success_return_codes: vec![ReturnCode("0x0".to_owned())].into(),
            dont_use_command_exe: None,
            dont_use_job_object: None,
            setup_commands: OneOrMany::default(),
            timeout: Seconds::whole(1800),
        }
    }
}

/// An exit code as Web Deploy writes it: `0x0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReturnCode(String);

impl ReturnCode {
    /// The code as Web Deploy writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ReturnCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let code = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        code.map(|code| Self(format!("{code:#x}"))).ok_or_else(|| {
            serde::de::Error::custom(format_args!("is `{text}`, expected an exit code such as `0x0` or `0`"))
        })
    }
}

impl JsonSchema for ReturnCode {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReturnCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"], "minimum": 0, "pattern": "^(0[xX][0-9a-fA-F]{1,8}|[0-9]+)$" })
    }
}

/// How IIS runs the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Handler {
    /// As a FastCGI application (the module `FastCgiModule`).
    #[default]
    Fastcgi,
    /// As a program that the module HttpPlatformHandler passes requests to by HTTP. It must be installed in IIS.
    Httpplatform,
}

/// The attributes of HttpPlatformHandler, `system.webServer/httpPlatform`, when `handler` is `httpplatform`. What is not set is
/// left out, so that the module's own default holds.
///
/// See <https://learn.microsoft.com/iis/extensions/httpplatformhandler/httpplatformhandler-configuration-reference>.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpPlatform {
    /// The program that the module starts. Default: the Python of the virtual environment.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub process_path: Option<String>,
    /// Its arguments. Default: those that start the gateway with the application.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub arguments: Option<String>,
    /// How many seconds the program may take until it listens. Default: 60.
    pub startup_time_limit: Option<Bounded<0, 3_600>>,
    /// How often the module tries again when the program does not start in time.
    pub startup_retry_count: Option<Bounded<0, 100>>,
    /// How many failures in a minute make the module give up.
    pub rapid_fails_per_minute: Option<Bounded<0, 100>>,
    /// How many seconds a request may take; the module counts whole minutes.
    pub request_timeout: Option<Bounded<0, 86_340>>,
    /// How many processes the module starts.
    pub processes_per_application: Option<Bounded<1, 100>>,
    /// The file that takes what the program prints, without its ending. Default: nothing is kept.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub stdout_log_file: Option<String>,
    /// Whether the user that IIS has authenticated is told to the application, as `REMOTE_USER`.
    pub forward_windows_auth_token: Option<bool>,
}

impl HttpPlatform {
    /// The attributes beside program and arguments: their names and values as the module reads them, in the order of its
    /// schema.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let number = |name, value: Option<u32>| value.map(|value| (name, value.to_string()));
        let time = self.request_timeout.map(|seconds| {
            let minutes = seconds.get().div_ceil(60);
            format!("{:02}:{:02}:00", minutes / 60, minutes % 60)
        });
        let log = self.stdout_log_file.as_ref();
        [
            number("startupTimeLimit", Some(self.startup_time_limit.map_or(60, Bounded::get))),
            number("startupRetryCount", self.startup_retry_count.map(Bounded::get)),
            number("rapidFailsPerMinute", self.rapid_fails_per_minute.map(Bounded::get)),
            time.map(|time| ("requestTimeout", time)),
            log.map(|_| ("stdoutLogEnabled", "true".to_owned())),
            log.map(|file| ("stdoutLogFile", file.clone())),
            number("processesPerApplication", self.processes_per_application.map(Bounded::get)),
            self.forward_windows_auth_token.map(|value| ("forwardWindowsAuthToken", value.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The attributes of the FastCGI application in IIS, `system.webServer/fastCgi/application`, with the ranges of
/// `IIS_schema.xml`. What is not set is left out, so that IIS's own default holds.
///
/// See <https://learn.microsoft.com/iis/configuration/system.webserver/fastcgi/application/>.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FastCgi {
    /// The program that IIS starts. Default: the Python of the virtual environment.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub full_path: Option<String>,
    /// Its arguments. Default: those that start the gateway with the application.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub arguments: Option<String>,
    /// A file; IIS starts the program anew when it changes. IIS expands no variables here.
    #[serde(deserialize_with = "line")]
    #[schemars(schema_with = "line_schema")]
    pub monitor_changes_to: Option<String>,
    /// What IIS does with FastCGI's standard error stream.
    pub stderr_mode: Option<StderrMode>,
    /// How many processes IIS starts at most; 0 lets IIS choose.
    pub max_instances: Option<Bounded<0, 10_000>>,
    /// After how many idle seconds IIS ends a process.
    pub idle_timeout: Option<Bounded<10, 2_592_000>>,
    /// How many seconds IIS waits for a process that neither reads nor writes.
    pub activity_timeout: Option<Bounded<10, 2_592_000>>,
    /// How many seconds a request may take.
    pub request_timeout: Option<Bounded<10, 2_592_000>>,
    /// After how many requests IIS ends a process and starts another.
    pub instance_max_requests: Option<Bounded<1, 10_000_000>>,
    /// How many seconds before the end IIS signals `_FCGI_SHUTDOWN_EVENT_`; 0 is never.
    pub signal_before_terminate_seconds: Option<Bounded<0, 60>>,
    /// How IIS talks to the process.
    pub protocol: Option<Protocol>,
    /// How many requests may wait.
    pub queue_length: Option<Bounded<1, 100_000_000>>,
    /// Whether IIS flushes the named pipe before it closes it.
    pub flush_named_pipe: Option<bool>,
    /// How many failures in a minute make IIS give up.
    pub rapid_fails_per_minute: Option<Bounded<0, 1_000>>,
    /// How many bytes of a response IIS holds back before it sends (an attribute of the handler); 0 streams.
    pub response_buffer_limit: Option<Bounded<0, 2_147_483_647>>,
}

impl FastCgi {
    /// The attributes of the `application` element that are set, beside fullPath and arguments: their names and
    /// values as IIS writes them, in the order of IIS's schema.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let text = |name, value: Option<&dyn ToString>| value.map(|value| (name, value.to_string()));
        [
            text("monitorChangesTo", self.monitor_changes_to.as_ref().map(|value| value as _)),
            text("stderrMode", self.stderr_mode.as_ref().map(|value| value as _)),
            text("maxInstances", self.max_instances.as_ref().map(|value| value as _)),
            text("idleTimeout", self.idle_timeout.as_ref().map(|value| value as _)),
            text("activityTimeout", self.activity_timeout.as_ref().map(|value| value as _)),
            text("requestTimeout", self.request_timeout.as_ref().map(|value| value as _)),
            text("instanceMaxRequests", self.instance_max_requests.as_ref().map(|value| value as _)),
            text(
                "signalBeforeTerminateSeconds",
                self.signal_before_terminate_seconds.as_ref().map(|value| value as _),
            ),
            text("protocol", self.protocol.as_ref().map(|value| value as _)),
            text("queueLength", self.queue_length.as_ref().map(|value| value as _)),
            text("flushNamedPipe", self.flush_named_pipe.as_ref().map(|value| value as _)),
            text("rapidFailsPerMinute", self.rapid_fails_per_minute.as_ref().map(|value| value as _)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What IIS does with FastCGI's standard error stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StderrMode {
    /// Sends it to the client with status 500.
    ReturnStdErrIn500,
    /// Sends a page of its own with status 500.
    ReturnGeneric500,
    /// Drops it and sends the response with status 200.
    IgnoreAndReturn200,
    /// Ends the process.
    TerminateProcess,
}

impl std::fmt::Display for StderrMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

/// How IIS talks to a FastCGI process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// A named pipe.
    NamedPipe,
    /// A TCP socket.
    Tcp,
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_written_in_whole_minutes_and_never_shortened() {
        for (seconds, text) in [(1, "00:01:00"), (120, "00:02:00"), (3_661, "01:02:00")] {
            let settings = HttpPlatform { request_timeout: Bounded::new(seconds), ..HttpPlatform::default() };
            assert!(settings.attributes().contains(&("requestTimeout", text.into())), "{seconds}");
        }
    }
}
