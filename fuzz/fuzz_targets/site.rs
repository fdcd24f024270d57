//! Any `web.config` and any request: the simulated IIS comes to a decision, and no path leaves the application's folder.

#![no_main]

use std::path::Path;

use iiswsgi::iis::ApplicationPath;
use iiswsgi::iis::site::{
    Configuration, Decision, Endpoints, Files, Folders, Layer, Place, Request, Resource, Url, decide,
};
use iiswsgi::xml::Document;
use libfuzzer_sys::fuzz_target;

struct Disk;

impl Files for Disk {
    fn resource(&self, path: &str) -> Resource {
        assert!(path.starts_with('/'), "{path}");
        assert!(path.split(['/', '\\']).all(|step| step != ".."), "{path}");
        match path.len() % 3 {
            0 => Resource::Missing,
            1 => Resource::File,
            _ => Resource::Directory,
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    // The first lines are a request's target and its headers, the rest is the file.
    let text = String::from_utf8_lossy(bytes);
    let Some((head, file)) = text.split_once('<') else { return };
    let Ok(document) = Document::parse(format!("<{file}")) else { return };
    let layers = [Layer { document: &document, base: "", inherited: false }];
    let mut lines = head.lines();
    let target = format!("/a{}", lines.next().unwrap_or_default());
    // Whether a request is for this application the server has found out before.
    let Ok(url) = Url::parse(&target) else { return };
    if url.text != "/a" && !url.text.starts_with("/a/") {
        return;
    }
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    let Ok(configuration) = Configuration::of(&layers, "/") else { return };
    let application = "Default Web Site/a".parse::<ApplicationPath>().expect("a path of IIS");
    let folders = Folders::new("/site/a".into(), [("/media".to_owned(), "/drives/media".into())]);
    let place =
        Place { application: &application, site: 1, site_folder: Path::new("/site"), folders: &folders };
    let request = Request {
        method: "GET".into(),
        target,
        headers,
        content_length: None,
        endpoints: Endpoints::default(),
        protocol: "HTTP/1.1",
    };
    if let Decision::Handle(handling) = decide(&configuration, &request, &place, &Disk) {
        assert!(handling.below.starts_with('/'));
    }
});
