//! The MSDeploy (Web Deploy) package as values: manifest, provider options, parameters, web.config, archive.
//!
//! Nothing here opens a file, a socket or the clock: data in, bytes out.

pub mod apply;
pub mod archive;
pub mod archive_format;
pub mod bootstrap;
pub mod build;
pub mod deploy_command;
pub mod dotnet_regex;
pub mod manifest;
pub mod names;
pub mod options;
pub mod parameters;
pub mod web_config;
pub mod xpath;
