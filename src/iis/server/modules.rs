//! The modules of IIS that let processes answer: `FastCgiModule` and `httpPlatformHandler`.

use std::sync::Arc;

use super::body::sized;
use super::exchange::{self, Exchange};
use super::forward::{self, Forwarded};
use super::{Fault, Incoming, Patience, Pool, Reply, Said, Served, Workers};
use crate::iis::FastCgiApplication;
use crate::iis::application_host::same_application;
use crate::iis::site::{Configuration, Handling, Module, variables};

impl Served {
    /// Lets a process of the application answer.
    pub(super) async fn by_process(
        &self,
        configuration: &Configuration,
        handling: Handling,
        mut incoming: Incoming,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        if handling.module == Module::HttpPlatform {
            return self.by_http(configuration, handling, incoming, patience).await;
        }
        let limit = configuration.filtering.max_content_length;
        if !sized(&mut incoming.request, &mut incoming.body, limit).await? {
            return Err(Fault::TooLarge);
        }
        self.by_fast_cgi(handling, incoming, patience).await
    }

    async fn by_fast_cgi(
        &self,
        handling: Handling,
        incoming: Incoming,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let pool = self.pool_of(&handling.handler.script_processor)?;
        let Incoming { request, body, .. } = incoming;
        let mut params = variables(&request, &handling.url, &self.place());
        for (name, value) in handling.variables {
            params.retain(|(known, _)| !known.eq_ignore_ascii_case(name.as_bytes()));
            params.push((name.into_bytes(), value.into_bytes()));
        }
        let exchange = Exchange {
            params,
            body,
            buffer_limit: handling.handler.response_buffer_limit,
            patience,
            handler: handling.handler.name,
            said: Said::default(),
        };
        exchange::ask(pool, exchange).await
    }

    async fn by_http(
        &self,
        configuration: &Configuration,
        handling: Handling,
        incoming: Incoming,
        patience: Patience,
    ) -> Result<Reply, Fault> {
        let platform = self.workers.iter().find_map(|workers| match workers {
            Workers::HttpPlatform(platform) => Some(platform),
            Workers::FastCgi(_) => None,
        });
        let not_there = || Fault::NotThere("is not known: `httpPlatform` has no processPath".to_owned());
        let Incoming { request, body, .. } = incoming;
        let forwarded = Forwarded {
            request: &request,
            url: &handling.url,
            body,
            limit: configuration.filtering.max_content_length,
            patience,
            handler: handling.handler.name,
        };
        let reply = match platform {
            Some(platform) => forward::forward(platform, forwarded).await,
            None => Err(not_there()),
        };
        reply.map_err(|fault| match fault {
            Fault::ClientGone | Fault::TooLarge => fault,
            fault => Fault::Platform(Box::new(fault)),
        })
    }

    fn pool_of(&self, script_processor: &str) -> Result<&Arc<Pool>, Fault> {
        let (full_path, arguments) = script_processor.split_once('|').unwrap_or((script_processor, ""));
        let wanted = FastCgiApplication {
            full_path: full_path.to_owned(),
            arguments: arguments.to_owned(),
            ..FastCgiApplication::default()
        };
        let is_wanted = |pool: &&Arc<Pool>| same_application(&pool.started.application, &wanted);
        let pools = self.workers.iter().filter_map(|workers| match workers {
            Workers::FastCgi(pool) => Some(pool),
            Workers::HttpPlatform(_) => None,
        });
        pools.into_iter().find(is_wanted).ok_or_else(|| {
            Fault::NotThere(format!("is not registered: no FastCGI application is `{script_processor}`"))
        })
    }
}
