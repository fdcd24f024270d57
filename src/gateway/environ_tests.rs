//! The table of cases of `SCRIPT_NAME` and `PATH_INFO`: what a web server sends, and what the application must see.

use proptest::prelude::*;

use super::*;

/// What is sent, as `NAME=VALUE` lines, and what comes out. Bytes beyond ASCII are written as the characters that WSGI shows.
struct Case {
    name: &'static str,
    sent: &'static [(&'static str, &'static str)],
    /// The administrator's `SCRIPT_NAME`, empty for none; `*` for `AllowPathInfoForScriptMappings`.
    rules: &'static str,
    script_name: &'static str,
    path_info: &'static str,
}

const IIS: (&str, &str) = ("SERVER_SOFTWARE", "Microsoft-IIS/10.0");
const ROOT: (&str, &str) = ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT");
const APP: (&str, &str) = ("APPL_MD_PATH", "/LM/W3SVC/2/ROOT/Shop/App");
const REWRITE: (&str, &str) = ("IIS_UrlRewriteModule", "7,1,1993,2336");

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "IIS, site root", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/"), ("PATH_INFO", "/")],
        rules: "", script_name: "", path_info: "/" },
    Case { name: "IIS, page below the root", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/a/b"), ("PATH_INFO", "/a/b"), ("REQUEST_URI", "/a/b?q=1")],
        rules: "", script_name: "", path_info: "/a/b" },
    Case { name: "IIS, application", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App/x"), ("PATH_INFO", "/Shop/App/x")],
        rules: "", script_name: "/Shop/App", path_info: "/x" },
    Case { name: "IIS, application itself without a slash", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App"), ("PATH_INFO", "/Shop/App")],
        rules: "", script_name: "/Shop/App", path_info: "" },
    Case { name: "IIS, application itself with a slash", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App/"), ("PATH_INFO", "/Shop/App/")],
        rules: "", script_name: "/Shop/App", path_info: "/" },
    Case { name: "IIS, application in another case: the URL's case stays", sent: &[IIS, APP, ("PATH_INFO", "/shop/APP/x")],
        rules: "", script_name: "/shop/APP", path_info: "/x" },
    Case { name: "IIS, a longer name is another folder", sent: &[IIS, APP, ("PATH_INFO", "/Shop/Apple")],
        rules: "", script_name: "", path_info: "/Shop/Apple" },
    Case { name: "IIS, virtual directory of a root application", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/files/x"), ("PATH_INFO", "/files/x")],
        rules: "", script_name: "", path_info: "/files/x" },
    Case { name: "IIS, trailing slash and dot stay", sent: &[IIS, ROOT, ("PATH_INFO", "/a./"), ("REQUEST_URI", "/a./")],
        rules: "", script_name: "", path_info: "/a./" },
    Case { name: "IIS, the administrator's SCRIPT_NAME wins", sent: &[IIS, APP, ("PATH_INFO", "/shop/app/x")],
        rules: "/Shop", script_name: "/shop", path_info: "/app/x" },
    Case { name: "IIS, SCRIPT_NAME with a slash at its end", sent: &[IIS, ROOT, ("PATH_INFO", "/shop/x")],
        rules: "/shop/", script_name: "/shop", path_info: "/x" },
    Case { name: "IIS, AllowPathInfoForScriptMappings", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App/handler.py"), ("PATH_INFO", "/x")],
        rules: "*", script_name: "/Shop/App/handler.py", path_info: "/x" },
    Case { name: "IIS, AllowPathInfoForScriptMappings, non-ASCII spoilt by the code page", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App/handler.py"), ("PATH_INFO", "/?"), ("REQUEST_URI", "/shop/app/handler.py/%C3%A9?q")],
        rules: "*", script_name: "/Shop/App/handler.py", path_info: "/\u{c3}\u{a9}" },
    Case { name: "IIS, AllowPathInfoForScriptMappings, a question mark that the client meant", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/x.py"), ("PATH_INFO", "/a?"), ("REQUEST_URI", "/x.py/a%3F")],
        rules: "*", script_name: "/x.py", path_info: "/a?" },
    Case { name: "IIS, AllowPathInfoForScriptMappings, spoilt, and the URL is another one", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/x.py"), ("PATH_INFO", "/?"), ("REQUEST_URI", "/y/%C3%A9")],
        rules: "*", script_name: "/x.py", path_info: "/?" },
    Case { name: "IIS, AllowPathInfoForScriptMappings, the script itself", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/x.py"), ("PATH_INFO", "")],
        rules: "*", script_name: "/x.py", path_info: "" },
    Case { name: "IIS, virtual directory below an application", sent: &[IIS, APP, ("SCRIPT_NAME", "/Shop/App/files/x"), ("PATH_INFO", "/Shop/App/files/x")],
        rules: "", script_name: "/Shop/App", path_info: "/files/x" },
    Case { name: "IIS, trailing slash below an application", sent: &[IIS, APP, ("PATH_INFO", "/Shop/App/x/"), ("REQUEST_URI", "/Shop/App/x/?q")],
        rules: "", script_name: "/Shop/App", path_info: "/x/" },
    Case { name: "IIS, the application's own name is non-ASCII", sent: &[IIS, ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT/caf\u{c3}\u{a9}"), ("PATH_INFO", "/caf?/x"), ("REQUEST_URI", "/caf%C3%A9/x")],
        rules: "", script_name: "/caf\u{c3}\u{a9}", path_info: "/x" },
    Case { name: "IIS, an application's name with a blank", sent: &[IIS, ("APPL_MD_PATH", "/LM/W3SVC/1/ROOT/My App"), ("PATH_INFO", "/My App/x"), ("REQUEST_URI", "/My%20App/x")],
        rules: "", script_name: "/My App", path_info: "/x" },
    Case { name: "IIS, non-ASCII spoilt by the code page", sent: &[IIS, ROOT, ("PATH_INFO", "/?????"), ("REQUEST_URI", "/%D0%BF%D1%83?x=%41")],
        rules: "", script_name: "", path_info: "/\u{d0}\u{bf}\u{d1}\u{83}" },
    Case { name: "IIS, non-ASCII below an application", sent: &[IIS, APP, ("PATH_INFO", "/Shop/App/?"), ("UNENCODED_URL", "/Shop/App/%C3%A9")],
        rules: "", script_name: "/Shop/App", path_info: "/\u{c3}\u{a9}" },
    Case { name: "IIS, bytes that are not UTF-8", sent: &[IIS, ROOT, ("PATH_INFO", "/?"), ("REQUEST_URI", "/%ff%FE")],
        rules: "", script_name: "", path_info: "/\u{ff}\u{fe}" },
    Case { name: "IIS, a percent sign that is none of an escape", sent: &[IIS, ROOT, ("PATH_INFO", "/100%"), ("REQUEST_URI", "/100%25")],
        rules: "", script_name: "", path_info: "/100%" },
    Case { name: "IIS, a broken escape stays", sent: &[IIS, ROOT, ("PATH_INFO", "/x"), ("REQUEST_URI", "/%zz%4")],
        rules: "", script_name: "", path_info: "/%zz%4" },
    Case { name: "IIS, an encoded slash is decoded once", sent: &[IIS, ROOT, ("PATH_INFO", "/a/b"), ("REQUEST_URI", "/a%252fb")],
        rules: "", script_name: "", path_info: "/a%2fb" },
    Case { name: "IIS, dots that IIS has resolved do not come back", sent: &[IIS, ROOT, ("PATH_INFO", "/secret"), ("REQUEST_URI", "/public/../secret")],
        rules: "", script_name: "", path_info: "/secret" },
    Case { name: "IIS, encoded dots neither", sent: &[IIS, ROOT, ("PATH_INFO", "/secret"), ("REQUEST_URI", "/public/%2e%2E/secret")],
        rules: "", script_name: "", path_info: "/secret" },
    Case { name: "IIS, doubled slashes neither", sent: &[IIS, ROOT, ("PATH_INFO", "/a/b"), ("REQUEST_URI", "//a//b")],
        rules: "", script_name: "", path_info: "/a/b" },
    Case { name: "IIS, absolute target", sent: &[IIS, ROOT, ("PATH_INFO", "/a"), ("REQUEST_URI", "http://host:80/a?x")],
        rules: "", script_name: "", path_info: "/a" },
    Case { name: "IIS, URL Rewrite: what the user sees", sent: &[IIS, ROOT, REWRITE, ("PATH_INFO", "/handler.fcgi"), ("SCRIPT_NAME", "/handler.fcgi"), ("REQUEST_URI", "/handler.fcgi"), ("HTTP_X_ORIGINAL_URL", "/caf%C3%A9?x=1")],
        rules: "", script_name: "", path_info: "/caf\u{c3}\u{a9}" },
    Case { name: "IIS, URL Rewrite below an application", sent: &[IIS, APP, REWRITE, ("PATH_INFO", "/Shop/App/handler.fcgi/x"), ("HTTP_X_ORIGINAL_URL", "/Shop/App/x")],
        rules: "", script_name: "/Shop/App", path_info: "/x" },
    Case { name: "IIS, URL Rewrite, non-ASCII below an application, with a slash", sent: &[IIS, APP, REWRITE, ("PATH_INFO", "/Shop/App/handler.fcgi"), ("REQUEST_URI", "/Shop/App/handler.fcgi"), ("HTTP_X_ORIGINAL_URL", "/Shop/App/caf%C3%A9/?x=1")],
        rules: "", script_name: "/Shop/App", path_info: "/caf\u{c3}\u{a9}/" },
    Case { name: "IIS, URL Rewrite that is there and has not acted", sent: &[IIS, ROOT, REWRITE, ("PATH_INFO", "/a"), ("REQUEST_URI", "/a")],
        rules: "", script_name: "", path_info: "/a" },
    Case { name: "IIS, a header that a client made up", sent: &[IIS, ROOT, ("PATH_INFO", "/public"), ("REQUEST_URI", "/public"), ("HTTP_X_ORIGINAL_URL", "/admin")],
        rules: "", script_name: "", path_info: "/public" },
    Case { name: "IIS, nothing but SCRIPT_NAME", sent: &[IIS, ROOT, ("SCRIPT_NAME", "/a")],
        rules: "", script_name: "", path_info: "/a" },
    Case { name: "IIS, nothing at all", sent: &[IIS], rules: "", script_name: "", path_info: "/" },
    Case { name: "nginx, as its manual shows", sent: &[("SERVER_SOFTWARE", "nginx/1.22"), ("SCRIPT_NAME", "/a/b"), ("REQUEST_URI", "/a/b?c")],
        rules: "", script_name: "", path_info: "/a/b" },
    Case { name: "nginx, below a prefix", sent: &[("SERVER_SOFTWARE", "nginx/1.22"), ("SCRIPT_NAME", "/app/b"), ("REQUEST_URI", "/app/b")],
        rules: "/app", script_name: "/app", path_info: "/b" },
    Case { name: "nginx, PATH_INFO for a prefix", sent: &[("PATH_INFO", "/app/b"), ("SCRIPT_NAME", "")],
        rules: "/app", script_name: "/app", path_info: "/b" },
    Case { name: "Apache, both variables right", sent: &[("SERVER_SOFTWARE", "Apache/2.4"), ("SCRIPT_NAME", "/app"), ("PATH_INFO", "/b"), ("REQUEST_URI", "/app/b")],
        rules: "", script_name: "/app", path_info: "/b" },
    Case { name: "Apache at the root says `/`", sent: &[("SCRIPT_NAME", "/"), ("PATH_INFO", "/b")],
        rules: "", script_name: "", path_info: "/b" },
    Case { name: "nothing at all", sent: &[], rules: "", script_name: "", path_info: "" },
];

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap()).collect()
}

