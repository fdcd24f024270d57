//! How a package is installed, in every way that there is: the part of the page that is followed step by step.

use std::fmt::Write as _;

use super::page::{code, link};
use crate::xml::{escape_attribute, escape_text};

/// The files of a package, by name.
pub(super) struct Files<'a> {
    pub(super) zip: &'a str,
    pub(super) parameters: Option<&'a str>,
    pub(super) command: Option<&'a str>,
    /// The feed's name, its address when it is known, and the product in it.
    pub(super) feed: Option<(&'a str, Option<&'a str>, &'a str)>,
}

/// Writes the ways, the easiest one open.
pub(super) fn write(html: &mut String, title: &str, files: &Files<'_>) {
    let _ = writeln!(
        html,
        "<h3>Install</h3>\n<p>On a server with IIS and Web Deploy, in one of these ways:</p>\n\
         <div class=\"ways\" role=\"group\" aria-label=\"Ways to install {}\">",
        escape_attribute(title)
    );
    if let Some(command) = files.command {
        deploy_command(html, files, command);
    }
    msdeploy(html, files);
    let _ = writeln!(
        html,
        "<details>\n<summary>In IIS Manager</summary>\n<ol>\n<li>Download {}.</li>\n\
         <li>Select the site, and choose <em>Import Application…</em> under <em>Deploy</em> in the Actions pane.</li>\n\
         <li>Pick {} and answer what is asked.</li>\n</ol>\n</details>",
        link(files.zip),
        code(files.zip)
    );
    if let Some((name, url, product)) = files.feed {
        let line = format!("webpicmd /Install /Products:{product} /Feeds:{}", url.unwrap_or(name));
        let _ = writeln!(
            html,
            "<details>\n<summary>With the Web Platform Installer</summary>\n\
             <p>It was retired at the end of 2022; servers that still have it take the package from the feed:</p>\n\
             <pre><code>{}</code></pre>\n</details>",
            escape_text(&line)
        );
    }
    html.push_str("</div>\n");
}

fn deploy_command(html: &mut String, files: &Files<'_>, command: &str) {
    let settings = match files.parameters {
        Some(parameters) => format!(
            "Download {}, {} and {} into one folder, edit {} to choose the site and path, ",
            link(files.zip),
            link(command),
            link(parameters),
            code(parameters)
        ),
        None => format!("Download {} and {} into one folder, ", link(files.zip), link(command)),
    };
    let _ = writeln!(
        html,
        "<details open=\"\">\n<summary>With the deploy command</summary>\n\
         <p>{settings}try it with <code>/T</code>, then install with <code>/Y</code>:</p>\n\
         <pre><code>{command} /T\n{command} /Y</code></pre>\n</details>",
        command = escape_text(&quoted(command))
    );
}

fn msdeploy(html: &mut String, files: &Files<'_>) {
    let file = files.parameters.map(|name| format!(" -setParamFile:\"{name}\"")).unwrap_or_default();
    let line = format!(
        "\"%ProgramFiles%\\IIS\\Microsoft Web Deploy V3\\msdeploy.exe\" -verb:sync -source:package=\"{}\" -dest:auto{file}",
        files.zip
    );
    let open = if files.command.is_none() { " open=\"\"" } else { "" };
    let _ = writeln!(
        html,
        "<details{open}>\n<summary>With msdeploy</summary>\n\
         <p>In an administrator's command prompt, in the folder of the download:</p>\n\
         <pre><code>{}</code></pre>\n</details>",
        escape_text(&line)
    );
}

/// A file name on a command line of Windows.
fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}
