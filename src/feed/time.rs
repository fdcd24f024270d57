//! Times in feeds: RFC 3339 when we write them, whatever stands there when we read.

use ::time::format_description::well_known::Rfc3339;
use ::time::{OffsetDateTime, UtcOffset};
use serde::Serialize;

/// A time as it stands in a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// A time to be written: in UTC and whole seconds, as `2026-11-22T17:00:00Z`.
    pub fn new(time: OffsetDateTime) -> Self {
        let utc = time.to_offset(UtcOffset::UTC);
        Self(format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            utc.year(),
            u8::from(utc.month()),
            utc.day(),
            utc.hour(),
            utc.minute(),
            utc.second()
        ))
    }

    /// A time as somebody wrote it, which need not be one.
    pub fn as_written(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time, when the text is one of RFC 3339.
    pub fn parsed(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(&self.0, &Rfc3339).ok()
    }

    /// What keeps the text from being RFC 3339, as a lower-case fragment.
    pub fn fault(&self) -> Option<&'static str> {
        if self.parsed().is_some() {
            return None;
        }
        let zoned = format!("{}Z", self.0);
        Some(if self.0.is_empty() {
            "it is empty"
        } else if OffsetDateTime::parse(&zoned, &Rfc3339).is_ok() {
            "it has no time zone, so readers elsewhere take it for another moment"
        } else if !self.0.contains(['T', 't']) && self.0.split('-').count() == 3 {
            "it is a date without a time"
        } else if self.0.contains(['T', 't']) && has_short_field(&self.0) {
            "a month, day or hour has one digit instead of two"
        } else {
            "it is none of the form `2026-11-22T17:00:00Z`"
        })
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        Self::new(time)
    }
}

fn has_short_field(text: &str) -> bool {
    text.trim_end_matches(['Z', 'z'])
        .split(['-', ':', 'T', 't'])
        .any(|field| field.len() == 1 && field.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::time::macros::datetime;

    #[test]
    fn is_written_in_utc_and_whole_seconds() {
        let time = Timestamp::new(datetime!(2026-11-22 18:30:05.75 +1:30));
        assert_eq!(time.as_str(), "2026-11-22T17:00:05Z");
        assert_eq!(time.parsed(), Some(datetime!(2026-11-22 17:00:05 UTC)));
        assert_eq!(time.fault(), None);
    }

    #[test]
    fn says_what_keeps_a_text_from_being_a_time() {
        let fault = |text| Timestamp::as_written(text).fault().unwrap();
        assert!(fault("2026-11-22T10:27:52.051656").contains("no time zone"));
        assert!(fault("2014-12-17").contains("date without a time"));
        assert!(fault("2009-3-17T16:30:00Z").contains("one digit"));
        assert!(fault("yesterday").contains("of the form"));
        assert!(fault(" ").contains("empty"));
        assert_eq!(Timestamp::as_written(" 2009-03-17T16:30:00+01:00\n").fault(), None);
    }
}
