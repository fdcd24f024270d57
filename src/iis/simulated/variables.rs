//! The variables that IIS sends with a request, as its FastCGI module does.
//!
//! Names and values follow dumps of IIS 8.5 and 10: `PATH_INFO` and `SCRIPT_NAME` both hold the whole decoded path of
//! the URL, from the site's root, as long as `AllowPathInfoForScriptMappings` is off, which it is.

use std::path::Path;

use crate::iis::{ApplicationPath, HttpRequest};

/// Where the application is that a request is for.
pub(super) struct Place<'a> {
    pub application: &'a ApplicationPath,
    /// The number of the site.
    pub site: u32,
    /// The folder of the site's root application.
    pub site_folder: &'a Path,
    /// The folder of the application.
    pub folder: &'a Path,
}

/// All variables of a request, in a fixed order.
pub(super) fn variables(request: &HttpRequest, place: &Place<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Variables(Vec::new());
    let target =
        if request.target.starts_with('/') { request.target.clone() } else { format!("/{}", request.target) };
    let uri = format!("{}{target}", escaped(place.application.url_prefix()));
    let (raw_path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    let path = decoded(raw_path);
    let below = decoded(target.split_once('?').map_or(target.as_str(), |(path, _)| path));
    let physical = physical(place.folder, &below);
    all.server(request, place);
    all.add("FCGI_ROLE", "RESPONDER");
    all.add("REQUEST_METHOD", &request.method);
    all.add("REQUEST_URI", &uri);
    all.add("QUERY_STRING", query);
    for name in ["URL", "SCRIPT_NAME", "PATH_INFO"] {
        all.bytes(name, &path);
    }
    for name in ["PATH_TRANSLATED", "SCRIPT_FILENAME"] {
        all.bytes(name, &physical);
    }
    let header = |name: &str| {
        request
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    all.add("CONTENT_TYPE", header("Content-Type").unwrap_or_default());
    all.add("CONTENT_LENGTH", &request.body.len().to_string());
    all.headers(request);
    all.0
}

struct Variables(Vec<(Vec<u8>, Vec<u8>)>);

impl Variables {
    fn add(&mut self, name: &str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    fn bytes(&mut self, name: &str, value: &[u8]) {
        self.0.push((name.as_bytes().to_vec(), value.to_vec()));
    }

    /// What is the same for all requests to an application.
    fn server(&mut self, request: &HttpRequest, place: &Place<'_>) {
        let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Host"));
        let host = host.map_or("localhost", |(_, value)| value.as_str());
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
            _ => (host, "80"),
        };
        let instance = format!("/LM/W3SVC/{}", place.site);
        let mut folder = place.folder.to_string_lossy().into_owned();
        folder.push(std::path::MAIN_SEPARATOR);
        self.add("SERVER_SOFTWARE", "Microsoft-IIS/10.0");
        self.add("SERVER_PROTOCOL", "HTTP/1.1");
        self.add("GATEWAY_INTERFACE", "CGI/1.1");
        self.add("SERVER_NAME", name);
        self.add("SERVER_PORT", port);
        self.add("SERVER_PORT_SECURE", "0");
        self.add("HTTPS", "off");
        self.add("LOCAL_ADDR", "127.0.0.1");
        self.add("REMOTE_ADDR", "127.0.0.1");
        self.add("REMOTE_HOST", "127.0.0.1");
        self.add("REMOTE_PORT", "50000");
        self.add("DOCUMENT_ROOT", &place.site_folder.to_string_lossy());
        self.add("APPL_PHYSICAL_PATH", &folder);
        self.add("APPL_MD_PATH", &format!("{instance}/ROOT{}", place.application.url_prefix()));
        self.add("INSTANCE_ID", &place.site.to_string());
        self.add("INSTANCE_NAME", &place.application.site().to_uppercase());
        self.add("INSTANCE_META_PATH", &instance);
        // What nobody who is not logged in and has no certificate has.
        for name in ["REMOTE_USER", "LOGON_USER", "AUTH_USER", "AUTH_TYPE", "AUTH_PASSWORD"] {
            self.add(name, "");
        }
        for name in ["CERT_COOKIE", "CERT_FLAGS", "CERT_ISSUER", "CERT_SERIALNUMBER", "CERT_SUBJECT"] {
            self.add(name, "");
        }
    }

    /// The request's headers. Those of one name become one, as IIS hands them on.
    fn headers(&mut self, request: &HttpRequest) {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")) {
            headers.push(("HTTP_HOST".into(), b"localhost".to_vec()));
        }
        for (name, value) in &request.headers {
            let name = format!("HTTP_{}", name.to_uppercase().replace('-', "_"));
            match headers.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => {
                    values.extend_from_slice(if name == "HTTP_COOKIE" { b"; " } else { b"," });
                    values.extend_from_slice(value.as_bytes());
                }
                None => headers.push((name, value.clone().into_bytes())),
            }
        }
        for (name, value) in headers {
            self.bytes(&name, &value);
        }
    }
}

