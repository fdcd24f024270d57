//! Checks of single values: times, addresses, sizes and hashes.

use super::places::Places;
use crate::feed::Timestamp;
use crate::uri;
use crate::xml::Element;

/// The largest package that Web Deploy takes, in KB: 2,147,483,647 bytes.
const LARGEST_PACKAGE: u64 = 2_097_152;

pub(super) fn time(places: &mut Places, element: Element<'_>) {
    let text = element.text();
    if let Some(fault) = Timestamp::as_written(&text).fault() {
        places.warning(
            "time-not-rfc3339",
            element,
            format!("`{}` in `{}` is no time of RFC 3339: {fault}", text.trim(), element.local_name()),
        );
    }
}

/// The address of a file that is downloaded.
pub(super) fn installer_url(places: &mut Places, element: Element<'_>, hashed: bool) {
    let text = element.text();
    let text = text.trim();
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() {
        places.error("missing-installer-url", element, "`installerURL` is empty");
    } else if scheme == "file" {
        let text = format!("`{text}` is on one machine: nobody else can install from it");
        places.warning("local-url", element, text);
    } else if let Some(fault) = uri::fault(text) {
        places.error("malformed-url", element, format!("`{text}` is no absolute URL: {fault}"));
    } else if scheme == "http" && hashed {
        places.info("insecure-url", element, format!("`{text}` is fetched without TLS"));
    } else if scheme == "http" {
        let text =
            format!("`{text}` is fetched without TLS, and no SHA-1 tells whether it is the right file");
        places.warning("insecure-url", element, text);
    }
}

/// An address that is shown or opened.
pub(super) fn page_url(places: &mut Places, element: Element<'_>) {
    let text = element.text();
    page(places, element, text.trim());
}

/// An Atom link.
pub(super) fn link(places: &mut Places, element: Element<'_>) {
    match element.attribute_ignore_case("href") {
        Some(href) => page(places, element, href.trim()),
        None => places.warning("malformed-url", element, "the `link` has no `href`"),
    }
}

fn page(places: &mut Places, element: Element<'_>, text: &str) {
    let name = element.local_name();
    if text.is_empty() {
        places.info("malformed-url", element, format!("`{name}` is empty"));
    } else if let Some(fault) = uri::fault(text) {
        places.warning("malformed-url", element, format!("`{text}` in `{name}` is no absolute URL: {fault}"));
    } else if text.split(':').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")) {
        places.detail("insecure-url", element, format!("`{text}` in `{name}` is without TLS"));
    }
}

pub(super) fn file_size(places: &mut Places, element: Element<'_>) {
    let text = element.text();
    match text.trim().parse::<u64>() {
        Ok(0) => places.warning("file-size-not-kilobytes", element, "`fileSize` 0: it is in KB, at least 1"),
        Ok(size) if size > LARGEST_PACKAGE => places.warning(
            "file-size-not-kilobytes",
            element,
            format!("`fileSize` {size} is in KB and would be over 2 GB: it looks like bytes"),
        ),
        Ok(_) => {}
        Err(_) => {
            let text = format!("`fileSize` is `{}` instead of a whole number of KB", text.trim());
            places.error("file-size-not-kilobytes", element, text);
        }
    }
}

pub(super) fn sha1(places: &mut Places, element: Element<'_>) {
    let text = element.text();
    let text = text.trim();
    let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.len() {
        0 => places.error("missing-sha1", element, "`sha1` is empty"),
        40 if hexadecimal => {
            if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                places.detail("upper-case-sha1", element, "the SHA-1 is in upper case");
            }
        }
        32 if hexadecimal => {
            places.error(
                "malformed-sha1",
                element,
                "`sha1` has 32 digits instead of 40: it looks like an MD5",
            );
        }
        64 if hexadecimal => {
            let text = "`sha1` has 64 digits instead of 40: it looks like a SHA-256";
            places.error("malformed-sha1", element, text);
        }
        _ => {
            let text = format!("`sha1` is `{text}` instead of 40 hexadecimal digits");
            places.error("malformed-sha1", element, text);
        }
    }
}
