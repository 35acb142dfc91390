//! `PasswordHash`: a hash of a password, as a users file holds it.

use argon2::{ARGON2ID_IDENT, Argon2, Params, PasswordVerifier as _};

/// The longest password that bcrypt reads whole, in bytes.
const MAX_BCRYPT_BYTES: usize = 72;

/// The costs that bcrypt defines: it repeats its work 2^cost times.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// The least cost of bcrypt that OWASP's Password Storage Cheat Sheet allows.
const LEAST_BCRYPT_COST: u32 = 10;

/// The least memory of Argon2id that the same sheet allows, in KiB.
const LEAST_ARGON2_KIB: u32 = 7 * 1024;

/// The greatest cost of bcrypt that is accepted. It takes about four seconds.
const GREATEST_BCRYPT_COST: u32 = 16;

/// The most memory of Argon2id that is accepted, in KiB: 1 GiB for each hash that is computed.
const GREATEST_ARGON2_KIB: u32 = 1024 * 1024;

/// The most that Argon2id may fill in all its passes, in KiB. It takes a few seconds.
const GREATEST_ARGON2_WORK: u64 = 4 * 1024 * 1024;

/// About how many KiB Argon2 fills in the time in which bcrypt repeats its work once, as measured on an
/// Intel Xeon.
const KIB_PER_ROUND: u64 = 120;

/// A hash to check passwords against if the file is empty. The result is not used.
const DEFAULT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hash of a password, with its salt and its parameters.
#[derive(Debug)]
pub(super) enum PasswordHash {
    /// Argon2id (RFC 9106), in PHC form.
    Argon2id(Box<argon2::PasswordHash>, Params),
    /// bcrypt, as `htpasswd -B` writes it.
    Bcrypt {
        text: Box<str>,
        /// The binary logarithm of how often the work is repeated.
        cost: u32,
    },
}

/// The reason why a text is not accepted as a hash. The messages never contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// It is a hash of another kind, such as `{SHA}`, `$apr1$` and those of crypt, or the password
    /// itself.
    #[error("only Argon2id and bcrypt hashes are accepted")]
    Other,
    /// Argon2i or Argon2d.
    #[error("of the kinds of Argon2 only Argon2id is accepted")]
    OtherArgon2,
    /// It begins like an accepted hash, and goes on otherwise.
    #[error("the {0} hash is damaged")]
    Damaged(&'static str),
    /// Anybody who sends a form could take the machine's memory and time.
    #[error(
        "the hash costs too much: Argon2id may take 1 GiB, and 4 GiB in all passes; bcrypt may have the \
         cost {GREATEST_BCRYPT_COST}"
    )]
    Expensive,
}

impl PasswordHash {
    /// Reads a hash: Argon2id in PHC form, or bcrypt (`$2y$`, `$2b$` or `$2a$`).
    pub(super) fn parse(text: &str) -> Result<Self, HashError> {
        if text.starts_with("$argon2") {
            Self::parse_argon2(text)
        } else if ["$2y$", "$2b$", "$2a$"]
            .iter()
            .any(|it| text.starts_with(it))
        {
            Self::parse_bcrypt(text)
        } else {
            Err(HashError::Other)
        }
    }

    fn parse_argon2(text: &str) -> Result<Self, HashError> {
        const DAMAGED: HashError = HashError::Damaged("Argon2id");
        if !text.starts_with("$argon2id$") {
            return Err(HashError::OtherArgon2);
        }
        let hash = argon2::PasswordHash::new(text).map_err(|_| DAMAGED)?;
        let params = Params::try_from(&hash).map_err(|_| DAMAGED)?;
        let is_whole = hash.algorithm == ARGON2ID_IDENT
            && hash.version.is_none_or(|it| [0x10, 0x13].contains(&it))
            && hash.salt.is_some_and(|it| it.len() >= argon2::MIN_SALT_LEN)
            && hash.hash.is_some();
        if !is_whole {
            return Err(DAMAGED);
        }
        let is_in_bounds = params.m_cost() <= GREATEST_ARGON2_KIB;
        let hash = Self::Argon2id(Box::new(hash), params);
        if is_in_bounds && hash.work() <= GREATEST_ARGON2_WORK {
            Ok(hash)
        } else {
            Err(HashError::Expensive)
        }
    }

