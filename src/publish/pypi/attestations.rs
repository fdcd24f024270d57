//! Attestations (PEP 740) that somebody else made: `FILE.publish.attestation` beside a file, and others of that kind.
//!
//! They are not made here, since that takes a signing service. What can be seen to be wrong is not sent.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// The ending of the files, after the file's own name and the kind: `app-1.0.tar.gz.publish.attestation`.
pub(super) const ENDING: &str = ".attestation";

/// The kinds of attestations that PyPI takes.
const TAKEN: [&str; 2] = ["https://docs.pypi.org/attestations/publish/v1", "https://slsa.dev/provenance/v1"];

/// What one attestation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attestation {
    /// The whole of it, as it is sent.
    pub(super) value: Value,
    /// Its kind.
    pub(super) predicate: String,
}

/// Reads an attestation of a file with a name and a SHA-256.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub(super) fn read(text: &str, file_name: &str, sha256: &str) -> Result<Attestation, &'static str> {
    let value: Value = serde_json::from_str(text).map_err(|_| "it is no JSON")?;
    if value["version"] != 1 {
        return Err("it is not of version 1 (a Sigstore bundle has to be converted first)");
    }
    if !value["verification_material"].is_object() {
        return Err("it has no `verification_material`");
    }
    let envelope = &value["envelope"];
    if envelope["signature"].as_str().is_none() {
        return Err("it has no signature");
    }
    let statement = envelope["statement"].as_str().ok_or("it has no statement")?;
    let statement = BASE64_STANDARD.decode(statement).map_err(|_| "its statement is no base64")?;
    let statement: Value = serde_json::from_slice(&statement).map_err(|_| "its statement is no JSON")?;
    let predicate = statement["predicateType"].as_str().ok_or("its statement has no kind")?.to_owned();
    if !TAKEN.contains(&predicate.as_str()) {
        return Err("it is neither a publish attestation nor an SLSA provenance");
    }
    let subjects = statement["subject"].as_array().ok_or("its statement is about nothing")?;
    let about = |subject: &Value| {
        subject["name"] == file_name
            && subject["digest"]["sha256"].as_str().is_some_and(|told| told.eq_ignore_ascii_case(sha256))
    };
    if !subjects.iter().any(about) {
        return Err("it is about another file, or about other bytes");
    }
    Ok(Attestation { value, predicate })
}

/// The form field that carries attestations of one file; at most one of a kind is taken.
///
/// # Errors
/// Two are of the same kind.
pub(super) fn field(attestations: &[Attestation]) -> Result<Option<String>, &'static str> {
    let repeated = |(at, one): (usize, &Attestation)| {
        attestations[..at].iter().any(|before| before.predicate == one.predicate)
    };
    if attestations.iter().enumerate().any(repeated) {
        return Err("there is another one of the same kind");
    }
    let values: Vec<&Value> = attestations.iter().map(|attestation| &attestation.value).collect();
    Ok((!values.is_empty()).then(|| Value::from(values.into_iter().cloned().collect::<Vec<_>>()).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attestation(predicate: &str, name: &str, sha256: &str) -> String {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": sha256}}],
            "predicateType": predicate,
        });
        let statement = BASE64_STANDARD.encode(statement.to_string());
        json!({"version": 1, "verification_material": {}, "envelope": {"statement": statement, "signature": "x"}})
            .to_string()
    }

    #[test]
    fn an_attestation_of_the_file_is_passed_on_as_it_is() {
        let text = attestation(TAKEN[0], "a-1.whl", "AB");
        let read = read(&text, "a-1.whl", "ab").unwrap();
        let field = field(std::slice::from_ref(&read)).unwrap().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&field).unwrap(),
            json!([serde_json::from_str::<Value>(&text).unwrap()])
        );
        assert_eq!(super::field(&[]), Ok(None));
        assert!(super::field(&[read.clone(), read]).is_err());
    }

    #[test]
    fn what_pypi_would_refuse_is_seen() {
        for (text, part) in [
            ("x".to_owned(), "no JSON"),
            ("{}".to_owned(), "version 1"),
            (attestation(TAKEN[1], "b-1.whl", "ab"), "another file"),
            (attestation(TAKEN[1], "a-1.whl", "cd"), "other bytes"),
            (attestation("https://example.org/x", "a-1.whl", "ab"), "neither"),
        ] {
            let fault = read(&text, "a-1.whl", "ab").unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
