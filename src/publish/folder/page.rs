//! The page of a folder: what is there, how each package is installed, and its hashes. One file of plain HTML that can be
//! read without its script, so that it works from a share, from any web server and for any reader; the script only adds
//! buttons that copy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::gallery::{Product, products};
use super::sums::Earlier;
use super::{SHA1_SUMS, SHA256_SUMS, instructions};
use crate::package::parameters::Parameter;
use crate::publish::{Artifact, Kind};
use crate::uri::percent_encode;
use crate::xml::{escape_attribute, escape_text};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("copy.js");

/// Writes the page. `feed_url` is the absolute address of the feed, when it is known.
pub(super) fn page(
    title: &str,
    artifacts: &[&Artifact],
    earlier: &BTreeMap<String, Earlier>,
    feed_url: Option<&str>,
) -> String {
    let (products, others_earlier) = products(artifacts, earlier);
    let feed = artifacts.iter().find(|artifact| artifact.kind == Kind::Feed).copied();
    let mut html = String::with_capacity(32 * 1024);
    head(&mut html, title, &products);
    for (at, product) in products.iter().enumerate() {
        article(&mut html, product, at, feed.map(|feed| (feed, feed_url)));
    }
    if let Some(feed) = feed {
        feed_section(&mut html, feed, feed_url);
    }
    let others: Vec<&Artifact> = artifacts
        .iter()
        .filter(|artifact| artifact.package.is_none() && artifact.kind != Kind::Feed)
        .copied()
        .collect();
    if !others.is_empty() {
        html.push_str("<section>\n<h2>Other files</h2>\n");
        table(&mut html, "Files that belong to no package", &others);
        html.push_str("</section>\n");
    }
    if !others_earlier.is_empty() {
        html.push_str("<section>\n<h2>Earlier files</h2>\n");
        earlier_table(&mut html, "Files of earlier versions that are still here", &others_earlier);
        html.push_str("</section>\n");
    }
    check_section(&mut html);
    let _ = writeln!(
        html,
        "</main>\n<footer>Made by iiswsgi, which ships Python web applications to IIS.</footer>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>"
    );
    html
}

fn head(html: &mut String, title: &str, products: &[Product<'_>]) {
    let count = match products.len() {
        1 => "One package".to_owned(),
        many => format!("{many} packages"),
    };
    let title = escape_text(title);
    // Nothing but what stands in this file runs: the script is named by its hash.
    let script = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    let _ = writeln!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src 'self' https: http: data:; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n\
         <p class=\"quiet\">{count} for Internet Information Services (IIS), to be installed with Web Deploy.</p>\n</header>\n<main>"
    );
    if products.len() > 1 {
        html.push_str("<nav aria-label=\"Packages\">\n<ul>\n");
        for (at, product) in products.iter().enumerate() {
            let _ = writeln!(
                html,
                "<li><a href=\"#package-{at}\">{} <span class=\"quiet\">{}</span></a></li>",
                escape_text(&product.title),
                escape_text(&product.version)
            );
        }
        html.push_str("</ul>\n</nav>\n");
    }
}

fn article(html: &mut String, product: &Product<'_>, at: usize, feed: Option<(&Artifact, Option<&str>)>) {
    let _ = writeln!(html, "<article aria-labelledby=\"package-{at}\">");
    title_block(html, product, at);
    let of_kind = |kind| product.files.iter().find(|artifact| artifact.kind == kind).copied();
    if let Some(zip) = of_kind(Kind::Package) {
        let _ = writeln!(
            html,
            "<p><a class=\"download\" href=\"{}\">Download {}<span> {}</span></a></p>",
            escape_attribute(&address(&zip.name)),
            escape_text(&zip.name),
            bytes(zip.size)
        );
    }
    if let Some(long) = &product.long_summary {
        let _ = writeln!(html, "<p class=\"long\">{}</p>", escape_text(long));
    }
    if !product.dependencies.is_empty() {
        html.push_str("<h3>Needs</h3>\n<ul>\n");
        for dependency in &product.dependencies {
            let _ = writeln!(html, "<li>{}</li>", escape_text(dependency));
        }
        html.push_str("</ul>\n");
    }
    if let Some(zip) = of_kind(Kind::Package) {
        let feed = feed.zip(product.feed_id.as_deref());
        let name = |kind| of_kind(kind).map(|artifact| artifact.name.as_str());
        instructions::write(
            html,
            &product.title,
            &instructions::Files {
                zip: &zip.name,
                parameters: name(Kind::SetParameters),
                command: name(Kind::DeployCommand),
                feed: feed.map(|((feed, url), id)| (feed.name.as_str(), url, id)),
            },
        );
    }
    if !product.parameters.is_empty() {
        parameters(html, &product.title, &product.parameters);
    }
    let _ = writeln!(html, "<h3>Files and hashes</h3>");
    table(html, &format!("Files of {}", product.title), &product.files);
    if !product.earlier.is_empty() {
        html.push_str("<details>\n<summary>Earlier versions</summary>\n");
        earlier_table(html, &format!("Earlier files of {}", product.title), &product.earlier);
        html.push_str("</details>\n");
    }
    html.push_str("</article>\n");
}

