//! Tables: a `web.config`, a request, and who answers it with what.

use std::path::{Path, PathBuf};

use super::*;
use crate::xml::Document;

/// A disk with these files.
struct Disk(&'static [&'static str]);

impl Files for Disk {
    fn resource(&self, path: &str) -> Resource {
        let path = path.to_lowercase();
        let folder = format!("{}/", path.trim_end_matches('/'));
        if self.0.iter().any(|file| file.to_lowercase() == path) {
            Resource::File
        } else if self.0.iter().any(|file| file.to_lowercase().starts_with(&folder)) {
            Resource::Directory
        } else {
            Resource::Missing
        }
    }
}

const DISK: Disk = Disk(&[
    "/index.html",
    "/static/a.css",
    "/static/data.unknown",
    "/docs/Default.htm",
    "/app.py",
    "/bin/x.txt",
    "/a.config",
    "/a+b.txt",
]);

fn configuration(inner: &str) -> Configuration {
    let document = Document::parse(format!(
        "<configuration><system.webServer>{inner}</system.webServer></configuration>"
    ))
    .unwrap();
    Configuration::of(&[Layer { document: &document, base: "/app", inherited: false }], "/app/").unwrap()
}

fn request(line: &str) -> Request {
    let (method, rest) = line.split_once(' ').unwrap();
    let (target, length) = rest.split_once(' ').unwrap_or((rest, ""));
    Request {
        method: method.into(),
        target: target.into(),
        headers: vec![("Host".into(), b"h".to_vec()), ("X-Long".into(), vec![b'x'; 50])],
        content_length: length.parse().ok(),
        endpoints: Endpoints::default(),
        protocol: "HTTP/1.1",
    }
}

fn decided(configuration: &Configuration, line: &str) -> String {
    let application = "Default Web Site/app".parse().unwrap();
    let place = Place {
        application: &application,
        site: 1,
        site_folder: Path::new("/srv"),
        folders: &PathBuf::from("/srv/app").into(),
    };
    match decide(configuration, &request(line), &place, &DISK) {
        Decision::Abort => "abort".into(),
        Decision::Handle(handling) => format!("{} {}", handling.handler.name, handling.below),
        Decision::Answer(answer) => match answer.location {
            Some(location) => format!("{} {location}", answer.status),
            None => format!("{}.{}", answer.status, answer.sub_status),
        },
    }
}

fn check(inner: &str, table: &[(&str, &str)]) {
    let configuration = configuration(inner);
    for (line, expected) in table {
        assert_eq!(decided(&configuration, line), *expected, "{line} with {inner}");
    }
}

#[test]
fn without_a_configuration_files_are_served() {
    check(
        "",
        &[
            ("GET /app/index.html", "StaticFile /index.html"),
            ("GET /app/", "StaticFile /index.html"),
            ("GET /app/docs", "301 /app/docs/"),
            ("GET /app/docs?x=1", "301 /app/docs/?x=1"),
            ("GET /app/docs/", "StaticFile /docs/Default.htm"),
            ("GET /app/static/", "403.14"),
            ("GET /app/none", "404.0"),
            ("POST /app/index.html", "405.0"),
            ("OPTIONS /app/none", "OPTIONSVerbHandler /none"),
            ("GET /app/%zz", "400.0"),
        ],
    );
    check("<directoryBrowse enabled='true'/>", &[("GET /app/static/", "StaticFile /static/")]);
}

