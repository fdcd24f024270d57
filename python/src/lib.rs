//! The Python extension module `iiswsgi._iiswsgi`: a WSGI application behind the gateway of the library.
//!
//! Rust has the protocol, the sockets and the rules; Python has the application, its loading and the options
//! (`python/iiswsgi`). What WSGI objects are is in the files of this folder; no protocol is here.
//!
//! With the feature `cli`, on by default and in every published wheel, the module holds the whole library as well
//! (`library`). Without it the extension builds within seconds: that is what a checkout puts into an application's
//! environment.

mod bridge;
mod environ;
mod errors;
mod file_wrapper;
mod input;
mod kit;
#[cfg(feature = "cli")]
mod library;
mod log;
mod memory;
mod server;
mod shared;
mod start_response;
mod text;
#[cfg(feature = "cli")]
mod worker;

/// The native half of the package `iiswsgi`. Its interface is described in `_iiswsgi.pyi`.
#[pyo3::pymodule(gil_used = false)]
mod _iiswsgi {
    #[pymodule_export]
    use super::file_wrapper::FileWrapper;
    #[cfg(feature = "cli")]
    #[pymodule_export]
    use super::library::{
        call, command, decode_provider_options, encode_provider_options, expand, inspect_bytes, inspect_file,
        supervise,
    };
    #[pymodule_export]
    use super::log::Log;
    #[pymodule_export]
    use super::server::{Listener, Server, inherited, version, wait_for_shutdown_event};
}