/// The bytes that a percent-encoded path stands for. What is no encoding stays.
fn decoded(path: &str) -> Vec<u8> {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = digits
            .filter(|pair| byte == b'%' && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    decoded
}

/// An application's path as it stands in a URL.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte);
    path.bytes().fold(String::new(), |text, byte| {
        if plain(byte) {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

/// The file that a path below the application would be.
fn physical(folder: &Path, below: &[u8]) -> Vec<u8> {
    let mut path = folder.to_string_lossy().into_owned().into_bytes();
    let separator = std::path::MAIN_SEPARATOR as u8;
    path.extend(below.iter().map(|&byte| if byte == b'/' { separator } else { byte }));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(request: &HttpRequest, application: &str) -> Vec<(String, String)> {
        let application = application.parse().unwrap();
        let place = Place {
            application: &application,
            site: 3,
            site_folder: Path::new("/srv"),
            folder: Path::new("/srv/a"),
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        variables(request, &place).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn value(all: &[(String, String)], name: &str) -> String {
        let mut found = all.iter().filter(|(other, _)| other == name);
        let value = found.next().unwrap_or_else(|| panic!("no {name}")).1.clone();
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    #[test]
    fn the_path_is_whole_and_decoded_and_the_uri_is_as_it_came() {
        let all = of(&HttpRequest::get("/caf%C3%A9/x%2Fy?a=%20b"), "Default Web Site/My App");
        assert_eq!(value(&all, "REQUEST_URI"), "/My%20App/caf%C3%A9/x%2Fy?a=%20b");
        assert_eq!(value(&all, "QUERY_STRING"), "a=%20b");
        assert_eq!(value(&all, "PATH_INFO"), "/My App/café/x/y");
        assert_eq!(value(&all, "SCRIPT_NAME"), "/My App/café/x/y");
        assert_eq!(value(&all, "APPL_MD_PATH"), "/LM/W3SVC/3/ROOT/My App");
        assert_eq!(value(&all, "INSTANCE_NAME"), "DEFAULT WEB SITE");
    }

    #[test]
    fn a_root_application_has_no_prefix() {
        let all = of(&HttpRequest::get("x"), "Site");
        assert_eq!(value(&all, "URL"), "/x");
        assert_eq!(value(&all, "APPL_MD_PATH"), "/LM/W3SVC/3/ROOT");
        assert_eq!(value(&all, "SERVER_PORT"), "80");
    }

    #[test]
    fn headers_of_one_name_are_joined() {
        let mut request = HttpRequest::get("/");
        let headers = [("Cookie", "a=1"), ("X-Y", "1"), ("cookie", "b=2"), ("x-y", "2"), ("Host", "h:8080")];
        request.headers = headers.map(|(name, value)| (name.into(), value.into())).to_vec();
        request.headers.push(("Content-Type".into(), "text/plain".into()));
        request.body = b"12345".to_vec();
        let all = of(&request, "Site/a");
        assert_eq!(value(&all, "HTTP_COOKIE"), "a=1; b=2");
        assert_eq!(value(&all, "HTTP_X_Y"), "1,2");
        assert_eq!((value(&all, "SERVER_NAME"), value(&all, "SERVER_PORT")), ("h".into(), "8080".into()));
        assert_eq!(
            (value(&all, "CONTENT_TYPE"), value(&all, "CONTENT_LENGTH")),
            ("text/plain".into(), "5".into())
        );
    }

    #[test]
    fn broken_encodings_stay_as_they_are() {
        assert_eq!(decoded("%zz%4%+1%41%"), b"%zz%4%+1A%");
    }
}
