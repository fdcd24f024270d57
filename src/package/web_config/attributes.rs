//! The attributes of a FastCGI application with their defaults and ranges, as `IIS_schema.xml` has them.

/// What values an attribute takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Number {
        /// The least.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// One of some words.
    Choice(&'static [&'static str]),
}

/// One attribute of `<application>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeRule {
    /// Its name.
    pub name: &'static str,
    /// What IIS takes when it is not there.
    pub default: &'static str,
    /// The values it takes.
    pub kind: Kind,
}

const fn text(name: &'static str) -> AttributeRule {
    AttributeRule { name, default: "", kind: Kind::Text }
}

const fn number(name: &'static str, default: &'static str, min: u32, max: u32) -> AttributeRule {
    AttributeRule { name, default, kind: Kind::Number { min, max } }
}

/// All attributes of `<application>`, in the order of the schema.
pub const APPLICATION_ATTRIBUTES: [AttributeRule; 14] = [
    text("fullPath"),
    text("arguments"),
    text("monitorChangesTo"),
    AttributeRule {
        name: "stderrMode",
        default: "ReturnStdErrIn500",
        kind: Kind::Choice(&[
            "ReturnStdErrIn500",
            "ReturnGeneric500",
            "IgnoreAndReturn200",
            "TerminateProcess",
        ]),
    },
    number("maxInstances", "0", 0, 10_000),
    number("idleTimeout", "300", 10, 2_592_000),
    number("activityTimeout", "70", 10, 2_592_000),
    number("requestTimeout", "90", 10, 2_592_000),
    number("instanceMaxRequests", "200", 1, 10_000_000),
    number("signalBeforeTerminateSeconds", "0", 0, 60),
    AttributeRule { name: "protocol", default: "NamedPipe", kind: Kind::Choice(&["NamedPipe", "Tcp"]) },
    number("queueLength", "1000", 1, 100_000_000),
    AttributeRule { name: "flushNamedPipe", default: "false", kind: Kind::Flag },
    number("rapidFailsPerMinute", "10", 0, 1_000),
];

pub(super) fn rule(name: &str) -> Option<&'static AttributeRule> {
    APPLICATION_ATTRIBUTES.iter().find(|rule| rule.name.eq_ignore_ascii_case(name))
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttributeFault {
    /// IIS has no such attribute. Names count with their case.
    #[error("a FastCGI application has no attribute `{name}`{}", nearest(name))]
    Unknown {
        /// Its name.
        name: String,
    },
    /// The value is none of those that IIS takes.
    #[error("`{name}` must be {expected}, not `{value}`")]
    Value {
        /// The attribute.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: String,
    },
}

fn nearest(name: &str) -> String {
    APPLICATION_ATTRIBUTES
        .iter()
        .map(|rule| (strsim::damerau_levenshtein(&rule.name.to_lowercase(), &name.to_lowercase()), rule.name))
        .filter(|(distance, _)| *distance <= 4)
        .min()
        .map(|(_, known)| format!(", did you mean `{known}`?"))
        .unwrap_or_default()
}

/// Checks one attribute of a FastCGI application, its name and its value.
///
/// # Errors
/// IIS would refuse it, and with it the whole configuration.
pub fn check_attribute(name: &str, value: &str) -> Result<(), AttributeFault> {
    let Some(rule) = rule(name).filter(|rule| rule.name == name) else {
        return Err(AttributeFault::Unknown { name: name.to_owned() });
    };
    let expected = match rule.kind {
        Kind::Text => return Ok(()),
        Kind::Flag if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") => {
            return Ok(());
        }
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Number { min, max } => {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            if digits && value.parse().is_ok_and(|number: u32| (min..=max).contains(&number)) {
                return Ok(());
            }
            format!("a whole number from {min} to {max}")
        }
        Kind::Choice(words) if words.iter().any(|word| word.eq_ignore_ascii_case(value)) => return Ok(()),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
    };
    Err(AttributeFault::Value { name: rule.name, value: value.to_owned(), expected })
}
