//! Why a cookie is refused, in words for an operator.

use crate::{
    config::Config,
    session::{DataIn, Refusal},
};

/// Returns one or two sentences about a refusal, which name the flags to look at.
pub(super) fn explain(reason: Refusal, config: &Config, is_signed: bool, name: &str) -> String {
    let text = match reason {
        Refusal::Malformed if !is_signed => "Signet never gives the cookie such a value.",
        Refusal::Malformed => match config.data_in {
            DataIn::Cookie => {
                "Its data is in the store, but --sessions (SESSIONS) says that it is in the cookie."
            }
            DataIn::Store => {
                "Its data is in the cookie, but --sessions (SESSIONS) says that it is in the store."
            }
        },
        Refusal::BadSignature => {
            return format!(
                "No key of the site signed this for the cookie {name}. Are all flags and variables \
                 the\nsite's, --state-dir, --public-url and --cookie-domain too?"
            );
        }
        Refusal::FromTheFuture => {
            "It was signed, or the session began, more than a minute from now: is a clock wrong?"
        }
        Refusal::Idle => {
            "It was signed longer ago than --session-idle (SESSION_IDLE) allows: the session was \
             not used."
        }
        Refusal::Lifetime => {
            "The session is older than --session-lifetime (SESSION_LIFETIME) allows."
        }
        Refusal::Revoked => "The session was logged out, or replaced by another login.",
        Refusal::Unacceptable => {
            "The session began without a password, or its user has another one now, or is not in \
             --users\n(USERS_FILE)."
        }
        // Needs two cookies.
        Refusal::Ambiguous => "",
    };
    text.to_owned()
}
