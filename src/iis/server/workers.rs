//! The processes behind a module of IIS, whichever it is: what the test stage, the preview and its page do with them.

use std::sync::Arc;
use std::time::Duration;

use super::Fault;
use super::platform::Platform;
use super::pool::Pool;
use super::processes::Processes;
use crate::iis::Logs;

/// The processes of one program.
#[derive(Clone)]
pub(in crate::iis) enum Workers {
    /// They speak FastCGI.
    FastCgi(Arc<Pool>),
    /// They speak HTTP, to HttpPlatformHandler.
    HttpPlatform(Arc<Platform>),
}

impl Workers {
    /// How to start a process by hand.
    pub(in crate::iis) fn command_line(&self) -> &str {
        match self {
            Self::FastCgi(pool) => &pool.started.command_line,
            Self::HttpPlatform(platform) => platform.command_line(),
        }
    }

    /// Starts a process and waits until it takes requests.
    pub(in crate::iis) async fn warm_up(&self, limit: Duration) -> Result<(), Fault> {
        match self {
            Self::FastCgi(pool) => pool.warm_up(limit).await,
            Self::HttpPlatform(platform) => platform.warm_up(limit).await,
        }
    }

    pub(super) fn processes(&self) -> &Processes {
        match self {
            Self::FastCgi(pool) => &pool.processes,
            Self::HttpPlatform(platform) => &platform.processes,
        }
    }

    /// How many processes there may be.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::FastCgi(pool) => pool.settings.max_instances,
            Self::HttpPlatform(platform) => platform.most(),
        }
    }

    /// After how many requests a process has to go.
    pub(super) fn requests_each(&self) -> Option<u32> {
        match self {
            Self::FastCgi(pool) => Some(pool.settings.instance_max_requests),
            Self::HttpPlatform(_) => None,
        }
    }

    /// Looks after idle processes, watched files and logs.
    pub(super) fn sweep(&self) {
        match self {
            Self::FastCgi(pool) => pool.sweep(),
            Self::HttpPlatform(platform) => platform.sweep(),
        }
    }

    /// Lets every process end after the requests that it answers.
    pub(super) fn recycle(&self) {
        match self {
            Self::FastCgi(pool) => pool.recycle(),
            Self::HttpPlatform(platform) => platform.recycle(),
        }
    }

    /// Ends all processes, whatever they do, and gives their last words. Blocks while they end.
    pub(super) fn stop(&self) -> Logs {
        match self {
            Self::FastCgi(pool) => pool.processes.stop(),
            Self::HttpPlatform(platform) => platform.stop(),
        }
    }
}
