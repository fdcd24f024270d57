//! The library behind the gateway, for Python: the command, its calls, and the codecs. Only in builds with the feature `cli`.
//!
//! Results cross the border as JSON, which is the form that the command's reports have anyway; `iiswsgi.results` makes
//! typed objects of them. No logic is here.

use std::ffi::OsString;
use std::path::PathBuf;

use iiswsgi::cli::{self, Call, Host};
use iiswsgi::error::{ExitCode, Failure, Shown};
use iiswsgi::inspect;
use iiswsgi::package::options::ProviderOptions;
use iiswsgi::process::Interrupt;
use iiswsgi::template::{self, Escape, Variables};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;

use crate::worker;

/// Names and values in their order.
type Pairs = Vec<(String, String)>;

/// The process as the command sees it: programs are looked after by a Python with `supervise.py`, Ctrl-C is Python's.
fn host(py: Python<'_>, interrupt: &Interrupt) -> PyResult<Host> {
    let python: Option<OsString> = py.import("sys")?.getattr("executable")?.extract()?;
    let extension: PathBuf = py.import("iiswsgi._iiswsgi")?.getattr("__file__")?.extract()?;
    let supervisor = match python.filter(|python| !python.is_empty()) {
        Some(python) => {
            let script = extension.with_file_name("supervise.py");
            vec![python, "-I".into(), "-S".into(), script.into(), extension.into()]
        }
        // An embedded Python has no executable: programs are then started without a supervisor.
        None => Vec::new(),
    };
    Ok(Host { supervisor, interrupt: interrupt.clone(), answers_interrupts: false })
}

/// Runs the command with these arguments and gives its exit code.
#[pyfunction]
pub(crate) fn command(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<i32> {
    let interrupt = Interrupt::new();
    let host = host(py, &interrupt)?;
    let words = std::iter::once(OsString::from("iiswsgi")).chain(arguments).collect::<Vec<_>>();
    match worker::run(py, &interrupt, move || cli::main(words, host)) {
        // The command has told of it.
        Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Ok(ExitCode::Interrupted as i32),
        result => result,
    }
}

/// Runs `iiswsgi supervise` with these arguments and gives the exit code of the program.
#[pyfunction]
pub(crate) fn supervise(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    let words = std::iter::once(OsString::from("iiswsgi")).chain(arguments).collect::<Vec<_>>();
    let host = Host { supervisor: Vec::new(), interrupt: Interrupt::new(), answers_interrupts: false };
    py.detach(|| cli::main(words, host))
}

/// Calls the command and gives its report as JSON. A failure is raised as an exception of `iiswsgi.errors`.
#[pyfunction]
pub(crate) fn call(py: Python<'_>, arguments: Vec<OsString>, silent: bool) -> PyResult<String> {
    let interrupt = Interrupt::new();
    let host = host(py, &interrupt)?;
    match worker::run(py, &interrupt, move || cli::call(Call { arguments, silent }, host))? {
        Ok(report) => Ok(report.to_json()),
        Err(failed) if failed.code == ExitCode::Interrupted => Err(PyKeyboardInterrupt::new_err(())),
        Err(failed) => Err(exception(py, &failed.failures, failed.code)),
    }
}

/// Says what is in a file, as JSON.
#[pyfunction]
pub(crate) fn inspect_file(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    let inspected = worker::run(py, &Interrupt::new(), move || inspect::inspect_file(&path))?;
    inspected.map_err(|error| failure(py, &error)).and_then(|inspection| to_json(&inspection))
}

/// Says what is in some bytes, as JSON. The name only stands in messages.
#[pyfunction]
pub(crate) fn inspect_bytes(py: Python<'_>, name: PathBuf, bytes: Vec<u8>) -> PyResult<String> {
    let inspected = worker::run(py, &Interrupt::new(), move || inspect::inspect_bytes(&name, &bytes))?;
    inspected.map_err(|error| failure(py, &error)).and_then(|inspection| to_json(&inspection))
}

/// The value of the attribute `MSDeploy.MSDeployProviderOptions`.
#[pyfunction]
pub(crate) fn encode_provider_options(provider: String, path: String, settings: Pairs) -> String {
    ProviderOptions { provider, path, settings }.to_attribute()
}

/// Provider, path and settings of such a value.
#[pyfunction]
pub(crate) fn decode_provider_options(py: Python<'_>, value: &str) -> PyResult<(String, String, Pairs)> {
    let options = ProviderOptions::from_attribute(value).map_err(|error| failure(py, &error))?;
    Ok((options.provider, options.path, options.settings))
}

/// Fills in the variables of a template. Gives the text, and name, line and column of each that nobody knows.
#[pyfunction]
pub(crate) fn expand(
    template: &str,
    variables: Pairs,
    escape: bool,
) -> (String, Vec<(String, usize, usize)>) {
    let variables: Variables = variables.into_iter().collect();
    let expansion = template::expand(template, &variables, if escape { Escape::Xml } else { Escape::Plain });
    let unresolved = expansion.unresolved.into_iter();
    (expansion.text, unresolved.map(|found| (found.name, found.line, found.column)).collect())
}

fn to_json(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

fn failure(py: Python<'_>, error: &dyn Failure) -> PyErr {
    exception(py, &[Shown::of(error)], error.exit_code())
}

/// The exception that `iiswsgi.errors` makes of failures.
fn exception(py: Python<'_>, failures: &[Shown], code: ExitCode) -> PyErr {
    let made = to_json(&failures).and_then(|failures| {
        py.import("iiswsgi.errors")?.call_method1("of_failures", (failures, code as i32))
    });
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
