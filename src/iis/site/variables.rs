//! The server variables of a request, as IIS sends them to FastCGI and hands them to URL Rewrite.
//!
//! Names and values follow dumps of IIS 8.5 and 10: `PATH_INFO` and `SCRIPT_NAME` both hold the whole decoded path of
//! the URL, from the site's root, as long as `AllowPathInfoForScriptMappings` is off, which it is. `REQUEST_URI` is the
//! target as the client wrote it, also when URL Rewrite has led the request elsewhere.

use std::path::Path;

use super::{Folders, Request, Url};
use crate::iis::ApplicationPath;

/// Where the application is that a request is for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The application.
    pub application: &'a ApplicationPath,
    /// The number of the site.
    pub site: u32,
    /// The folder of the site's root application.
    pub site_folder: &'a Path,
    /// The folders of the application.
    pub folders: &'a Folders,
}

/// All variables of a request to a URL, in a fixed order. The URL is not the request's own when it was rewritten.
pub fn variables(request: &Request, url: &Url, place: &Place<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Variables(Vec::new());
    let prefix = place.application.url_prefix().len();
    let physical = place.folders.physical(url.path.get(prefix..).unwrap_or_default());
    all.server(request, place);
    all.add("FCGI_ROLE", "RESPONDER");
    all.add("REQUEST_METHOD", &request.method);
    all.add("REQUEST_URI", &request.target);
    all.add("QUERY_STRING", &url.query);
    for name in ["URL", "SCRIPT_NAME", "PATH_INFO"] {
        all.bytes(name, &url.path);
    }
    for name in ["PATH_TRANSLATED", "SCRIPT_FILENAME"] {
        all.bytes(name, &physical);
    }
    all.add("CONTENT_TYPE", &request.header("Content-Type").unwrap_or_default());
    all.add("CONTENT_LENGTH", &request.content_length.unwrap_or(0).to_string());
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
    fn server(&mut self, request: &Request, place: &Place<'_>) {
        let host = request.header("Host").unwrap_or_else(|| "localhost".to_owned());
        let own_port = request.endpoints.local.port().to_string();
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
            _ => (host.as_str(), own_port.as_str()),
        };
        let instance = format!("/LM/W3SVC/{}", place.site);
        let mut folder = place.folders.own().to_string_lossy().into_owned();
        folder.push(std::path::MAIN_SEPARATOR);
        let (local, remote) = (request.endpoints.local, request.endpoints.remote);
        self.add("SERVER_SOFTWARE", "Microsoft-IIS/10.0");
        self.add("SERVER_PROTOCOL", request.protocol);
        self.add("GATEWAY_INTERFACE", "CGI/1.1");
        self.add("SERVER_NAME", name);
        self.add("SERVER_PORT", port);
        self.add("SERVER_PORT_SECURE", "0");
        self.add("HTTPS", "off");
        self.add("LOCAL_ADDR", &local.ip().to_string());
        self.add("REMOTE_ADDR", &remote.ip().to_string());
        self.add("REMOTE_HOST", &remote.ip().to_string());
        self.add("REMOTE_PORT", &remote.port().to_string());
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
    fn headers(&mut self, request: &Request) {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        if request.header("Host").is_none() {
            headers.push(("HTTP_HOST".into(), b"localhost".to_vec()));
        }
        for (name, value) in &request.headers {
            let name = format!("HTTP_{}", name.to_uppercase().replace('-', "_"));
            match headers.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => {
                    values.extend_from_slice(if name == "HTTP_COOKIE" { b"; " } else { b"," });
                    values.extend_from_slice(value);
                }
                None => headers.push((name, value.clone())),
            }
        }
        for (name, value) in headers {
            self.bytes(&name, &value);
        }
    }
}

/// A path as it stands in a URL.
pub fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&byte);
    path.bytes().fold(String::new(), |text, byte| {
        if plain(byte) {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".into(),
            target: target.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            content_length: Some(5),
            endpoints: Endpoints::default(),
            protocol: "HTTP/1.1",
        }
    }

    use crate::iis::site::Endpoints;

    fn of(request: &Request, application: &str) -> Vec<(String, String)> {
        let application = application.parse().unwrap();
        let place = Place {
            application: &application,
            site: 3,
            site_folder: Path::new("/srv"),
            folders: &PathBuf::from("/srv/a").into(),
        };
        let url = Url::parse(&request.target).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        variables(request, &url, &place).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn value(all: &[(String, String)], name: &str) -> String {
        let mut found = all.iter().filter(|(other, _)| other == name);
        let value = found.next().unwrap_or_else(|| panic!("no {name}")).1.clone();
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    #[test]
    fn the_path_is_whole_and_decoded_and_the_uri_is_as_it_came() {
        let all = of(&request("/My%20App/caf%C3%A9/x%2Fy?a=%20b", &[]), "Default Web Site/My App");
        assert_eq!(value(&all, "REQUEST_URI"), "/My%20App/caf%C3%A9/x%2Fy?a=%20b");
        assert_eq!(value(&all, "QUERY_STRING"), "a=%20b");
        assert_eq!(value(&all, "PATH_INFO"), "/My App/café/x/y");
        assert_eq!(value(&all, "SCRIPT_NAME"), "/My App/café/x/y");
        assert_eq!(value(&all, "PATH_TRANSLATED").replace('\\', "/"), "/srv/a/café/x/y");
        assert_eq!(value(&all, "APPL_MD_PATH"), "/LM/W3SVC/3/ROOT/My App");
        assert_eq!(value(&all, "INSTANCE_NAME"), "DEFAULT WEB SITE");
    }

    #[test]
    fn a_root_application_has_no_prefix() {
        let all = of(&request("/x", &[]), "Site");
        assert_eq!(value(&all, "URL"), "/x");
        assert_eq!(value(&all, "APPL_MD_PATH"), "/LM/W3SVC/3/ROOT");
        assert_eq!(value(&all, "SERVER_PORT"), "80");
    }

    #[test]
    fn headers_of_one_name_are_joined() {
        let headers = [("Cookie", "a=1"), ("X-Y", "1"), ("cookie", "b=2"), ("x-y", "2"), ("Host", "h:8080")];
        let mut request = request("/a", &headers);
        request.headers.push(("Content-Type".into(), "text/plain".into()));
        let all = of(&request, "Site/a");
        assert_eq!(value(&all, "HTTP_COOKIE"), "a=1; b=2");
        assert_eq!(value(&all, "HTTP_X_Y"), "1,2");
        assert_eq!((value(&all, "SERVER_NAME"), value(&all, "SERVER_PORT")), ("h".into(), "8080".into()));
        assert_eq!(
            (value(&all, "CONTENT_TYPE"), value(&all, "CONTENT_LENGTH")),
            ("text/plain".into(), "5".into())
        );
    }
}