fn title_block(html: &mut String, product: &Product<'_>, at: usize) {
    let letter: String =
        product.title.chars().find(|character| character.is_alphanumeric()).into_iter().collect();
    let image = product
        .icon
        .as_ref()
        .map(|icon| format!("<img src=\"{}\" alt=\"\" width=\"64\" height=\"64\">", escape_attribute(icon)));
    let _ = writeln!(
        html,
        "<div class=\"title\">\n<div class=\"icon\" aria-hidden=\"true\">{}{}</div>\n<div>\n\
         <h2 id=\"package-{at}\">{} <span class=\"version\">{}</span></h2>",
        escape_text(&letter.to_uppercase()),
        image.unwrap_or_default(),
        escape_text(&product.title),
        escape_text(&product.version)
    );
    if let Some(summary) = &product.summary {
        let _ = writeln!(html, "<p>{}</p>", escape_text(summary));
    }
    let mut facts = Vec::new();
    facts.extend(product.author.as_ref().map(|author| format!("by {}", escape_text(author))));
    facts.extend(product.updated.as_ref().map(|day| format!("updated {}", escape_text(day))));
    facts.extend(product.link.as_ref().map(|link| {
        format!("<a href=\"{}\" rel=\"noopener noreferrer\">home page</a>", escape_attribute(link))
    }));
    if !facts.is_empty() {
        let _ = writeln!(html, "<p class=\"quiet\">{}</p>", facts.join(" · "));
    }
    html.push_str("</div>\n</div>\n");
}

fn parameters(html: &mut String, title: &str, parameters: &[Parameter]) {
    let _ = writeln!(
        html,
        "<h3>Parameters</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Parameters of {}\">\
         <table>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Default</th>\
         <th scope=\"col\">What it is</th></tr></thead>\n<tbody>",
        escape_attribute(title)
    );
    for parameter in parameters {
        let default = match &parameter.default_value {
            Some(_) if parameter.is_secret() => "<span class=\"quiet\">secret</span>".to_owned(),
            Some(value) if !value.is_empty() => code(value),
            _ if parameter.allows_empty() => "<span class=\"quiet\">empty</span>".to_owned(),
            _ => "<strong>required</strong>".to_owned(),
        };
        let text =
            parameter.description.as_deref().or(parameter.friendly_name.as_deref()).unwrap_or_default();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{default}</td><td class=\"text\">{}</td></tr>",
            escape_text(&parameter.name),
            escape_text(text)
        );
    }
    html.push_str("</tbody>\n</table></div>\n");
}

fn feed_section(html: &mut String, feed: &Artifact, url: Option<&str>) {
    html.push_str("<section>\n<h2>Feed</h2>\n");
    let address = match url {
        Some(url) => format!("<pre><code>{}</code></pre>\n", escape_text(url)),
        None => format!("<p>{}</p>\n", link(&feed.name)),
    };
    let _ = writeln!(
        html,
        "<p>Servers that still have the Web Platform Installer (retired at the end of 2022) can add this feed under \
         <em>Options</em>, <em>Custom Feeds</em>, or pass it to <code>webpicmd /Feeds</code>:</p>\n{address}"
    );
    table(html, "The feed", &[feed]);
    html.push_str("</section>\n");
}

fn check_section(html: &mut String) {
    let _ = writeln!(
        html,
        "<section>\n<h2>Check a download</h2>\n\
         <p>On Windows, compare the hash of a file with the one on this page:</p>\n\
         <pre><code>certutil -hashfile FILE SHA256</code></pre>\n\
         <p>Elsewhere, with all files and {} in one folder:</p>\n\
         <pre><code>sha256sum --check --ignore-missing {SHA256_SUMS}</code></pre>\n\
         <p>For tools that know no other, there is also {}.</p>\n</section>",
        link(SHA256_SUMS),
        link(SHA1_SUMS)
    );
}

fn earlier_table(html: &mut String, caption: &str, files: &[(&str, &Earlier)]) {
    open_table(html, caption);
    for (name, file) in files {
        row(html, name, file.size, file.sha1.as_deref(), file.sha256.as_deref());
    }
    html.push_str("</tbody>\n</table></div>\n");
}

fn table(html: &mut String, caption: &str, files: &[&Artifact]) {
    open_table(html, caption);
    for file in files {
        row(html, &file.name, file.size, Some(&file.sha1), Some(&file.sha256));
    }
    html.push_str("</tbody>\n</table></div>\n");
}

fn open_table(html: &mut String, caption: &str) {
    let _ = writeln!(
        html,
        "<div class=\"scroll files\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table>\n\
         <thead><tr><th scope=\"col\">File</th><th scope=\"col\" class=\"number\">Size</th>\
         <th scope=\"col\">Hashes</th></tr></thead>\n<tbody>",
        escape_attribute(caption)
    );
}

fn row(html: &mut String, name: &str, size: u64, sha1: Option<&str>, sha256: Option<&str>) {
    let _ = write!(html, "<tr><td>{}</td><td class=\"number\">{}</td><td><dl>", link(name), bytes(size));
    for (label, hash) in [("SHA-256", sha256), ("SHA-1", sha1)] {
        if let Some(hash) = hash {
            let _ = write!(html, "<dt>{label}</dt><dd>{}</dd>", code(hash));
        }
    }
    html.push_str("</dl></td></tr>\n");
}

/// The address of a file of the folder. The `./` keeps a name with a colon from being a scheme.
fn address(name: &str) -> String {
    format!("./{}", percent_encode(name, ""))
}

/// A link to a file of the folder.
pub(super) fn link(name: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape_attribute(&address(name)), escape_text(name))
}

pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape_text(text))
}

/// A size for people, in the units of Windows.
fn bytes(size: u64) -> String {
    let mut unit = 1u64;
    for name in ["bytes", "KB", "MB"] {
        if size < unit * 1024 {
            return if name == "bytes" { format!("{size} bytes") } else { scaled(size, unit, name) };
        }
        unit *= 1024;
    }
    scaled(size, unit, "GB")
}

fn scaled(size: u64, unit: u64, name: &str) -> String {
    let tenths = size.saturating_mul(10).div_ceil(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}
