//! The command `iiswsgi`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let code = iiswsgi::cli::main(std::env::args_os(), iiswsgi::cli::Host::own());
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
