//! The extra keywords that the original iiswsgi added to `setup()`, for the feed.

use super::Error;
use crate::error::Location;

/// The values of the original's extra keywords. Strings and lists, as its validators demanded.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct FeedKeywords {
    /// The title that people see; the name when there is none.
    pub title: Option<String>,
    /// The author's home page.
    pub author_url: Option<String>,
    /// The text of the licence: the end user licence agreement in the feed.
    pub license_url: Option<String>,
    /// What WebPI shows as the source of the download.
    pub display_url: Option<String>,
    /// Where users find help.
    pub help_url: Option<String>,
    /// When it was published.
    pub published: Option<String>,
    /// The icon.
    pub icon_url: Option<String>,
    /// The screenshot.
    pub screenshot_url: Option<String>,
    /// The file by which WebPI sees that the product is installed.
    pub discovery_file: Option<String>,
    /// The template of the package's URL.
    pub msdeploy_url_template: Option<String>,
    /// Identifiers of products that this one depends on.
    pub install_msdeploy: Vec<String>,
    /// Identifiers of related products.
    pub install_webpi: Vec<String>,
}

impl FeedKeywords {
    /// The keywords that take a string.
    pub const STRINGS: [&'static str; 10] = [
        "title",
        "author_url",
        "license_url",
        "display_url",
        "help_url",
        "published",
        "icon_url",
        "screenshot_url",
        "discovery_file",
        "msdeploy_url_template",
    ];
    /// The keywords that take a list.
    pub const LISTS: [&'static str; 2] = ["install_msdeploy", "install_webpi"];

    /// Sets a keyword from a JSON value that `inspect.py` found in a `setup()` call.
    ///
    /// # Errors
    /// The value is not a string where a string is wanted, or not a list of strings where a list is.
    pub(super) fn set(
        &mut self,
        keyword: &str,
        value: &serde_json::Value,
        place: &Location,
    ) -> Result<(), Error> {
        if value.is_null() {
            return Ok(());
        }
        let wrong = |expected| Error::KeywordType {
            keyword: keyword.to_owned(),
            expected,
            found: value.to_string(),
            place: place.clone(),
        };
        if let Some(list) = self.list(keyword) {
            let items = value.as_array().ok_or_else(|| wrong("a list"))?;
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            *list = texts.ok_or_else(|| wrong("a list of strings"))?;
        } else if let Some(text) = self.string(keyword) {
            *text = Some(value.as_str().ok_or_else(|| wrong("a string"))?.to_owned());
        }
        Ok(())
    }

    /// Takes a keyword from another source when this one lacks it.
    pub(super) fn take_from(&mut self, other: &Self, keyword: &str) {
        let mut other = other.clone();
        if let (Some(mine), Some(others)) = (self.list(keyword), other.list(keyword)) {
            if mine.is_empty() {
                mine.append(others);
            }
        } else if let (Some(mine), Some(others)) = (self.string(keyword), other.string(keyword)) {
            *mine = mine.take().or_else(|| others.take());
        }
    }

    fn list(&mut self, keyword: &str) -> Option<&mut Vec<String>> {
        match keyword {
            "install_msdeploy" => Some(&mut self.install_msdeploy),
            "install_webpi" => Some(&mut self.install_webpi),
            _ => None,
        }
    }

    fn string(&mut self, keyword: &str) -> Option<&mut Option<String>> {
        Some(match keyword {
            "title" => &mut self.title,
            "author_url" => &mut self.author_url,
            "license_url" => &mut self.license_url,
            "display_url" => &mut self.display_url,
            "help_url" => &mut self.help_url,
            "published" => &mut self.published,
            "icon_url" => &mut self.icon_url,
            "screenshot_url" => &mut self.screenshot_url,
            "discovery_file" => &mut self.discovery_file,
            "msdeploy_url_template" => &mut self.msdeploy_url_template,
            _ => return None,
        })
    }
}