#[test]
fn every_case_of_the_table_holds() {
    for case in CASES {
        let sent: Vec<_> = case.sent.iter().map(|(name, value)| (name.as_bytes(), latin1(value))).collect();
        let mut variables = Variables::default();
        for (name, value) in &sent {
            variables.set(name, value);
        }
        let rules = match case.rules {
            "*" => Rules { path_info_for_script_mappings: true, ..Rules::default() },
            "" => Rules::default(),
            prefix => Rules { script_name: Some(prefix.into()), ..Rules::default() },
        };
        let found = paths(&variables, &rules);
        let expected = (latin1(case.script_name), latin1(case.path_info));
        assert_eq!((found.script_name.to_vec(), found.path_info.to_vec()), expected, "{}", case.name);
    }
}

#[test]
fn reads_the_application_out_of_the_metabase_path() {
    for (path, expected) in [
        ("/LM/W3SVC/1/ROOT", ""),
        ("/LM/W3SVC/1/root/App", "/App"),
        ("/LM/W3SVC/1/ROOT/A/B", "/A/B"),
        ("", ""),
        ("/LM/W3SVC/1/Root/", "/"),
    ] {
        assert_eq!(application_path(path.as_bytes()), expected.as_bytes(), "{path}");
    }
}

proptest! {
    #[test]
    fn the_two_parts_are_the_whole_path(path in "(/[a-c]{0,2}){0,5}", prefix in "(/[a-cA-C]{0,2}){0,2}") {
        let found = split(Cow::Borrowed(path.as_bytes()), prefix.as_bytes());
        prop_assert_eq!([&found.script_name[..], &found.path_info[..]].concat(), path.as_bytes());
        prop_assert!(found.path_info.is_empty() || found.path_info.starts_with(b"/"));
    }

    #[test]
    fn any_bytes_give_some_paths(uri in proptest::collection::vec(any::<u8>(), 0..40), path in proptest::collection::vec(any::<u8>(), 0..40)) {
        let variables = Variables { request_uri: Some(&uri), path_info: Some(&path), metabase_path: Some(&path), ..Variables::default() };
        let _ = paths(&variables, &Rules::default());
    }
}
