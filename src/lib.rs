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
//! | [`iis`] | what the pipeline asks of IIS; twins: `full`, `express`, `simulated`, where `site` decides about requests and `server` answers them | package, fastcgi, transport, process |
//! | [`publish`] | where packages and feeds go: folder with its gallery page, GitHub release, package index | project's names, package, feed, base |
//! | [`interpreter`] | the application's Python: found, and become | process, transport |
//! | [`fastcgi`] | the protocol without I/O, both sides | nothing |
//! | [`transport`] | sockets and inherited descriptors; all unsafe of the crate but one border | base |
//! | [`http1`] | HTTP/1.1 without I/O, the server's side | fastcgi (events and params), uri |
//! | [`gateway`] | the responder: accept, serve, drain | fastcgi, http1, transport |
//! | [`init`] | what a project without configuration gets, from what is seen in it | ci, project, base |
//! | [`inspect`], [`clean`] | what is in a file; the WebPI cache | package, feed, base |
//! | [`migrate`] | from wfastcgi and from the 2012 iiswsgi to this one | package, iis, base |
//! | [`ci`] | GitHub Actions: annotations, outputs, summary | config, base |
//! | base: [`error`] [`event`] [`finding`] [`files`] [`http`] [`process`] [`digest`] [`template`] [`xml`] [`uri`] [`secret`] | leaves | each other |
//!
//! `fastcgi`, `http1`, `package`, `feed`, `iis::site` and the gateway's environ rules open no file, socket, clock or
//! environment: data in, bytes out. External programs are started in `process`, which asks `transport` for what it hands over to
//! them; printing is done in `cli` and `ci`, the
//! environment is read in `config` and `ci`. Unsafe code stands in `transport`, and in `interpreter/windows.rs`, which calls
//! Python's C interface.
//!
//! Everything but `error`, `fastcgi`, `http1`, `transport`, `gateway` and `uri` needs the feature `cli` (on by default): the Python
//! wheel is built without it.

#[cfg(feature = "cli")]
pub mod ci;
#[cfg(feature = "cli")]
pub mod clean;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod config;
#[cfg(feature = "cli")]
pub mod digest;
pub mod error;
#[cfg(feature = "cli")]
pub mod event;
pub mod fastcgi;
#[cfg(feature = "cli")]
pub mod feed;
#[cfg(feature = "cli")]
pub mod files;
#[cfg(feature = "cli")]
pub mod finding;
pub mod gateway;
#[cfg(feature = "cli")]
pub mod http;
pub mod http1;
#[cfg(feature = "cli")]
pub mod iis;
#[cfg(feature = "cli")]
pub mod init;
#[cfg(feature = "cli")]
pub mod inspect;
#[cfg(feature = "cli")]
pub mod interpreter;
#[cfg(feature = "cli")]
pub mod migrate;
#[cfg(feature = "cli")]
pub mod package;
#[cfg(feature = "cli")]
pub mod pipeline;
#[cfg(feature = "cli")]
pub mod process;
#[cfg(feature = "cli")]
pub mod project;
#[cfg(feature = "cli")]
pub mod publish;
#[cfg(feature = "cli")]
pub mod secret;
#[cfg(feature = "cli")]
pub mod template;
#[cfg(all(test, feature = "cli"))]
mod testdata;
pub mod transport;
pub mod uri;
#[cfg(feature = "cli")]
pub mod xml;
