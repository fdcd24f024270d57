//! iiswsgi ships Python web applications to Microsoft IIS.
//!
//! # The map of the house
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`cli`] | one file a command: its arguments and the call; the only place that knows clap | everything |
//! | [`config`] | file, pyproject, environment and flags become one `Config` | base |
//! | [`pipeline`] | plan, stages, report | project, package, feed, the traits of iis and publish, config |
//! | [`project`] | the Python project: metadata, entry point, files to ship | process, base |
//! | [`package`] | the Web Deploy package as values | xml, template, base |
//! | [`feed`] | WebPI feeds: model, writer, reader, checks | xml, base |
//! | [`iis`] | what the pipeline asks of IIS; simulated | package, fastcgi, transport, process |
//! | [`publish`] | where packages and feeds go | base |
//! | [`fastcgi`] | the protocol without I/O, both sides | nothing |
//! | [`transport`] | sockets and inherited descriptors; all unsafe of the crate | base |
//! | [`gateway`] | the responder: accept, serve, drain | fastcgi, transport |
//! | [`inspect`], [`clean`] | what is in a file; the WebPI cache | package, feed, base |
//! | [`ci`] | GitHub Actions: annotations, outputs, summary | event, error |
//! | base: [`error`] [`event`] [`finding`] [`files`] [`process`] [`digest`] [`template`] [`xml`] [`secret`] | leaves | each other |
//!
//! `fastcgi`, `package`, `feed` and the gateway's environ rules open no file, socket, clock or environment: data in,
//! bytes out. External programs are started in `process`, printing is done in `cli` and `ci`, the environment is read
//! in `config` and `ci`.

pub mod ci;
pub mod clean;
pub mod cli;
pub mod config;
pub mod digest;
pub mod error;
pub mod event;
pub mod fastcgi;
pub mod feed;
pub mod files;
pub mod finding;
pub mod gateway;
pub mod iis;
pub mod inspect;
pub mod package;
pub mod pipeline;
pub mod process;
pub mod project;
pub mod publish;
pub mod secret;
pub mod template;
#[cfg(test)]
mod testdata;
pub mod transport;
pub mod xml;
