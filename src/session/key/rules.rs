//! Which keys are refused because everybody knows them, nobody filled them in, or they are obviously made
//! by hand.

use super::KeyError;

/// How many different characters a key must have. Fewer than one in 10^18 keys of 64 random
/// hexadecimal digits fails this.
const MIN_DIFFERENT: usize = 8;

/// Keys from tutorials, manuals and wordlists that are not too short anyway.
pub(super) const PUBLISHED: &[&str] = &[
    "qwertyuiopasdfghjklzxcvbnm123456",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,",
    // The tutorial whose application Signet implements.
    "fkdjsafjdkfdlkjfadskjfadskljdsfklj",
    // Flask's quickstart.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // A popular series of Flask videos.
    "5791628bb0b13ce0c676dfde280ba245",
    // A popular tutorial on Spring Security.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    // jwt.io, and the manuals of iron-session, Supabase and Superset.
    "a-string-secret-at-least-256-bits-long",
    "complex_password_at_least_32_characters_long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET",
    "YOUR_OWN_RANDOM_GENERATED_SECRET_KEY",
    // jwt.io's other examples, RFC 7515 A.1, and the test vectors of FIPS 197 and SP 800-38A.
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    FOR_TESTS,
];

/// The key of `SecretKey::for_tests`, which is there with the feature `test-util` alone.
pub(super) const FOR_TESTS: &str = "signet-session.for_tests:_everybody_knows_it";

/// Words of placeholders, in lower case, without the hyphens and the like between them. Each is too
/// long to occur in a random key by chance.
const TO_BE_REPLACED: &[&str] = &[
    "djangoinsecure",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "replacewith",
    "placeholder",
    "yoursecret",
    "yourkey",
    "insertkey",
    "insertsecret",
    "developmentkey",
    "developmentsecret",
    "fordevelopment",
    "developmentonly",
    "devonly",
    "donotuse",
    "dontuse",
    "notforproduction",
    "notsecure",
];

/// Parts of references to a key that is elsewhere.
const REFERENCES: &[&str] = &["://", "/run/secrets/", "arn:aws:", "vault:", "ENC["];

/// How many bytes of a key are examined for patterns. The time grows with the square of the number.
const MAX_EXAMINED: usize = 1024;

/// Refuses a key that is obviously not random.
pub(super) fn refuse_obvious(key: &[u8]) -> Result<(), KeyError> {
    let examined = &key[..key.len().min(MAX_EXAMINED)];
    if is_pattern(examined) {
        return Err(KeyError::Pattern);
    }
    if is_run(examined) {
        return Err(KeyError::Run);
    }
    Ok(())
}

/// Refuses a key that everybody knows, or that nobody filled in.
pub(super) fn refuse_known(key: &str) -> Result<(), KeyError> {
    if PUBLISHED.iter().any(|it| it.eq_ignore_ascii_case(key)) {
        return Err(KeyError::Published);
    }
    if is_placeholder(key) {
        return Err(KeyError::Placeholder);
    }
    Ok(())
}

/// Returns whether a key is a placeholder, a variable that was not expanded, or a reference to a key
/// that is elsewhere.
fn is_placeholder(key: &str) -> bool {
    let is_around = |start, end| {
        let inside = key.strip_prefix(start);
        inside.is_some_and(|it: &str| it.strip_suffix(end).is_some())
    };
    let is_variable = key.strip_prefix('$').is_some_and(|name| {
        name.bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    });
    let is_word_byte = |byte: u8| byte.is_ascii_alphanumeric() || b" -_<>".contains(&byte);
    let mut words = key.to_ascii_lowercase();
    words.retain(|it| it.is_ascii_alphanumeric());
    is_variable
        || is_around("$(", ")")
        || is_around("{{", "}}")
        || is_around("#{", "}")
        || is_around("%", "%")
        || is_around("@@", "@@")
        || is_around("<", ">") && key.bytes().all(is_word_byte)
        || key
            .split_once("${")
            .is_some_and(|(_, rest)| rest.contains('}'))
        || REFERENCES.iter().any(|it| key.contains(it))
        || TO_BE_REPLACED.iter().any(|it| words.contains(it))
}

/// Returns whether a key has few different characters, or mostly repeats itself.
fn is_pattern(key: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in key {
        seen[usize::from(*byte)] = true;
    }
    let repeats_after = |period: usize| {
        let pairs = key.iter().zip(&key[period..]);
        4 * pairs.filter(|(one, other)| one == other).count() >= 3 * (key.len() - period)
    };
    seen.into_iter().filter(|is_there| *is_there).count() < MIN_DIFFERENT
        || (1..=key.len() / 2).any(repeats_after)
}

/// Returns whether a key mostly has the same difference between neighbouring characters, as in `abcdef`
/// and `9876`.
fn is_run(key: &[u8]) -> bool {
    let mut steps = [0; 256];
    for pair in key.windows(2) {
        steps[usize::from(pair[1].wrapping_sub(pair[0]))] += 1;
    }
    steps.into_iter().any(|count| 2 * count > key.len())
}
