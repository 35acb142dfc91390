//! `PasswordHash`: a hash of a password, as a users file holds it.

mod argon2id;
#[cfg(test)]
mod tests;

use self::argon2id::Argon2id;

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

/// The shortest output of Argon2id that is not warned about, in bytes: RFC 9106, section 4, has no shorter
/// one for passwords.
const LEAST_OUTPUT_BYTES: usize = 16;

/// The most that Argon2id may fill in all its passes, in KiB. It takes a few seconds.
pub(super) const GREATEST_WORK: u64 = 4 * 1024 * 1024;

/// About how many KiB Argon2 fills in the time in which bcrypt repeats its work once, as measured on an
/// Intel Xeon.
const KIB_PER_ROUND: u64 = 120;

/// A hash to check passwords against if the file is empty. The result is not used.
const DEFAULT: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hash of a password, with its salt and its parameters.
#[derive(Debug)]
pub(super) enum PasswordHash {
    Argon2id(Argon2id),
    /// bcrypt, as `htpasswd -B` writes it.
    Bcrypt {
        text: Box<str>,
        /// The binary logarithm of how often the work is repeated.
        cost: u32,
    },
}

/// What a hash costs: two of the same cost take equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// Memory in KiB, passes and lanes.
    Argon2id(u32, u32, u32),
    /// The binary logarithm of how often the work is repeated.
    Bcrypt(u32),
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
    /// A part of it has a value that no hash may have.
    #[error("the {part} of the {kind} hash is outside the limits, which are {limits}")]
    OutOfLimits {
        /// The kind of the hash.
        kind: &'static str,
        /// The part.
        part: &'static str,
        /// Its limits.
        limits: &'static str,
    },
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
        let fields = text.strip_prefix("$argon2id$");
        let hash = Argon2id::parse(fields.ok_or(HashError::OtherArgon2)?)?;
        let is_in_bounds = hash.params().m_cost() <= GREATEST_ARGON2_KIB;
        let hash = Self::Argon2id(hash);
        if is_in_bounds && hash.cost().work() <= GREATEST_WORK {
            Ok(hash)
        } else {
            Err(HashError::Expensive)
        }
    }

    fn parse_bcrypt(text: &str) -> Result<Self, HashError> {
        let parts = text.parse::<bcrypt::HashParts>();
        let cost = parts.map_err(|_| HashError::Damaged("bcrypt"))?.get_cost();
        if !BCRYPT_COSTS.contains(&cost) {
            return Err(HashError::OutOfLimits {
                kind: "bcrypt",
                part: "cost",
                limits: "4 to 16",
            });
        }
        if cost > GREATEST_BCRYPT_COST {
            return Err(HashError::Expensive);
        }
        let text = text.into();
        Ok(Self::Bcrypt { text, cost })
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
            Self::Argon2id(hash) if hash.params().m_cost() < LEAST_ARGON2_KIB => {
                Some("the Argon2id hash takes less than 7 MiB")
            }
            Self::Argon2id(hash) if hash.output_bytes() < LEAST_OUTPUT_BYTES => {
                Some("the output of the Argon2id hash has less than 16 bytes")
            }
            Self::Bcrypt { cost, .. } if *cost < LEAST_BCRYPT_COST => {
                Some("the cost of the bcrypt hash is less than 10")
            }
            _ => None,
        }
    }

    /// Returns what it costs to check a password.
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Argon2id(hash) => {
                let params = hash.params();
                Cost::Argon2id(params.m_cost(), params.t_cost(), params.p_cost())
            }
            Self::Bcrypt { cost, .. } => Cost::Bcrypt(*cost),
        }
    }

    /// Returns whether this is the hash of a password. Takes long, and blocks the thread.
    ///
    /// bcrypt reads 72 bytes and stops at a NUL, so a password that is longer or has one is never
    /// right. That takes as long as if it were wrong.
    pub(super) fn verify(&self, password: &str) -> bool {
        match self {
            Self::Argon2id(hash) => hash.verify(password.as_bytes()),
            Self::Bcrypt { text, .. } => {
                let is_right = bcrypt::verify(password, text).unwrap_or(false);
                is_right && password.len() <= MAX_BCRYPT_BYTES && !password.contains('\0')
            }
        }
    }
}

impl Cost {
    /// Returns about how long it takes, in KiB that Argon2 fills.
    pub(super) fn work(self) -> u64 {
        match self {
            Self::Argon2id(kib, passes, _) => u64::from(kib) * u64::from(passes),
            Self::Bcrypt(cost) => KIB_PER_ROUND << cost,
        }
    }
}
