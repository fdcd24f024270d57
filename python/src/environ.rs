//! The environ of a request (PEP 3333, "environ Variables").
//!
//! A web server sends the same variables again and again. The last environ is kept as a template: what is the same
//! needs no new object, and a copy of a dict costs less than filling one.

use std::borrow::Cow;
use std::ops::Range;

use iiswsgi::fastcgi::params::Pairs;
use iiswsgi::gateway::environ::{Rules, Variables, paths};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::text::decode;

/// Params larger than this are not kept.
const KEPT: usize = 64 << 10;

/// What PEP 3333 and CGI want to be there when the web server did not send it.
const DEFAULTS: [(&str, &str); 5] = [
    ("REQUEST_METHOD", "GET"),
    ("QUERY_STRING", ""),
    ("SERVER_NAME", "localhost"),
    ("SERVER_PORT", "80"),
    ("SERVER_PROTOCOL", "HTTP/1.0"),
];

/// Builds environs. It belongs to one application.
pub(crate) struct Builder {
    rules: Rules,
    base: Py<PyDict>,
    params: Vec<u8>,
    pairs: Vec<(Range<usize>, Range<usize>)>,
    template: Option<Py<PyDict>>,
}

impl Builder {
    /// `base` has the variables that are the same for all requests.
    pub(crate) fn new(rules: Rules, base: Py<PyDict>) -> Self {
        Self { rules, base, params: Vec::new(), pairs: Vec::new(), template: None }
    }

    /// The environ of checked params, without the streams.
    pub(crate) fn build<'py>(&mut self, py: Python<'py>, params: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        if let Some(template) = &self.template {
            if self.params == params {
                return template.bind(py).copy();
            }
            if self.update(py, template, params)? {
                let copy = template.bind(py).copy();
                self.keep(params);
                return copy;
            }
        }
        let environ = self.base.bind(py).copy()?;
        let mut variables = Variables::default();
        let mut https = None;
        let mut expected = environ.len();
        for (name, value) in Pairs::new(params).map_while(Result::ok) {
            note(&mut variables, &mut https, name, value);
            if is_shown(name) {
                environ.set_item(key(py, name), decode(py, value))?;
                expected += 1;
            }
        }
        let is_doubled = environ.len() < expected;
        for (name, value) in DEFAULTS {
            if !environ.contains(name)? {
                environ.set_item(name, value)?;
            }
        }
        derive(py, &environ, &variables, https, &self.rules)?;
        // Of a name that comes twice the last value counts, which an update that looks at changes alone would miss.
        if params.len() > KEPT || is_doubled {
            self.template = None;
            return Ok(environ);
        }
        // The streams of each request take these places: a dict that need not grow costs less.
        for stream in [intern!(py, "wsgi.input"), intern!(py, "wsgi.errors")] {
            environ.set_item(stream, py.None())?;
        }
        let copy = environ.copy()?;
        self.template = Some(environ.unbind());
        self.keep(params);
        Ok(copy)
    }

    /// Other rules from now on. `environ` is that of the request that was built last, and is brought up to date.
    pub(crate) fn set_rules(
        &mut self,
        py: Python<'_>,
        rules: Rules,
        environ: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        self.rules = rules;
        self.template = None;
        let mut variables = Variables::default();
        let mut https = None;
        for (name, value) in Pairs::new(&self.params).map_while(Result::ok) {
            note(&mut variables, &mut https, name, value);
        }
        if self.params.is_empty() { Ok(()) } else { derive(py, environ, &variables, https, &self.rules) }
    }

    /// Brings the template up to date if the variables have the same names in the same order. False: it is of no use.
    fn update(&self, py: Python<'_>, template: &Py<PyDict>, params: &[u8]) -> PyResult<bool> {
        let template = template.bind(py);
        let mut variables = Variables::default();
        let mut https = None;
        let mut count = 0;
        let same = |range: &Range<usize>, bytes: &[u8]| &self.params[range.clone()] == bytes;
        for (pair, (name, _)) in self.pairs.iter().zip(Pairs::new(params).map_while(Result::ok)) {
            if !same(&pair.0, name) {
                return Ok(false);
            }
        }
        for (name, value) in Pairs::new(params).map_while(Result::ok) {
            let Some(pair) = self.pairs.get(count) else { return Ok(false) };
            count += 1;
            note(&mut variables, &mut https, name, value);
            if !same(&pair.1, value) && is_shown(name) {
                template.set_item(key(py, name), decode(py, value))?;
            }
        }
        if count != self.pairs.len() {
            return Ok(false);
        }
        derive(py, template, &variables, https, &self.rules)?;
        Ok(true)
    }

    fn keep(&mut self, params: &[u8]) {
        self.params.clear();
        self.params.extend_from_slice(params);
        self.pairs.clear();
        let start = params.as_ptr().addr();
        let range = |part: &[u8]| {
            let offset = part.as_ptr().addr() - start;
            offset..offset + part.len()
        };
        self.pairs.extend(
            Pairs::new(params).map_while(Result::ok).map(|(name, value)| (range(name), range(value))),
        );
    }
}

/// Whether the application sees a variable. A header `Proxy` would be taken for a setting (CVE-2016-5385). Web servers
/// send the type and the length of the body as headers as well, which PEP 3333 does not have (RFC 3875, section 4.1.18).
fn is_shown(name: &[u8]) -> bool {
    !matches!(name, b"HTTP_PROXY" | b"HTTP_CONTENT_TYPE" | b"HTTP_CONTENT_LENGTH")
}

fn note<'a>(variables: &mut Variables<'a>, https: &mut Option<&'a [u8]>, name: &'a [u8], value: &'a [u8]) {
    if name == b"HTTPS" {
        *https = Some(value);
    }
    variables.set(name, value);
}

/// A name: names come again, so that one object and one hash for each are enough.
fn key<'py>(py: Python<'py>, name: &[u8]) -> Bound<'py, PyString> {
    match std::str::from_utf8(name) {
        // Names are the web server's and the client's (`HTTP_…`): only those that everybody sends are kept for good.
        Ok(text)
            if text.is_ascii()
                && !text.starts_with("HTTP_X_")
                && text.len() < 40
                && !text.starts_with("HTTP_") =>
        {
            PyString::intern(py, text)
        }
        _ => decode(py, name),
    }
}

/// What is not sent but follows.
fn derive(
    py: Python<'_>,
    environ: &Bound<'_, PyDict>,
    variables: &Variables<'_>,
    https: Option<&[u8]>,
    rules: &Rules,
) -> PyResult<()> {
    let paths = paths(variables, rules);
    let text = |bytes: &Cow<'_, [u8]>| decode(py, bytes);
    environ.set_item(intern!(py, "SCRIPT_NAME"), text(&paths.script_name))?;
    environ.set_item(intern!(py, "PATH_INFO"), text(&paths.path_info))?;
    let is_https = https.is_some_and(|value| value.eq_ignore_ascii_case(b"on") || value == b"1");
    let scheme = if is_https { intern!(py, "https") } else { intern!(py, "http") };
    environ.set_item(intern!(py, "wsgi.url_scheme"), scheme)
}
