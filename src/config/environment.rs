//! What the environment says. An empty variable says nothing.

use std::{
    env::{self, VarError},
    path::PathBuf,
};

use super::ConfigError;

/// What a variable says.
pub(super) fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    Ok(text(name)?.filter(|text| !text.trim().is_empty()))
}

/// What a variable says, even when it is empty.
pub(super) fn text(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError::NotUtf8(name)),
    }
}

/// The path that a variable gives, which need not be UTF-8.
pub(super) fn path(name: &'static str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}
