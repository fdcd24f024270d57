//! Paste ini files: which of them describe an application.

use super::ini::Ini;

/// The sections that `PasteDeploy` serves under the name `main`.
const SECTIONS: [&str; 6] =
    ["app:main", "application:main", "composite:main", "composit:main", "pipeline:main", "filter-app:main"];

/// The section of the application: its name and line; none when the file describes none.
pub(super) fn application(ini: &Ini) -> Option<(&str, usize)> {
    let sections = ini.sections().iter();
    sections.map(|section| (section.name.as_str(), section.line)).find(|(name, _)| SECTIONS.contains(name))
}
