//! Trusted Publishing: a job of GitHub Actions that publishes with its own identity.

use super::fake::{Fake, JWT_END};
use super::*;

#[test]
fn a_job_publishes_with_its_own_identity() {
    let (fake, project) = (Fake::new(), project());
    let attestation = attestation(&project.bytes(&format!("dist/{WHEEL}")));
    let project = project.file(&format!("dist/{WHEEL}.publish.attestation"), &attestation);
    let outcome = trusted(&project, &fake).success();
    assert_eq!(fake.names(), [WHEEL, SDIST]);
    assert_eq!(fake.minted().len(), 1, "one token for all files");
    let log = format!("{}{}", outcome.stdout, outcome.stderr);
    for secret in [&fake.minted()[0], JWT_END] {
        let masked = log.lines().any(|line| line.starts_with("::add-mask::") && line.contains(secret));
        assert!(masked, "{log}");
    }
    let sent = json(&fake.field(WHEEL, "attestations")[0]);
    assert_eq!(sent, serde_json::json!([json(&attestation)]));
    assert_eq!(fake.field(SDIST, "attestations"), [""; 0]);

    // With a token they are not taken, and that is said.
    let by_token = Fake::new();
    publish(&project, &by_token, &[LOGIN], &[]).success().says("are left out");
    assert_eq!(by_token.field(WHEEL, "attestations"), [""; 0]);
    let broken = project.file(&format!("dist/{WHEEL}.publish.attestation"), "{}");
    publish(&broken, &Fake::new(), &[LOGIN], &[]).code(2).says("publish.attestation` cannot be used");
}

/// An attestation of a wheel's bytes.
fn attestation(bytes: &[u8]) -> String {
    let sha256 = iiswsgi::digest::Digests::of(bytes).sha256_hex();
    let statement = serde_json::json!({
        "subject": [{"name": WHEEL, "digest": {"sha256": sha256}}],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
    });
    // Basic authentication is base64 of a text with a colon; the statement is JSON, which has one, too.
    let text = statement.to_string();
    let (user, password) = text.split_once(':').unwrap();
    let statement = fake::basic(user, password)["Basic ".len()..].to_owned();
    let envelope = serde_json::json!({"statement": statement, "signature": "c2ln"});
    serde_json::json!({"version": 1, "verification_material": {}, "envelope": envelope}).to_string()
}

#[test]
fn every_refusal_of_a_job_is_explained_in_its_summary() {
    let (fake, project) = (Fake::new(), project());
    let arguments = ["--trusted-publishing", "always"];
    publish(&project, &fake, &[], &arguments).code(4).says("`permissions: id-token: write`");
    assert!(project.read("summary.md").contains("id-token: write"));
    fake.refuse(Some(("invalid-publisher", "valid token, but no corresponding publisher")));
    trusted(&project, &fake).code(4).says("invalid-publisher");
    let summary = project.read("summary.md");
    assert!(summary.contains("| `repository` | `owner/app` |"), "{summary}");
    fake.refuse(None);
    for (status, part) in [(403, "switched off"), (404, "no Trusted Publishing")] {
        fake.audience_status(Some(status));
        fs::write(project.path("summary.md"), "").unwrap();
        trusted(&project, &fake).code(4).says(part);
        assert!(project.read("summary.md").contains(part), "{}", project.read("summary.md"));
    }
    fake.audience_status(None);
    let job = [("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/github?x=1", fake.url))];
    let job = [(job[0].0, job[0].1.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong-secret")];
    fs::write(project.path("summary.md"), "").unwrap();
    publish(&project, &fake, &job, &arguments).code(4).says("GitHub answered with status 401");
    assert!(project.read("summary.md").contains("401"), "{}", project.read("summary.md"));
    assert_eq!(fake.names(), [""; 0]);
}
