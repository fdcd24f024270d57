//! Tests of the provider options codec, on real attributes and on random ones.

use proptest::prelude::*;
use sha1::{Digest as _, Sha1};

use super::*;

fn hex_sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn options(provider: &str, path: &str, settings: &[(&str, &str)]) -> ProviderOptions {
    let settings = settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    ProviderOptions { settings, ..ProviderOptions::new(provider, path) }
}

fn sample() -> ProviderOptions {
    options("runCommand", "iiswsgi bootstrap", &[("waitAttempts", "10"), ("successReturnCodes", "0x0")])
}

/// Where decoding stopped, and why.
fn fault(payload: &[u8]) -> (usize, String) {
    match ProviderOptions::decode(payload) {
        Err(Error::Payload { offset, message }) => (offset, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn writes_the_payload_of_the_original_project_byte_for_byte() {
    let payload = options(
        "runCommand",
        r"C:\Python27\python.exe -u C:\Python27\Scripts\iiswsgi_deploy-script.py",
        &[("successReturnCodes", "0x0")],
    )
    .encode();
    assert_eq!(payload.len(), 367);
    assert_eq!(hex_sha1(&payload), "56edcda2024509ee547684bd6628af1b2b399685");
}

#[test]
fn reproduces_every_payload_found_in_public_packages() {
    let Some(shared) = crate::testdata::shared() else { return };
    let text = std::fs::read_to_string(shared.join("provider-options.json")).unwrap();
    let blobs: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert!(blobs.len() >= 12);
    for blob in blobs {
        let source = &blob["source"];
        let real = payload_of(blob["blob"].as_str().unwrap()).unwrap();
        let (decoded, library) = ProviderOptions::decode_with_library(&real).unwrap();
        assert_eq!(decoded.provider, blob["providerName"].as_str().unwrap(), "{source}");
        assert_eq!(decoded.path, blob["path"].as_str().unwrap(), "{source}");
        assert_eq!(serde_json::to_value(&decoded.settings).unwrap(), blob["settings"], "{source}");
        assert_eq!(library.name(), blob["library"].as_str().unwrap(), "{source}");
        let written = decoded.encode_for(library);
        assert_eq!(written, real, "{source}");
        assert_eq!(
            written.len(),
            usize::try_from(blob["payload_len"].as_u64().unwrap()).unwrap(),
            "{source}"
        );
        assert_eq!(hex_sha1(&written), blob["payload_sha1"].as_str().unwrap(), "{source}");
    }
}

#[test]
fn several_settings_are_all_names_and_then_all_values() {
    let payload = sample().encode();
    let at = |text: &str| payload.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    let places = [at("waitAttempts"), at("successReturnCodes"), at("\u{2}10"), at("\u{3}0x0")];
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(payload[at("\u{2}10") - 4], 9, "the ids go on through both arrays");
    assert_eq!(ProviderOptions::decode(&payload).unwrap(), sample());
}

#[test]
fn equal_strings_and_repeated_names_are_kept() {
    let twice = options("setAcl", "setAcl", &[("a", "a"), ("a", "a"), ("", "")]);
    assert_eq!(ProviderOptions::decode(&twice.encode()).unwrap(), twice);
}

#[test]
fn the_gzip_header_is_that_of_dot_net_and_the_crc_is_right() {
    let member = STANDARD.decode(sample().to_attribute()).unwrap();
    assert_eq!(member[..10], [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 4, 0]);
    assert!(sample().to_attribute().starts_with("H4sIAAAAAAAEA"));
    assert_eq!(gunzip(&member).unwrap(), sample().encode());
}

#[test]
fn stored_blocks_are_gzip_too() {
    for length in [0, 1, 0xffff, 0x10000, 150_000] {
        let payload = vec![b'x'; length];
        let mut deflated = Vec::new();
        stored(&payload, &mut deflated);
        let mut inflated = Vec::new();
        flate2::read::DeflateDecoder::new(&deflated[..]).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, payload);
    }
}

#[test]
fn reads_references_to_strings_that_stood_before() {
    let written = options("runCommand", "p", &[("waitAttempts", "5"), ("waitInterval", "5")]).encode();
    // The second value, `06 i32 10 "5"`, becomes a reference to the first one, id 9.
    let end = written.len();
    let mut payload = written[..end - 8].to_vec();
    assert_eq!(written[end - 8..], [6, 10, 0, 0, 0, 1, b'5', 11]);
    payload.extend_from_slice(&[9, 9, 0, 0, 0, 11]);
    let read = ProviderOptions::decode(&payload).unwrap();
    assert_eq!(read.settings, [("waitAttempts".into(), "5".into()), ("waitInterval".into(), "5".into())]);
    payload[end - 7] = 5;
    assert_eq!(fault(&payload), (end - 7, "a reference to 5, which is no string before it".into()));
    payload[end - 7] = 11;
    assert_eq!(fault(&payload), (end - 7, "a reference to 11, which is no string before it".into()));
}

#[test]
fn lengths_of_one_two_and_three_bytes_are_read_back() {
    for length in [0, 1, 127, 128, 129, 255, 256, 16_383, 16_384, 70_000] {
        let long = options(&"é".repeat(length / 2), &"x".repeat(length), &[("n", &"v".repeat(length))]);
        assert_eq!(ProviderOptions::decode(&long.encode()).unwrap(), long, "{length}");
        assert_eq!(ProviderOptions::from_attribute(&long.to_attribute()).unwrap(), long, "{length}");
    }
}

#[test]
fn lengths_that_dot_net_does_not_write_are_refused() {
    let payload = sample().encode();
    let at = 17 + 5;
    assert_eq!(payload[at], 0x5b, "the assembly name's length");
    let mut longer = payload.clone();
    longer.splice(at..=at, [0xdb, 0x00]);
    assert_eq!(fault(&longer), (at, "a length that .NET does not write".into()));
    let mut huge = payload;
    huge.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(fault(&huge), (huge.len(), "the data ends early".into()));
}

#[test]
fn what_follows_the_end_is_refused() {
    let mut payload = sample().encode();
    payload.push(0);
    assert_eq!(fault(&payload), (payload.len() - 1, "1 bytes after the end".into()));
    let mut member = STANDARD.decode(sample().to_attribute()).unwrap();
    member.extend_from_slice(b"more");
    let error = ProviderOptions::from_attribute(&STANDARD.encode(member)).unwrap_err();
    assert_eq!(error.to_string(), "4 bytes stand after the gzip data of the provider options");
}

#[test]
fn every_cut_is_an_error() {
    let payload = sample().encode();
    for end in 0..payload.len() {
        assert!(ProviderOptions::decode(&payload[..end]).is_err(), "{end}");
    }
    let attribute = sample().to_attribute();
    for end in 0..attribute.len() {
        assert!(ProviderOptions::from_attribute(&attribute[..end]).is_err(), "{end}");
    }
}

#[test]
fn other_classes_and_assemblies_are_refused() {
    let payload = sample().encode();
    let renamed = |from: &str, to: &str| {
        let at = payload.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut renamed = payload.clone();
        renamed[at..at + to.len()].copy_from_slice(to.as_bytes());
        fault(&renamed)
    };
    assert!(renamed("Microsoft.web.dep", "Microsoft.wsb.dep").1.starts_with("the unknown assembly"));
    assert!(renamed("Version=7.1.0.0", "Version=9.0.0.0").1.starts_with("the unknown assembly"));
    assert_eq!(
        renamed("DeploymentProviderOptions", "DeploymentProviderWhatever").1,
        "`Microsoft.Web.Deployment.DeploymentProviderWhatever` instead of \
         `Microsoft.Web.Deployment.DeploymentProviderOptions`"
            .replace("Whatever` instead", "Whateve` instead")
    );
}

#[test]
fn bombs_are_refused_before_they_grow() {
    let bomb = gzip(&vec![0; 16 << 20]);
    assert!(bomb.len() < MAX_ATTRIBUTE);
    assert!(matches!(ProviderOptions::from_attribute(&STANDARD.encode(bomb)), Err(Error::TooLong)));
    assert!(matches!(ProviderOptions::from_attribute(&"A".repeat(2 << 20)), Err(Error::TooLong)));
    let mut many = sample().encode();
    let at = many.windows(5).position(|window| window == [17, 5, 0, 0, 0]).unwrap() + 5;
    many[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    assert_eq!(fault(&many), (at, "an array of 2147483647 strings".into()));
    many[at..at + 4].copy_from_slice(&(-1_i32).to_le_bytes());
    assert_eq!(fault(&many), (at, "an array of -1 strings".into()));
}

#[test]
fn blanks_in_the_attribute_are_skipped_and_other_letters_are_named() {
    let attribute = sample().to_attribute();
    let wrapped = format!(" {}\r\n\t{} ", &attribute[..40], &attribute[40..]);
    assert_eq!(ProviderOptions::from_attribute(&wrapped).unwrap(), sample());
    assert!(matches!(ProviderOptions::from_attribute("H4sI*"), Err(Error::Base64(_))));
    assert!(matches!(ProviderOptions::from_attribute("aGVsbG8="), Err(Error::Gzip(_))));
    assert!(matches!(ProviderOptions::from_attribute(""), Err(Error::Gzip(_))));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        provider in "\\PC*",
        path in ".*",
        settings in proptest::collection::vec((".*", "\\PC{0,150}"), 0..6),
    ) {
        let options = ProviderOptions { provider, path, settings };
        prop_assert_eq!(&ProviderOptions::decode(&options.encode()).unwrap(), &options);
        prop_assert_eq!(&ProviderOptions::from_attribute(&options.to_attribute()).unwrap(), &options);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), text in ".*") {
        let _ = ProviderOptions::decode(&bytes);
        let _ = ProviderOptions::from_attribute(&text);
        let _ = ProviderOptions::from_attribute(&STANDARD.encode(gzip(&bytes)));
    }

    #[test]
    fn a_changed_byte_never_panics_and_what_is_still_read_can_be_written_again(at in 0_usize..330, byte: u8) {
        let mut payload = sample().encode();
        let at = at % payload.len();
        payload[at] = byte;
        if let Ok(options) = ProviderOptions::decode(&payload) {
            prop_assert_eq!(ProviderOptions::decode(&options.encode()).unwrap(), options);
        }
    }
}
