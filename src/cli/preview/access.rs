//! A line of the access log, on stdout.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use time::macros::format_description;

use crate::cli::session::print;
use crate::iis::server::Access;

/// Prints a request that was answered.
pub(super) fn show(access: &Access, colors: bool) {
    print(&line(access, colors));
}

fn line(access: &Access, colors: bool) -> String {
    let time = access.time.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default();
    let style = match access.status {
        200..300 => AnsiColor::Green.on_default(),
        300..400 => AnsiColor::Cyan.on_default(),
        400..500 => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default(),
    };
    let style = if colors { style } else { Style::new() };
    let mut status = access.status.to_string();
    if access.sub_status > 0 {
        let _ = write!(status, ".{}", access.sub_status);
    }
    // What a client sends must not write to the terminal as it likes.
    let target: String = access.target.chars().flat_map(char::escape_debug).collect();
    let mut line = format!(
        "{time} {style}{status}{style:#} {} {target} {} bytes {:.1} ms {}",
        access.method,
        access.bytes,
        access.elapsed.as_secs_f64() * 1000.0,
        access.handler
    );
    if let Some(fault) = &access.fault {
        let _ = write!(line, ": {fault}");
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_says_what_was_asked_and_answered() {
        let access = Access {
            time: time::OffsetDateTime::UNIX_EPOCH,
            client: std::net::IpAddr::from([127, 0, 0, 1]),
            method: "GET".into(),
            target: "/a\u{1b}[2J".into(),
            status: 404,
            sub_status: 8,
            bytes: 12,
            elapsed: Duration::from_micros(1500),
            handler: "IIS".into(),
            fault: Some("ended".into()),
        };
        assert_eq!(line(&access, false), "00:00:00 404.8 GET /a\\u{1b}[2J 12 bytes 1.5 ms IIS: ended");
        assert!(line(&access, true).contains("\u{1b}[33m404.8\u{1b}[0m"));
    }
}
