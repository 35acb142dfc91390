//! What the environment says. An empty variable says nothing.

use std::{
    env::{self, VarError},
    path::PathBuf,
};

use super::ConfigError;

/// What a flag says, or else its variable.
pub(super) fn given(
    flag: Option<String>,
    name: &'static str,
) -> Result<Option<String>, ConfigError> {
    match flag {
        Some(flag) => Ok(Some(flag)),
        None => variable(name),
    }
}

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

/// Like [`variable`], for paths, which need not be UTF-8.
pub(super) fn path(name: &'static str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Like [`variable`], for flags that take no value.
pub(super) fn switch(name: &'static str) -> Result<bool, ConfigError> {
    let Some(value) = variable(name)? else {
        return Ok(false);
    };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(ConfigError::Switch { name, value }),
    }
}
