//! An application that is served: a request goes in, a response comes out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::configuration::{Files, Invalid, Source};
use super::disk::{self, Disk};
use super::{Body, Fault, Incoming, Patience, Platform, Pool, Reply, Workers, error_page, inner_request};
use crate::iis::site::{
    Answer, Configuration, Decision, ErrorAction, Folders, Handling, HttpPlatform, Module, Place, Request,
    Url, decide,
};
use crate::iis::{ApplicationPath, Logs};

/// An application that is served.
pub struct Served {
    /// Where it is in IIS.
    pub application: ApplicationPath,
    /// Its folders.
    pub folders: Folders,
    /// The number of its site.
    pub site: u32,
    /// The folder of the site's root application.
    pub site_folder: PathBuf,
    configuration: Source,
    pub(super) workers: Vec<Workers>,
}

impl Served {
    /// An application with the processes that its handlers may lead to.
    pub(in crate::iis) fn new(
        application: ApplicationPath,
        folders: Folders,
        (site, site_folder): (u32, PathBuf),
        pools: Vec<Pool>,
    ) -> Self {
        let is_root = application.path() == "/";
        let outer = (!is_root).then(|| site_folder.clone());
        let files = Files::new(outer, folders.clone(), application.url_prefix());
        let workers = pools.into_iter().map(|pool| Workers::FastCgi(Arc::new(pool))).collect();
        Self { application, folders, site, site_folder, configuration: Source::Files(files), workers }
    }

    /// A FastCGI program as the only handler of a site whose root is a folder; the folder's own configuration does not count.
    pub(in crate::iis) fn program(application: ApplicationPath, folder: PathBuf, pool: Pool) -> Self {
        let script_processor = pool.started.application.script_processor();
        let configuration = Arc::new(Configuration::of_program(script_processor));
        Self {
            application,
            site: 1,
            site_folder: folder.clone(),
            folders: folder.into(),
            configuration: Source::Fixed(configuration),
            workers: vec![Workers::FastCgi(Arc::new(pool))],
        }
    }

    /// The program of HttpPlatformHandler, when a handler leads to it and it is named.
    pub(in crate::iis) fn http_platform(&self) -> Option<HttpPlatform> {
        let configuration = self.configuration.of("/").ok()?;
        let leads = |handler| Module::of(handler) == Some(Module::HttpPlatform);
        let is_led_to = configuration.handlers.list.iter().any(leads);
        Some(configuration.http_platform.clone())
            .filter(|settings| is_led_to && !settings.process_path.trim().is_empty())
    }

    /// Adds the processes of HttpPlatformHandler.
    pub(in crate::iis) fn add(&mut self, platform: Platform) {
        self.workers.push(Workers::HttpPlatform(Arc::new(platform)));
    }

    /// What its files ask for and is not imitated, as sentences; or what is wrong with them.
    pub fn notes(&self) -> Vec<String> {
        match self.configuration.of("/") {
            Ok(configuration) => configuration
                .not_simulated
                .iter()
                .map(|note| format!("web.config, line {}: {}.", note.line, note.text))
                .collect(),
            Err(invalid) => vec![format!(
                "IIS answers 500.19 to everything: `{}`: {}.",
                invalid.path.display(),
                invalid.text
            )],
        }
    }

    pub(in crate::iis) fn workers(&self) -> &[Workers] {
        &self.workers
    }

    /// What its processes wrote so far.
    pub fn logs(&self) -> Logs {
        let mut all = Logs::default();
        for logs in self.workers.iter().map(|workers| workers.processes().logs()) {
            all.stdout.extend(logs.stdout);
            all.stderr.extend(logs.stderr);
        }
        all
    }

