//! The Python project.
