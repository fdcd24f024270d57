//! A FastCGI program in a folder, without any installation: IIS as it comes, with that program as its only handler.
//!
//! Rules of a `web.config` and static files are the business of the installed application.

use std::path::Path;
use std::sync::Arc;

use super::application::Application;
use crate::iis::server::{Pool, Served, Started};
use crate::iis::{
    ApplicationPath, DEFAULT_SITE, Error, FastCgiApplication, RunningApplication, StartOptions,
};
use crate::process::{Program, Runner};

/// Starts a FastCGI program in a folder and waits until it takes requests.
///
/// # Errors
/// It does not start, ends, or does not take a request in time.
pub fn start_in_place(
    program: Program,
    folder: &Path,
    options: &StartOptions,
    runner: &Arc<dyn Runner>,
) -> Result<Box<dyn RunningApplication>, Error> {
    let application = FastCgiApplication {
        full_path: program.program().to_string_lossy().into_owned(),
        ..FastCgiApplication::default()
    };
    let pool =
        Pool::new(Started { command_line: program.by_hand(), program, application }, Arc::clone(runner));
    let root = ApplicationPath::new(DEFAULT_SITE, "/")?;
    let served = Served::program(root, folder.to_owned(), pool);
    let name = folder.display().to_string();
    Ok(Box::new(Application::start(served, &name, &StartOptions { application: 0, ..options.clone() })?))
}
