//! What is given as a key, and whether it is one.

use super::{MIN_BYTES, SecretError, SecretKey};

/// Keys that stand in tutorials, manuals and wordlists. Whoever signs with one has told everybody.
const PUBLISHED: &[&str] = &[
    "dev",
    "development",
    "secret",
    "secret key",
    "secret_key",
    "secret-key",
    "super secret key",
    "supersecretkey",
    "your-secret-key",
    "your secret key",
    "changeme",
    "change-me",
    "change me",
    "keyboard cat",
    "you-will-never-guess",
    // Flask's quickstart, over the years.
    "A0Zr98j/3yX R~XHH!jmN]LWX/,?RT",
    r#"_5#y2L"F4Q8z\n\xec]/"#,
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // FastAPI's security tutorial.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // A much watched series of Flask videos.
    "5791628bb0b13ce0c676dfde280ba245",
    // iron-session's and Supabase's manuals.
    "complex_password_at_least_32_characters_long",
    "super-secret-jwt-token-with-at-least-32-characters-long",
];

/// A text, and where it was found: a variable, or a file and line.
pub(super) struct Candidate<'a> {
    place: String,
    text: &'a str,
}

impl<'a> Candidate<'a> {
    /// White space around a key does not count: it is how files, and secrets made from files, end.
    pub(super) fn new(place: String, text: &'a str) -> Self {
        let text = text.trim();
        Self { place, text }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn check(&self) -> Result<SecretKey, SecretError> {
        let place = self.place.clone();
        let unquoted = self.text.trim_matches(['"', '\'']);
        if PUBLISHED
            .iter()
            .any(|published| published.eq_ignore_ascii_case(unquoted))
        {
            return Err(SecretError::Published { place });
        }
        // So that a comment, a sentence, the head of another kind of file, or a file of zeros is not
        // taken for a key, and that every key can become a fallback.
        if !self.text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretError::NotOneWord { place });
        }
        let bytes = self.text.len();
        if bytes < MIN_BYTES {
            return Err(SecretError::Short { place, bytes });
        }
        Ok(SecretKey(self.text.to_owned()))
    }

    /// Whether none of the earlier ones is the same key.
    pub(super) fn check_against(&self, earlier: &[Self]) -> Result<(), SecretError> {
        match earlier.iter().find(|earlier| earlier.text == self.text) {
            None => Ok(()),
            Some(earlier) => Err(SecretError::Repeated {
                place: self.place.clone(),
                earlier: earlier.place.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refusal(text: &str) -> String {
        let candidate = Candidate::new("PLACE".to_owned(), text);
        let error = candidate.check().expect_err("refused").to_string();
        assert!(error.starts_with("PLACE "), "{error}");
        assert!(error.ends_with("make one with `signet key`"), "{error}");
        error
    }

    #[test]
    fn a_key_needs_32_bytes_that_are_not_white_space() {
        for text in ["k".repeat(32), format!(" {}\n", "k".repeat(32))] {
            let candidate = Candidate::new("PLACE".to_owned(), &text);
            assert_eq!(
                candidate.check().expect("accepted").reveal(),
                "k".repeat(32)
            );
        }
        assert!(refusal(&"k".repeat(31)).contains("has 31 bytes"));
        assert!(refusal(&" ".repeat(40)).contains("has 0 bytes"));
    }

    #[test]
    fn a_published_key_is_refused_in_whatever_case_and_quotes() {
        for key in PUBLISHED {
            assert!(refusal(key).contains("published"), "{key}");
            let dressed = format!("\"{}\"\n", key.to_uppercase());
            assert!(refusal(&dressed).contains("published"), "{dressed}");
        }
    }

    #[test]
    fn what_was_not_meant_as_a_key_is_refused() {
        for text in [
            "# the keys of the site, newest first",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "\u{feff}0123456789abcdef0123456789abcdef",
            "0123456789abcdef\r0123456789abcdef",
            &"\0".repeat(44),
        ] {
            assert!(refusal(text).contains("visible ASCII"), "{text:?}");
        }
    }
}