    /// Answers a request to it. A handler's failure is a fault; errors of IIS itself are replies.
    ///
    /// # Errors
    /// The handler's process did not answer.
    pub async fn answer(&self, incoming: Incoming, patience: Patience) -> Result<Reply, Fault> {
        let (configuration, answer) = match self.decided(&incoming) {
            Ok((_, Decision::Abort)) => return Err(Fault::Aborted),
            Ok((configuration, Decision::Answer(answer))) => (configuration, answer),
            Ok((configuration, Decision::Handle(handling))) => {
                return self.handle(&configuration, *handling, incoming, patience).await;
            }
            Err(invalid) => {
                let facts =
                    [("Config file", invalid.path.display().to_string()), ("Config error", invalid.text)];
                return Ok(error_page::detailed(&Answer::new(500, 19), &incoming.request, &facts));
            }
        };
        match &answer.location {
            Some(location) => {
                Ok(self.finished(&configuration, error_page::redirect(&answer, location, "IIS")))
            }
            None => self.error(&configuration, &answer, &incoming, true, patience).await,
        }
    }

    fn decided(&self, incoming: &Incoming) -> Result<(Arc<Configuration>, Decision), Invalid> {
        let prefix = self.application.url_prefix().len();
        let below = Url::parse(&incoming.request.target)
            .ok()
            .and_then(|url| url.text.get(prefix..).map(str::to_owned))
            .filter(|below| !below.is_empty())
            .unwrap_or_else(|| "/".to_owned());
        let configuration = self.configuration.of(&below)?;
        let decision = decide(&configuration, &incoming.request, &self.place(), &Disk(&self.folders));
        Ok((configuration, decision))
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            application: &self.application,
            site: self.site,
            site_folder: &self.site_folder,
            folders: &self.folders,
        }
    }

    async fn handle(
        &self,
        configuration: &Configuration,
        handling: Handling,
        incoming: Incoming,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let reply = match handling.module {
            Module::FastCgi | Module::HttpPlatform => {
                let head = Incoming {
                    request: incoming.request.clone(),
                    body: Body::Whole(Bytes::new()),
                    local: incoming.local,
                };
                return match self.by_process(configuration, handling, incoming, patience).await {
                    Ok(reply) => self.checked(configuration, reply, &head, patience).await,
                    Err(Fault::TooLarge) => {
                        self.error(configuration, &Answer::new(404, 13), &head, true, patience).await
                    }
                    Err(fault) => Err(fault),
                };
            }
            Module::Protocol if incoming.request.method == "OPTIONS" => {
                let mut reply = Reply::whole(200, 0, &handling.handler.name, "text/plain", "");
                let allowed = "OPTIONS, TRACE, GET, HEAD, POST";
                reply.headers.extend(["Allow", "Public"].map(|name| (name.to_owned(), allowed.to_owned())));
                reply
            }
            Module::Protocol => {
                return self.error(configuration, &Answer::new(501, 0), &incoming, true, patience).await;
            }
            Module::StaticFile => {
                match disk::serve(&self.folders, configuration, &incoming.request, &handling).await {
                    Ok(reply) => reply,
                    Err(answer) => {
                        return self.error(configuration, &answer, &incoming, true, patience).await;
                    }
                }
            }
        };
        Ok(self.finished(configuration, reply))
    }

    /// A response of an application, which `httpErrors` may not let through.
    async fn checked(
        &self,
        configuration: &Configuration,
        reply: Reply,
        incoming: &Incoming,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let has_body = reply.header("Content-Length") != Some("0");
        if reply.status < 400
            || configuration.errors.action(reply.status, 0, has_body, incoming.local) == ErrorAction::Keep
        {
            return Ok(self.finished(configuration, reply));
        }
        let answer = Answer { reason: reply.reason.clone(), ..Answer::new(reply.status, reply.sub_status) };
        let said = reply.said.clone();
        let mut page = self.error(configuration, &answer, incoming, has_body, patience).await?;
        page.said = said;
        Ok(page)
    }

    /// The page of an error as `httpErrors` wants it.
    async fn error(
        &self,
        configuration: &Configuration,
        answer: &Answer,
        incoming: &Incoming,
        own: bool,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let request = &incoming.request;
        // What IIS says itself is no response of an application.
        let action = configuration.errors.action(answer.status, answer.sub_status, !own, incoming.local);
        let reply = match action {
            ErrorAction::Detailed | ErrorAction::Keep => {
                let facts = [
                    ("Application", self.application.to_string()),
                    ("Folder", self.folders.own().display().to_string()),
                ];
                error_page::detailed(answer, request, &facts)
            }
            ErrorAction::Short => error_page::short(answer, "IIS"),
            ErrorAction::Redirect(location) => error_page::redirect(&Answer::new(302, 0), &location, "IIS"),
            ErrorAction::File(path) => {
                let file = Disk(&self.folders).find(&path.replace('\\', "/"));
                match file.and_then(|file| std::fs::read(file).ok()) {
                    Some(bytes) => {
                        Reply::whole(answer.status, answer.sub_status, "httpErrors", "text/html", bytes)
                    }
                    None => error_page::short(answer, "IIS"),
                }
            }
            ErrorAction::ExecuteUrl(url) => self.executed(&url, answer, request, patience).await?,
        };
        Ok(self.finished(configuration, reply))
    }

    /// The answer of another URL of this application, with the status of the error.
    async fn executed(
        &self,
        url: &str,
        answer: &Answer,
        request: &Request,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let host = request.header("Host").unwrap_or_else(|| "localhost".to_owned());
        let port = request.endpoints.local.port();
        let host = if host.contains(':') { host } else { format!("{host}:{port}") };
        let target = format!("{url}?{};http://{host}{}", answer.status, request.target);
        let inner = inner_request(request, &target);
        let Ok((configuration, Decision::Handle(handling))) = self.decided(&inner) else {
            return Ok(error_page::short(answer, "IIS"));
        };
        let reply = match handling.module {
            Module::FastCgi | Module::HttpPlatform => {
                self.by_process(&configuration, *handling, inner, patience).await
            }
            _ => match disk::serve(&self.folders, &configuration, &inner.request, &handling).await {
                Ok(reply) => Ok(reply),
                Err(_) => Ok(error_page::short(answer, "IIS")),
            },
        };
        reply.map(|reply| Reply { status: answer.status, sub_status: answer.sub_status, ..reply })
    }

    /// With the headers that every response has.
    #[expect(clippy::unused_self, reason = "it belongs to the steps beside it")]
    fn finished(&self, configuration: &Configuration, mut reply: Reply) -> Reply {
        for (name, value) in &configuration.custom_headers {
            reply.headers.push((name.clone(), value.clone()));
        }
        reply
    }

    /// Ends all processes. Blocks while they end.
    pub fn stop(&self) -> Logs {
        let mut all = Logs::default();
        for logs in self.workers.iter().map(Workers::stop) {
            all.stdout.extend(logs.stdout);
            all.stderr.extend(logs.stderr);
        }
        all
    }

    /// Lets every process end after the request that it answers.
    pub fn recycle(&self) {
        self.workers.iter().for_each(Workers::recycle);
    }

    /// Looks after idle processes and watched files.
    pub fn sweep(&self) {
        self.workers.iter().for_each(Workers::sweep);
    }

    /// Starts one process of each pool and waits until it takes requests.
    ///
    /// # Errors
    /// One does not; the second value is the command line to start it by hand.
    pub async fn warm_up(&self, limit: Duration) -> Result<(), (Fault, String)> {
        for workers in &self.workers {
            let failed = |fault| (fault, workers.command_line().to_owned());
            workers.warm_up(limit).await.map_err(failed)?;
        }
        Ok(())
    }

    /// The page for a fault of a process.
    pub(super) fn failure(&self, request: &Request, fault: &Fault, local: bool) -> Reply {
        let (answer, module) = match fault {
            Fault::Platform(_) => (Answer::new(502, 3), "httpPlatformHandler"),
            Fault::Offline(_) | Fault::QueueFull(_) => (Answer::new(503, 0), "FastCGI"),
            _ => (Answer::new(500, 0), "FastCGI"),
        };
        if !local {
            return error_page::short(&answer, module);
        }
        let command_line = self.workers.first().map(Workers::command_line);
        error_page::failed(&answer, request, fault, &tail(&self.logs().text()), command_line, module)
    }
}

/// The last lines of a log.
pub(super) fn tail(text: &str) -> String {
    const LINES: usize = 60;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
