//! Reads environment variables. An empty one counts as missing.

use std::{
    env::{self, VarError},
    path::PathBuf,
};

use super::ConfigError;

/// Returns the value of a variable, unless it is empty or only white space.
pub(super) fn non_empty(name: &'static str) -> Result<Option<String>, ConfigError> {
    Ok(raw(name)?.filter(|text| !text.trim().is_empty()))
}

/// Returns the value of a variable, even if it is empty.
pub(super) fn raw(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError::NotUtf8(name)),
    }
}

/// Returns the path in a variable, unless it is empty. It need not be UTF-8.
pub(super) fn path(name: &'static str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}
