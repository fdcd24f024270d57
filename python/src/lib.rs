//! The Python extension module `iiswsgi._gateway`.
