//! When a request is made again, and after which pause. Pure: the clock and chance come in as values.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use reqwest::StatusCode;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How often something is tried and how long the pauses are: they double, and none is longer than the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// How often it is tried in all.
    pub attempts: u32,
    /// The first pause.
    pub first: Duration,
    /// The longest pause of ours.
    pub longest: Duration,
    /// The longest pause that a server may ask for.
    pub patience: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 5,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// The pause after so many failures; none when it is time to give up. `asked` is what the server wants
    /// ([`retry_after`]), `chance` a number from 0 to 1 that keeps many clients from coming back together ([`chance`]).
    pub fn pause(&self, failures: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let doubled =
            self.first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let ours = doubled.min(self.longest).mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0));
        match asked {
            Some(asked) if asked > self.patience => None,
            Some(asked) => Some(asked.max(ours)),
            None => Some(ours),
        }
    }
}

/// A number from 0 to 1 that nobody expects.
pub fn chance() -> f64 {
    let number = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(0);
    f64::from(number) / f64::from(u32::MAX)
}

/// The pause that a `retry-after` header asks for: seconds, or a date (RFC 9110, 10.2.3).
pub fn retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()?;
    Some((date - now).try_into().unwrap_or(Duration::ZERO))
}

/// Whether an answer says that the same request may succeed a little later.
pub fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Backoff = Backoff {
        attempts: 5,
        first: Duration::from_millis(500),
        longest: Duration::from_secs(30),
        patience: Duration::from_secs(300),
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let rule = Backoff { attempts: 9, ..RULE };
        let pauses: Vec<_> = (1..=9).map(|failures| rule.pause(failures, None, 1.0)).collect();
        let seconds = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0].map(|s| Some(Duration::from_secs_f64(s)));
        assert_eq!(pauses[..8], seconds);
        assert_eq!(pauses[8], None);
    }

    #[test]
    fn the_server_is_heeded_unless_it_asks_for_too_much() {
        let asked = |seconds| RULE.pause(1, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(asked(0), Some(Duration::from_millis(250)));
        assert_eq!(asked(60), Some(Duration::from_secs(60)));
        assert_eq!(asked(301), None);
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now = time::macros::datetime!(2026-11-22 12:00:00 UTC);
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 12:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }

    #[test]
    fn only_what_may_pass_is_transient() {
        for (status, expected) in
            [(500, true), (503, true), (429, true), (400, false), (403, false), (200, false)]
        {
            assert_eq!(is_transient(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }

    proptest! {
        #[test]
        fn no_rule_overflows(failures in any::<u32>(), first in any::<u32>(), share in any::<f64>()) {
            let rule = Backoff { attempts: u32::MAX, first: Duration::from_secs(first.into()), ..RULE };
            if let Some(pause) = rule.pause(failures, None, if share.is_nan() { 0.0 } else { share }) {
                prop_assert!(pause <= rule.longest);
            }
        }
    }
}
