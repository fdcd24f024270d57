//! The command `iiswsgi`.

fn main() {}