#[test]
fn handlers_are_asked_in_order_inner_files_first() {
    let handlers = r#"<handlers>
      <add name="api" path="api/*" verb="GET,POST" modules="FastCgiModule" scriptProcessor="x"/>
      <add name="py" path="*.py" verb="*" modules="FastCgiModule" scriptProcessor="x" resourceType="File"/>
      <add name="32" path="*" verb="*" modules="FastCgiModule" scriptProcessor="x" preCondition="bitness32"/>
      <add name="isapi" path="*.dll" verb="*" modules="IsapiModule"/>
    </handlers>"#;
    check(
        handlers,
        &[
            ("GET /app/api/x", "api /api/x"),
            ("PUT /app/api/x", "404.0"),
            ("GET /app/app.py", "py /app.py"),
            ("GET /app/none.py", "404.0"),
            ("GET /app/index.html", "StaticFile /index.html"),
            ("GET /app/x.dll", "500.21"),
        ],
    );
    check(
        r#"<handlers accessPolicy="Read"><add name="all" path="*" verb="*" modules="FastCgiModule"/></handlers>"#,
        &[("GET /app/", "403.1")],
    );
    check(
        r#"<handlers><clear/><add name="all" path="*" verb="*" modules="FastCgiModule"/></handlers>"#,
        &[("OPTIONS /app/x", "all /x"), ("GET /app", "all /")],
    );
    check(r#"<handlers><remove name="StaticFile"/></handlers>"#, &[("GET /app/index.html", "404.4")]);
}

#[test]
fn request_filtering_refuses_with_the_sub_status_of_its_rule() {
    let all = r#"<handlers><add name="all" path="*" verb="*" modules="FastCgiModule"/></handlers>"#;
    let filters = r#"<security><requestFiltering>
      <requestLimits maxAllowedContentLength="100" maxUrl="30" maxQueryString="10">
        <headerLimits><add header="x-none" sizeLimit="3"/></headerLimits></requestLimits>
      <verbs allowUnlisted="true"><add verb="TRACE" allowed="false"/></verbs>
      <fileExtensions><add fileExtension=".bak" allowed="false"/></fileExtensions>
      <hiddenSegments><add segment="private"/><remove segment="bin"/></hiddenSegments>
      <denyUrlSequences><add sequence="evil"/></denyUrlSequences>
      <denyQueryStringSequences><add sequence="drop"/></denyQueryStringSequences>
      <alwaysAllowedUrls><add url="/app/private/ok"/></alwaysAllowedUrls>
    </requestFiltering></security>"#;
    check(
        &format!("{all}{filters}"),
        &[
            ("POST /app/x 100", "all /x"),
            ("POST /app/x 101", "404.13"),
            ("GET /app/aaaaaaaaaaaaaaaaaaaaaaaaaa", "404.14"),
            ("GET /app/?12345678901", "404.15"),
            ("TRACE /app/x", "404.6"),
            ("GET /app/x.BAK", "404.7"),
            ("GET /app/Private/x", "404.8"),
            ("GET /app/private/ok", "all /private/ok"),
            ("GET /app/bin/x", "all /bin/x"),
            ("GET /app/x/EVIL", "404.5"),
            ("GET /app/?a=Drop", "404.18"),
            ("GET /app/a+b.txt", "404.11"),
            ("GET /app/a%252e", "404.11"),
            ("GET /app/web.config", "404.7"),
            ("GET /app/../x/web.config/y", "404.8"),
        ],
    );
    check(
        r#"<security><requestFiltering allowDoubleEscaping="true" allowHighBitCharacters="false">
          <requestLimits><headerLimits><add header="x-long" sizeLimit="3"/></headerLimits></requestLimits>
        </requestFiltering></security>"#,
        &[("GET /app/a+b.txt", "404.10")],
    );
    check(
        r#"<security><requestFiltering allowDoubleEscaping="true" allowHighBitCharacters="false"/></security>"#,
        &[("GET /app/a+b.txt", "StaticFile /a+b.txt"), ("GET /app/caf%C3%A9", "404.12")],
    );
}

#[test]
fn a_redirection_keeps_the_rest_of_the_url_unless_told_otherwise() {
    for (attributes, line, expected) in [
        ("destination='https://new/site'", "GET /app/a/b?q=1", "302 https://new/site/a/b?q=1"),
        ("destination='https://new/' httpResponseStatus='Permanent'", "GET /app/", "301 https://new/"),
        ("destination='https://new/x' exactDestination='true'", "GET /app/a?q", "302 https://new/x"),
        ("destination='https://new$V$Q'", "GET /app/a?q", "302 https://new/app/a?q"),
        ("destination='https://new' childOnly='true'", "GET /app/docs/", "302 https://new/docs/"),
    ] {
        let inner = format!("<httpRedirect enabled='true' {attributes}/>");
        assert_eq!(decided(&configuration(&inner), line), expected, "{inner}");
    }
    check(
        "<httpRedirect enabled='false' destination='x'/>",
        &[("GET /app/index.html", "StaticFile /index.html")],
    );
    check(
        "<httpRedirect enabled='true'><add wildcard='*.php' destination='/app$1.py'/></httpRedirect>",
        &[("GET /app/x.php", "302 /app/app/x.py"), ("GET /app/index.html", "StaticFile /index.html")],
    );
}

#[test]
fn a_rewritten_request_keeps_its_target_and_tells_of_it() {
    let configuration = configuration(
        r#"<handlers><add name="all" path="*" verb="*" modules="FastCgiModule"/></handlers>
        <rewrite><rules><rule name="x"><match url="^a (.*)"/><action type="Rewrite" url="b/{R:1}"/></rule>
        <rule name="p"><match url="^proxy"/><action type="Rewrite" url="http://other/"/></rule>
        <rule name="o"><match url="^out"/><action type="Rewrite" url="/outside"/></rule></rules></rewrite>"#,
    );
    let application = "Default Web Site/app".parse().unwrap();
    let place = Place {
        application: &application,
        site: 1,
        site_folder: Path::new("/s"),
        folders: &PathBuf::from("/s/app").into(),
    };
    let request = request("GET /app/a%20x?q=1");
    let Decision::Handle(handling) = decide(&configuration, &request, &place, &DISK) else { panic!() };
    assert_eq!((handling.below.as_str(), handling.url.query.as_str()), ("/b/x", "q=1"));
    let variable = |name| handling.variables.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(variable("HTTP_X_ORIGINAL_URL"), "/app/a%20x?q=1");
    assert_eq!(decided(&configuration, "GET /app/proxy"), "502.3");
    assert_eq!(decided(&configuration, "GET /app/out"), "500.52");
    assert_eq!(configuration.not_simulated.len(), 1);
}

#[test]
fn locations_and_outer_files_count_for_what_is_below_them() {
    let outer = Document::parse(
        r#"<configuration>
        <location path="." inheritInChildApplications="false"><system.webServer>
          <directoryBrowse enabled="true"/></system.webServer></location>
        <system.webServer><httpProtocol><customHeaders><add name="X-A" value="1"/></customHeaders></httpProtocol>
        </system.webServer></configuration>"#,
    )
    .unwrap();
    let inner = Document::parse(
        r#"<configuration><system.webServer><httpProtocol><customHeaders><remove name="x-a"/></customHeaders>
        </httpProtocol></system.webServer>
        <location path="static"><system.webServer><handlers><clear/>
          <add name="files" path="*" verb="*" modules="StaticFileModule" resourceType="File" requireAccess="Read"/>
        </handlers></system.webServer></location></configuration>"#,
    )
    .unwrap();
    let layers = [
        Layer { document: &outer, base: "", inherited: true },
        Layer { document: &inner, base: "/app", inherited: false },
    ];
    let of = |path| Configuration::of(&layers, path).unwrap();
    assert!(of("/app/").custom_headers.is_empty() && !of("/app/").directory_browse);
    assert_eq!(of("/app/static/a.css").handlers.list.len(), 1);
    assert_eq!(of("/app/STATIC").handlers.list.len(), 1);
    assert_eq!(of("/app/staticity").handlers.list.len(), 3);
    let own = [Layer { document: &outer, base: "", inherited: false }];
    assert!(Configuration::of(&own, "/x").unwrap().directory_browse);
}

#[test]
fn what_is_not_known_is_listed_once_with_its_line() {
    let configuration = configuration(
        "<webSocket/>\n<security><ipSecurity/><requestFiltering><filteringRules/></requestFiltering></security>\
         <webSocket/><staticContent><mimeMap fileExtension='.css' mimeType='x/y'/></staticContent>\
         <urlCompression doStaticCompression='true'/>",
    );
    let texts: Vec<_> =
        configuration.not_simulated.iter().map(|note| (note.line, note.text.as_str())).collect();
    assert_eq!(texts.len(), 4, "{texts:?}");
    assert_eq!(texts[0], (1, "`system.webServer/webSocket` is not imitated"));
    assert_eq!(texts[1], (2, "`system.webServer/security/ipSecurity` is not imitated"));
    assert!(texts[3].1.contains("500.19") && texts[3].1.contains(".css"));
}

#[test]
fn a_configuration_that_iis_refuses_is_a_fault_with_its_line() {
    for (inner, part) in [
        ("<handlers>\n<add name='a' path='*'/>\n<add name='A' path='*'/></handlers>", "line 3"),
        ("<handlers><add name='StaticFile' path='*'/></handlers>", "StaticFile"),
        ("<directoryBrowse enabled='yes'/>", "true or false"),
        ("<handlers><add name='a' path='*' resourceType='Folder'/></handlers>", "Unspecified, File"),
        ("<httpErrors errorMode='None'/>", "DetailedLocalOnly"),
        (
            "<security><requestFiltering><requestLimits maxAllowedContentLength='5 GB'/></requestFiltering></security>",
            "must be a number",
        ),
        (
            "<staticContent><mimeMap fileExtension='.q'/><mimeMap fileExtension='.q'/></staticContent>",
            "duplicate",
        ),
        (
            "<security><requestFiltering><hiddenSegments><add segment='bin'/></hiddenSegments></requestFiltering></security>",
            "duplicate",
        ),
    ] {
        let text = format!("<configuration><system.webServer>{inner}</system.webServer></configuration>");
        let document = Document::parse(text).unwrap();
        let fault =
            Configuration::of(&[Layer { document: &document, base: "", inherited: false }], "/").unwrap_err();
        assert!(fault.to_string().contains(part), "{fault}");
    }
}

#[test]
fn errors_are_detailed_for_who_sits_at_the_server() {
    use ErrorAction::{Detailed, ExecuteUrl, File, Keep, Redirect, Short};
    let pages = r#"<error statusCode="404" path="/app/missing" responseMode="ExecuteURL"/>
        <error statusCode="404" subStatusCode="3" path="types.html"/>
        <error statusCode="500" path="http://elsewhere/" responseMode="Redirect"/>"#;
    for (attributes, status, sub_status, has_body, local, expected) in [
        ("", 404, 0, false, true, Detailed),
        ("", 404, 0, true, true, Keep),
        ("", 404, 0, true, false, ExecuteUrl("/app/missing".into())),
        ("existingResponse='PassThrough'", 404, 0, true, false, Keep),
        ("existingResponse='PassThrough'", 404, 0, false, true, Detailed),
        ("existingResponse='Replace'", 404, 0, true, true, Detailed),
        ("errorMode='Custom'", 404, 3, false, true, File("types.html".into())),
        ("errorMode='Custom'", 500, 0, true, true, Redirect("http://elsewhere/".into())),
        ("errorMode='Custom'", 403, 0, true, true, Short),
        ("errorMode='Detailed'", 403, 0, false, false, Detailed),
    ] {
        let configuration = configuration(&format!("<httpErrors {attributes}>{pages}</httpErrors>"));
        assert_eq!(
            configuration.errors.action(status, sub_status, has_body, local),
            expected,
            "{attributes} {status}"
        );
    }
}

#[test]
fn files_have_types_ranges_and_tags() {
    let configuration = configuration(
        "<staticContent><remove fileExtension='.css'/><mimeMap fileExtension='.css' mimeType='text/x'/>\
         <mimeMap fileExtension='.' mimeType='text/plain'/>\
         <clientCache cacheControlMode='UseMaxAge' cacheControlMaxAge='1.00:01:00' cacheControlCustom='public'/>\
         </staticContent>",
    );
    let content = &configuration.static_content;
    assert_eq!(content.type_of("/a/b.CSS"), Some("text/x"));
    assert_eq!(content.type_of("/a.b/LICENSE"), Some("text/plain"));
    assert_eq!(content.type_of("/a.unknown"), None);
    assert_eq!(content.cache_control.as_deref(), Some("max-age=86460,public"));
    assert!(configuration.not_simulated.is_empty());
    for (header, expected) in [
        (None, ByteRange::Whole),
        (Some("bytes=0-3"), ByteRange::Part(0, 3)),
        (Some("bytes=4-"), ByteRange::Part(4, 9)),
        (Some("bytes=4-99"), ByteRange::Part(4, 9)),
        (Some("bytes=-3"), ByteRange::Part(7, 9)),
        (Some("bytes=-30"), ByteRange::Part(0, 9)),
        (Some("bytes=10-"), ByteRange::Unsatisfiable),
        (Some("bytes=-0"), ByteRange::Unsatisfiable),
        (Some("bytes=3-1"), ByteRange::Whole),
        (Some("bytes=0-1,3-4"), ByteRange::Whole),
        (Some("lines=0-1"), ByteRange::Whole),
    ] {
        assert_eq!(range_of(header, 10), expected, "{header:?}");
    }
}
