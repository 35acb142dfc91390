use super::{rules::PUBLISHED, *};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use proptest::prelude::*;

const GOOD: &str = "kG7-a_random.key+of/32=bytes!012";

#[test]
fn white_space_around_a_key_does_not_count_towards_its_32_bytes() {
    assert_eq!(GOOD.len(), 32);
    for text in [GOOD.to_owned(), format!(" {GOOD}\n")] {
        assert_eq!(SecretKey::new(&text).expect("accepted").reveal(), GOOD);
    }
    let short = SecretKey::new(&GOOD[1..]);
    assert_eq!(short, Err(KeyError::Short { bytes: 31 }));
    let empty = SecretKey::new(&" ".repeat(40));
    assert_eq!(empty, Err(KeyError::Short { bytes: 0 }));
}

#[test]
fn a_main_that_returns_the_error_shows_a_sentence() {
    let error = SecretKey::new("short").expect_err("5 bytes");
    assert_eq!(
        format!("Error: {error:?}"),
        "Error: the key has 5 bytes and needs at least 32; generate one, also for development"
    );
}

#[test]
fn a_published_key_is_refused_in_any_case_and_in_quotes() {
    for key in PUBLISHED {
        for key in [(*key).to_owned(), format!("\"{}\"\n", key.to_uppercase())] {
            assert_eq!(SecretKey::new(&key), Err(KeyError::Published), "{key}");
        }
    }
}

#[test]
fn a_text_that_is_not_one_word_of_visible_ascii_is_refused() {
    for text in [
        "# the keys of the site, newest first",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "\u{feff}0123456789abcdef0123456789abcdef",
        "0123456789abcdef\r0123456789abcdef",
        &"\0".repeat(44),
    ] {
        assert_eq!(
            SecretKey::new(text),
            Err(KeyError::InvalidCharacter),
            "{text:?}"
        );
    }
}

#[test]
fn a_key_that_is_obviously_not_random_is_refused() {
    for text in [
        "a".repeat(40),
        "0".repeat(32),
        "secret12".repeat(4),
        "hunter2-hunter2-hunter2-hunter2-hunter2".to_owned(),
        "0123456789abcdef0123456789abcdef".to_owned(),
        "asdfasdfasdfasdfasdfasdfasdfasdfjkl;".to_owned(),
        "secret1secret2secret3secret4secret5".to_owned(),
    ] {
        assert_eq!(SecretKey::new(&text), Err(KeyError::Pattern), "{text:?}");
    }
}

#[test]
fn a_run_of_the_alphabet_is_refused_as_what_it_is() {
    for text in [
        "0123456789abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    ] {
        let error = SecretKey::new(text).expect_err("refused");
        assert_eq!(error, KeyError::Run, "{text:?}");
        assert!(error.to_string().contains("follow each other"), "{error}");
    }
}

#[test]
fn every_published_key_has_the_length_of_a_key() {
    for key in PUBLISHED {
        assert!(key.len() >= MIN_KEY_BYTES, "{key}");
    }
}

#[test]
fn a_placeholder_is_refused() {
    for text in [
        "${SECRET_KEY:-please-set-me-to-something}",
        "$SECRET_KEY",
        "$secret_key_of_the_site_in_production",
        "prefix-${SECRET_KEY}-of-the-deployment",
        "%SECRET_KEY_OF_THE_SITE_IN_PRODUCTION%",
        "@@SECRET_KEY_OF_THE_SITE_IN_PRODUCTION@@",
        "#{secret_key_of_the_site_in_production}",
        "/run/secrets/secret_key_of_the_site_1",
        "vault:secret/data/signet#secret_key_1",
        "op://production/signet/secret-key/1a2b",
        "arn:aws:secretsmanager:eu-west-1:1234567:secret:key",
        "Your.Secret.Key.Goes.Here.1234567890abc",
        "{{ secret_key_of_the_site_from_the_vault }}",
        "<insert-a-random-key-of-32-bytes-here>",
        "$(openssl rand -hex 32)",
        "django-insecure-x4k#8q!z7v@p2m$n5b^c3l&j9h*g6f",
        "please-change-me-before-you-deploy-this",
        "REPLACE_ME_WITH_SOMETHING_RANDOM_AND_LONG",
        "changeme-changeme-changeme-changeme",
    ] {
        assert_eq!(SecretKey::new(text), Err(KeyError::Placeholder), "{text:?}");
    }
}

/// The time would otherwise grow with the square of the length.
#[test]
fn a_long_key_is_accepted_within_seconds() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"0123456789abcdef"[(state >> 28) as usize])
    };
    let key: String = (0..1_000_000).map(|_| next()).collect();
    let start = std::time::Instant::now();
    assert!(SecretKey::new(&key).is_ok());
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn debug_and_errors_do_not_show_the_key() {
    let key = SecretKey::new(GOOD).expect("accepted");
    assert_eq!(format!("{key:?}"), "SecretKey(..)");
    let error = SecretKey::new("hunter2").expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn bytes_of_any_values_are_a_key_unless_they_are_short_known_or_a_pattern() {
    let good: Vec<u8> = (0..32_u8).map(|it| it.wrapping_mul(it ^ 0xa7)).collect();
    assert_eq!(SecretKey::from_bytes(&good).unwrap().as_bytes(), good);
    let short = SecretKey::from_bytes(&good[..31]);
    assert_eq!(short, Err(KeyError::Short { bytes: 31 }));
    assert_eq!(SecretKey::from_bytes(&[7; 64]), Err(KeyError::Pattern));
    let run: Vec<u8> = (0..32).collect();
    assert_eq!(SecretKey::from_bytes(&run), Err(KeyError::Run));
    let known = SecretKey::from_bytes(b"a-string-secret-at-least-256-bits-long");
    assert_eq!(known, Err(KeyError::Published));
    // The key of a text is that of its bytes.
    let text = "a-key-of-enough-bytes-to-be-tested";
    assert_eq!(SecretKey::from_bytes(text.as_bytes()), text.parse());
}

#[test]
fn generated_keys_differ_and_are_accepted_as_texts() {
    let (one, other) = (SecretKey::generate(), SecretKey::generate());
    assert_ne!(one, other);
    assert_eq!(SecretKey::new(one.reveal()), Ok(one.clone()));
}

#[test]
fn a_key_that_says_it_is_for_development_is_refused_and_told_what_to_do() {
    for key in [
        "this-is-a-development-key-do-not-use-it!",
        "this_key_is_not_for_production_0123",
        "signet-session.for_tests:_everybody_knows_it",
    ] {
        let error = SecretKey::new(key).expect_err("refused");
        assert!(error.to_string().contains("generate"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The encodings are those of `signet key`, `openssl rand` and Python's `secrets`.
    #[test]
    fn a_random_key_is_never_refused(bytes: [u8; 32]) {
        let hex = bytes.map(|byte| format!("{byte:02x}")).concat();
        for key in [hex, BASE64_STANDARD.encode(bytes), BASE64_URL_SAFE_NO_PAD.encode(bytes)] {
            prop_assert!(SecretKey::new(&key).is_ok(), "{key}");
        }
    }
}
