//! `Argon2id`: a hash in PHC form (RFC 9106), as the reference implementation writes and reads it.
//!
//! The type for this of the crate `argon2` has room for 48 bytes of salt and 64 of output only, and other
//! programs make longer ones.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD as BASE64};
use subtle::ConstantTimeEq as _;

use super::HashError;

/// The longest salt and the longest output that are accepted, in bytes.
const MAX_BYTES: usize = 1024;

const DAMAGED: HashError = HashError::Damaged("Argon2id");

/// An Argon2id hash, with its salt and its parameters.
#[derive(Debug)]
pub(in crate::users) struct Argon2id {
    argon2: Argon2<'static>,
    salt: Box<[u8]>,
    output: Box<[u8]>,
}

impl Argon2id {
    /// Reads the fields after `$argon2id$`: `v=VERSION`, which older hashes lack, `m=KIB,t=PASSES,p=LANES`,
    /// the salt and the output.
    pub(super) fn parse(fields: &str) -> Result<Self, HashError> {
        let mut fields: Vec<_> = fields.split('$').collect();
        let version = match fields[0].strip_prefix("v=") {
            Some(version) => {
                fields.remove(0);
                Version::try_from(number(version)?)
                    .map_err(|_| out_of_limits("version (v)", "16 or 19"))?
            }
            None => Version::V0x10,
        };
        let [params, salt, output] = fields[..] else {
            return Err(DAMAGED);
        };
        let [salt, output] = [salt, output].map(|it| BASE64.decode(it).map_err(|_| DAMAGED));
        let (salt, output) = (salt?, output?);
        if !(argon2::MIN_SALT_LEN..=MAX_BYTES).contains(&salt.len()) {
            return Err(out_of_limits("salt", "8 to 1024 bytes"));
        }
        if !(Params::MIN_OUTPUT_LEN..=MAX_BYTES).contains(&output.len()) {
            return Err(out_of_limits("output", "4 to 1024 bytes"));
        }
        let params = parse_params(params, output.len())?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, version, params),
            salt: salt.into(),
            output: output.into(),
        })
    }

    pub(super) fn params(&self) -> &Params {
        self.argon2.params()
    }

    pub(super) fn output_bytes(&self) -> usize {
        self.output.len()
    }

    /// Returns whether this is the hash of a password.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let hashed = self
            .argon2
            .hash_password_into(password, &self.salt, &mut output);
        hashed.is_ok() && output.ct_eq(&self.output).into()
    }
}

/// Reads `m=KIB,t=PASSES,p=LANES`.
fn parse_params(text: &str, output_bytes: usize) -> Result<Params, HashError> {
    let mut params = text.split(',');
    let mut next = |name: &str| {
        let param = params.next().and_then(|it| it.strip_prefix(name));
        number(param.ok_or(DAMAGED)?)
    };
    let (m, t, p) = (next("m=")?, next("t=")?, next("p=")?);
    if params.next().is_some() {
        return Err(DAMAGED);
    }
    Params::new(m, t, p, Some(output_bytes)).map_err(|error| match error {
        argon2::Error::TimeTooSmall => out_of_limits("number of passes (t)", "1 or more"),
        argon2::Error::ThreadsTooFew | argon2::Error::ThreadsTooMany => {
            out_of_limits("number of lanes (p)", "1 to 16777215")
        }
        _ => out_of_limits("memory (m)", "8 KiB or more for each lane"),
    })
}

fn number(text: &str) -> Result<u32, HashError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.ok_or(DAMAGED)
}

fn out_of_limits(part: &'static str, limits: &'static str) -> HashError {
    HashError::OutOfLimits {
        kind: "Argon2id",
        part,
        limits,
    }
}
