//! FastCGI without I/O.
