//! The user's own commands around a stage, run by the system's shell in the project's folder.

use std::path::Path;

use super::super::World;
use super::super::plan::PackagePlan;
use crate::error::AnyFailure;
use crate::event::{Observer, Severity};
use crate::process::Program;

/// Runs the commands of a hook one after the other; the first that fails ends the stage.
pub(in super::super) fn run_hooks(
    hook: &str,
    commands: &[String],
    plan: &PackagePlan,
    world: &World<'_>,
    observer: &dyn Observer,
) -> Result<(), AnyFailure> {
    let root = plan.root();
    let here = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    for command in commands {
        let mut program = shell(format!("the {hook} hook"), command)
            .current_dir(here)
            .timeout(plan.config.bootstrap.timeout.duration())
            .env("IISWSGI_PACKAGE_NAME", &plan.name)
            .env("IISWSGI_PACKAGE_VERSION", &plan.version);
        for (name, value) in &plan.config.environment {
            program = program.env(name.as_str(), value);
        }
        let output = world.runner.run(&program)?;
        for line in output.stdout_text().lines().chain(output.stderr_text().lines()) {
            observer.message(Severity::Detail, line);
        }
    }
    Ok(())
}

fn shell(label: String, command: &str) -> Program {
    if cfg!(windows) {
        Program::new(label, "cmd.exe").args(["/d", "/s", "/c"]).arg(command)
    } else {
        Program::new(label, "sh").arg("-c").arg(command)
    }
}
