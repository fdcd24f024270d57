//! The templates of tags and titles: `v{version}`. Pure.

use super::error::{Error, Problem};

/// Fills in `{name}`s from a list of names and values; `{{` and `}}` are braces.
///
/// # Errors
/// A name is not in the list, has no value, or a brace stands alone.
pub fn expand(template: &str, values: &[(&str, Option<&str>)]) -> Result<String, Error> {
    let refused = |variable: &str, reason| {
        let (template, variable) = (template.to_owned(), variable.to_owned());
        Error::from(Problem::Template { template, variable, reason })
    };
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        let Some((variable, after)) = rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return Err(refused(&rest[..1], "stands alone"));
        };
        let value = values.iter().find(|(name, _)| *name == variable);
        match value {
            Some((_, Some(value))) => text.push_str(value),
            Some((_, None)) => return Err(refused(variable, "differs between the packages of this release")),
            None => return Err(refused(variable, "nobody knows")),
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_their_values() {
        let values = [("version", Some("1.2")), ("name", None)];
        assert_eq!(expand("v{version}", &values).unwrap(), "v1.2");
        assert_eq!(expand("{{x}}-{version}", &values).unwrap(), "{x}-1.2");
        for (template, variable) in [("{nmae}", "nmae"), ("{name}", "name"), ("v{version", "{"), ("}", "}")] {
            let error = expand(template, &values).unwrap_err().to_string();
            assert!(error.contains(&format!("names `{variable}`")), "{error}");
        }
    }
}
