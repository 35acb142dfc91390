//! `LogOptions`: how to log, which is checked before all else.

use clap::ArgMatches;
use tracing::Level;

use super::{error::ConfigError, flags};

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// A JSON object.
    Json,
}

/// How to log.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// What a line looks like.
    pub format: LogFormat,
    /// The least important lines that are written.
    pub level: Level,
}

impl LogOptions {
    /// Checks the flags and the variables. This comes before all else, so that what is wrong with the
    /// rest is logged in that format.
    ///
    /// # Errors
    ///
    /// When there is no such format or level.
    pub fn check(flags: &ArgMatches) -> Result<Self, ConfigError> {
        Ok(Self {
            format: flags::LOG_FORMAT.choice(
                flags,
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            )?,
            level: flags::LOG_LEVEL.choice(
                flags,
                &[
                    ("error", Level::ERROR),
                    ("warn", Level::WARN),
                    ("info", Level::INFO),
                    ("debug", Level::DEBUG),
                ],
            )?,
        })
    }
}
