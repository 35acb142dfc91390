use super::*;

const ONE: &str = "one-key-of-enough-bytes-to-be-tested";
const TWO: &str = "two-keys-of-enough-bytes-to-be-tested";

#[track_caller]
fn refusal<T: std::fmt::Debug>(keys: Result<T, SecretError>) -> String {
    keys.expect_err("refused").to_string()
}

#[test]
fn a_refused_fallback_is_named_by_its_number() {
    let error = refusal(SecretKeys::from_environment(ONE, &format!(" {TWO}\n dev ")));
    assert!(
        error.starts_with("SECRET_KEY_FALLBACKS, key 2 has 3 bytes"),
        "{error}"
    );
    let error = refusal(SecretKeys::from_environment(&format!("{ONE}\n"), ONE));
    assert!(error.ends_with("is the same key as SECRET_KEY: remove one of them"));
}

#[test]
fn a_key_that_is_in_a_file_twice_is_refused_with_both_lines() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("keys");
    std::fs::write(&path, format!("\n{ONE}\r\n{TWO}\n  {ONE}\n")).expect("a file");
    let error = refusal(SecretKeys::from_file(&path, Owners::Trusted));
    assert!(
        error.contains("keys\", line 4 is the same key as"),
        "{error}"
    );
    assert!(error.contains("keys\", line 2: remove"), "{error}");
}

#[test]
fn an_empty_file_is_refused_and_not_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, _) = StateDir::open_or_create(dir.path()).expect("there");
    state.create_file("secret_key", "\n").expect("made");
    let error = refusal(SecretKeys::load_or_generate(&state));
    assert!(error.contains("secret_key\" holds no key"), "{error}");
}

#[test]
fn the_key_in_the_state_directory_is_generated_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let (state, _) = StateDir::open_or_create(&dir.path().join("state")).expect("made");
    refusal(SecretKeys::load(&state));
    let (made, _) = SecretKeys::load_or_generate(&state).expect("made");
    for read in [
        SecretKeys::load_or_generate(&state),
        SecretKeys::load(&state),
    ] {
        assert!(made.signing == read.expect("read").0.signing);
    }
    let (elsewhere, _) = StateDir::open_or_create(dir.path()).expect("there");
    let (other, _) = SecretKeys::load_or_generate(&elsewhere).expect("another");
    assert!(made.signing != other.signing);
}

#[test]
fn debug_and_errors_do_not_show_the_key() {
    let keys = SecretKeys::from_environment(ONE, TWO).expect("accepted");
    assert_eq!(
        format!("{keys:?}"),
        "SecretKeys { signing: SecretKey(..), fallbacks: [SecretKey(..)] }"
    );
    let error = refusal(SecretKeys::from_environment("hunter2", ""));
    assert!(!error.contains("hunter2"), "{error}");
}
