//! The page of a folder: what is there, how each package is installed, and its hashes. Plain HTML without a script, so
//! that it works from a share, from any web server and for any reader.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::sums::Earlier;
use super::{SHA1_SUMS, SHA256_SUMS};
use crate::publish::{Artifact, Kind, Package};
use crate::uri::percent_encode;
use crate::xml::{escape_attribute, escape_text};

const STYLE: &str = include_str!("style.css");

/// Writes the page. `feed_url` is the absolute address of the feed, when it is known.
pub(super) fn page(
    title: &str,
    artifacts: &[&Artifact],
    earlier: &BTreeMap<String, Earlier>,
    feed_url: Option<&str>,
) -> String {
    let mut html = String::with_capacity(16 * 1024);
    head(&mut html, title, artifacts);
    for (package, files) in packages(artifacts) {
        section(&mut html, package, &files);
    }
    if let Some(feed) = artifacts.iter().find(|artifact| artifact.kind == Kind::Feed) {
        feed_section(&mut html, feed, feed_url);
    }
    let others: Vec<&Artifact> = artifacts
        .iter()
        .filter(|artifact| artifact.package.is_none() && artifact.kind != Kind::Feed)
        .copied()
        .collect();
    if !others.is_empty() {
        html.push_str("<h2>Other files</h2>\n");
        table(&mut html, "Files that belong to no package", &others);
    }
    if !earlier.is_empty() {
        earlier_section(&mut html, earlier);
    }
    let _ = writeln!(
        html,
        "<h2>Check a download</h2>\n\
         <p>On Windows, compare the hash of a file with the one on this page:</p>\n\
         <pre><code>certutil -hashfile FILE SHA256</code></pre>\n\
         <p>Elsewhere, with all files and {} in one folder:</p>\n\
         <pre><code>sha256sum --check --ignore-missing {SHA256_SUMS}</code></pre>\n\
         <p>For tools that know no other, there is also {}.</p>\n\
         </main>\n\
         <footer>Made by iiswsgi, which ships Python web applications to IIS.</footer>\n\
         </body>\n</html>",
        link(SHA256_SUMS),
        link(SHA1_SUMS)
    );
    html
}

fn head(html: &mut String, title: &str, artifacts: &[&Artifact]) {
    let packages = artifacts.iter().filter(|artifact| artifact.kind == Kind::Package).count();
    let count = if packages == 1 { "One package".to_owned() } else { format!("{packages} packages") };
    let title = escape_text(title);
    let _ = writeln!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"quiet\">{count} for Internet Information Services (IIS), to be installed with Web Deploy.</p>"
    );
}

/// The artifacts of each package, by its name and version.
fn packages<'a>(artifacts: &[&'a Artifact]) -> Vec<(&'a Package, Vec<&'a Artifact>)> {
    let mut packages: BTreeMap<(&str, &str), (&Package, Vec<&Artifact>)> = BTreeMap::new();
    for artifact in artifacts {
        if let Some(package) = &artifact.package {
            let files = packages.entry((&package.name, &package.version)).or_insert((package, Vec::new()));
            files.1.push(artifact);
        }
    }
    packages.into_values().collect()
}

fn section(html: &mut String, package: &Package, files: &[&Artifact]) {
    let title = package.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&package.name);
    let _ = writeln!(
        html,
        "<h2>{} <span class=\"version\">{}</span></h2>",
        escape_text(title),
        escape_text(&package.version)
    );
    if let Some(summary) = package.summary.as_deref().filter(|summary| !summary.trim().is_empty()) {
        let _ = writeln!(html, "<p>{}</p>", escape_text(summary));
    }
    table(html, &format!("Files of {title}"), files);
    let of_kind =
        |kind| files.iter().find(|artifact| artifact.kind == kind).map(|artifact| artifact.name.as_str());
    if let Some(zip) = of_kind(Kind::Package) {
        instructions(html, title, zip, of_kind(Kind::SetParameters), of_kind(Kind::DeployCommand));
    }
}

fn instructions(html: &mut String, title: &str, zip: &str, parameters: Option<&str>, command: Option<&str>) {
    let _ = writeln!(
        html,
        "<h3>Install {}</h3>\n<p>On a server with IIS and Web Deploy, in one of these ways:</p>",
        escape_text(title)
    );
    html.push_str("<ol>\n");
    if let Some(command) = command {
        let settings = match parameters {
            Some(parameters) => format!(
                "Download {}, {} and {} into one folder, edit {} to choose the site and path, ",
                link(zip),
                link(command),
                link(parameters),
                code(parameters)
            ),
            None => format!("Download {} and {} into one folder, ", link(zip), link(command)),
        };
        let _ = writeln!(
            html,
            "<li><p><strong>With the deploy command.</strong> {settings}try it with <code>/T</code>, then install with <code>/Y</code>:</p>\n\
             <pre><code>{command} /T\n{command} /Y</code></pre></li>",
            command = escape_text(&quoted(command))
        );
    }
    let file = parameters.map(|parameters| format!(" -setParamFile:\"{parameters}\"")).unwrap_or_default();
    let line = format!(
        "\"%ProgramFiles%\\IIS\\Microsoft Web Deploy V3\\msdeploy.exe\" -verb:sync -source:package=\"{zip}\" -dest:auto{file}"
    );
    let _ = writeln!(
        html,
        "<li><p><strong>With msdeploy.</strong> In an administrator's command prompt, in the folder of the download:</p>\n\
         <pre><code>{}</code></pre></li>",
        escape_text(&line)
    );
    let _ = writeln!(
        html,
        "<li><p><strong>In IIS Manager.</strong> Select the site, choose <em>Import Application…</em> under <em>Deploy</em> in \
         the Actions pane, and pick {}.</p></li>\n</ol>",
        code(zip)
    );
}

fn feed_section(html: &mut String, feed: &Artifact, url: Option<&str>) {
    html.push_str("<h2>Feed</h2>\n");
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
}

fn earlier_section(html: &mut String, earlier: &BTreeMap<String, Earlier>) {
    html.push_str("<h2>Earlier files</h2>\n");
    open_table(html, "Files of earlier versions that are still here");
    for (name, file) in earlier {
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
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">File</th>\
         <th scope=\"col\" class=\"number\">Size</th><th scope=\"col\">Hashes</th></tr></thead>\n<tbody>",
        escape_text(caption)
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

/// A link to a file of the folder. The `./` keeps a name with a colon from being a scheme.
fn link(name: &str) -> String {
    format!("<a href=\"./{}\">{}</a>", escape_attribute(&percent_encode(name, "")), escape_text(name))
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape_text(text))
}

/// A file name on a command line of Windows.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    if plain { name.to_owned() } else { format!("\"{name}\"") }
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