    fn parse_bcrypt(text: &str) -> Result<Self, HashError> {
        let parts = text.parse::<bcrypt::HashParts>().ok();
        let cost = parts.map(|it| it.get_cost());
        match cost.filter(|it| BCRYPT_COSTS.contains(it)) {
            Some(cost) if cost > GREATEST_BCRYPT_COST => Err(HashError::Expensive),
            Some(cost) => Ok(Self::Bcrypt {
                text: text.into(),
                cost,
            }),
            None => Err(HashError::Damaged("bcrypt")),
        }
    }

    /// Returns what an empty file has in place of its most expensive hash.
    pub(super) fn stand_in() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a test parses this text, which does not change"
        )]
        Self::parse(DEFAULT).expect("a hash")
    }

    /// Returns what makes the hash easier to attack than it should be.
    pub(super) fn weakness(&self) -> Option<&'static str> {
        match self {
            Self::Argon2id(_, params) if params.m_cost() < LEAST_ARGON2_KIB => {
                Some("the Argon2id hash takes less than 7 MiB")
            }
            Self::Bcrypt { cost, .. } if *cost < LEAST_BCRYPT_COST => {
                Some("the cost of the bcrypt hash is less than 10")
            }
            _ => None,
        }
    }

    /// Returns about how long it takes to check a password, for comparison with other hashes.
    pub(super) fn work(&self) -> u64 {
        match self {
            Self::Argon2id(_, params) => u64::from(params.m_cost()) * u64::from(params.t_cost()),
            Self::Bcrypt { cost, .. } => KIB_PER_ROUND << cost,
        }
    }

    /// Returns whether this is the hash of a password. Takes long, and blocks the thread.
    ///
    /// bcrypt reads 72 bytes and stops at a NUL, so a password that is longer or has one is never
    /// right. That takes as long as if it were wrong.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Argon2id(hash, _) => Argon2::default()
                .verify_password(password.as_bytes(), &**hash)
                .is_ok(),
            Self::Bcrypt { text, .. } => {
                let is_right = bcrypt::verify(password, text).unwrap_or(false);
                is_right && password.len() <= MAX_BCRYPT_BYTES && !password.contains('\0')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_programs_are_verified() {
        for (password, hash) in [
            // From the tests of the reference implementation of Argon2.
            (
                "password",
                "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            ),
            // From those of crypt_blowfish.
            (
                "U*U",
                "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            ),
            (
                "U*U",
                "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            ),
        ] {
            let hash = PasswordHash::parse(hash).expect("a hash");
            assert!(hash.verify(password));
            for wrong in ["", "Password", "U*U*"] {
                assert!(!hash.verify(wrong));
            }
        }
    }

    #[test]
    fn bcrypt_reads_72_bytes_and_more_are_never_right() {
        let long = "0123456789".repeat(8);
        let hash = bcrypt::hash(&long, 4).expect("a hash");
        let hash = PasswordHash::parse(&hash).expect("a hash");
        assert!(hash.verify(&long[..72]));
        for wrong in [&long[..71], &long[..73], &long] {
            assert!(!hash.verify(wrong));
        }
        // bcrypt repeats the password with a NUL after it.
        let hash = bcrypt::hash("a", 4).expect("a hash");
        let hash = PasswordHash::parse(&hash).expect("a hash");
        assert!(hash.verify("a"));
        assert!(!hash.verify("a\0a"));
    }

    #[test]
    fn the_default_is_a_hash_that_no_password_has() {
        let hash = PasswordHash::stand_in();
        assert_eq!(hash.weakness(), None);
        assert!(!hash.verify(""));
    }
}
