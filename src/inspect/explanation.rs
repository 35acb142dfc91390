//! Why a cookie is refused, in words for an operator.

use crate::config::Config;
use signet_session::{DataIn, Refusal};

/// What else to say when a cookie is refused for one of these reasons: mostly, which flags to look at.
const FLAGS: &[(Refusal, &str)] = &[
    (Refusal::Idle, "See --session-idle (SESSION_IDLE)."),
    (
        Refusal::Lifetime,
        "See --session-lifetime (SESSION_LIFETIME).",
    ),
    (Refusal::Ended, "Its user was logged out everywhere."),
    (
        Refusal::Unacceptable,
        "It began without a password, or its user has another one now, or is not in --users \
         (USERS_FILE).",
    ),
];

/// Returns one or two sentences about a refusal, which name the flags to look at.
pub(super) fn explain(reason: Refusal, config: &Config, is_signed: bool, name: &str) -> String {
    if reason == Refusal::BadSignature {
        return format!(
            "No key of the site signed this for the cookie {name}. Are all flags and variables \
             the\nsite's, --state-dir, --public-url and --cookie-domain too?"
        );
    }
    if reason == Refusal::Malformed && !is_signed {
        return "Signet never gives the cookie such a value.".to_owned();
    }
    if reason == Refusal::Malformed {
        let (is, should) = match config.data_in {
            DataIn::Cookie => ("store", "cookie"),
            DataIn::Store => ("cookie", "store"),
        };
        return format!(
            "Its data is in the {is}, but --sessions (SESSIONS) says that it is in the {should}."
        );
    }
    let flags = FLAGS.iter().find(|(it, _)| *it == reason);
    match flags {
        Some((_, flags)) => format!("{}\n{flags}", reason.explain()),
        None => reason.explain().to_owned(),
    }
}
