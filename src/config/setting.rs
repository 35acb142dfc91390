//! A flag and its environment variable, and how their value is found.

use std::path::PathBuf;

use clap::ArgMatches;

use super::{ConfigError, environment};

/// A flag and its environment variable. `--help`, the look-up of a value and the message about a
/// bad value are made from it.
pub(super) struct Setting {
    pub(super) flag: &'static str,
    pub(super) variable: &'static str,
    /// The name of the value in `--help`. Empty for a switch, which takes no value.
    pub(super) value_name: &'static str,
    /// The value when neither is given, or its description for `--help`. Empty if there is none.
    pub(super) default: &'static str,
    pub(super) help: &'static str,
    /// The end of the message about a bad value: what a value must be.
    pub(super) expected: &'static str,
}

impl Setting {
    /// Returns the parsed value of the flag, or else of its variable.
    pub(super) fn value<T>(
        &self,
        flags: &ArgMatches,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let given = match flags.get_many::<String>(self.flag) {
            // Only a flag whose value is a list may be given several times.
            Some(texts) => Some(texts.map(String::as_str).collect::<Vec<_>>().join(" ")),
            None => environment::non_empty(self.variable)?,
        };
        given.map(|text| self.read(&text, parse)).transpose()
    }

    /// Like `value`, but the message about a bad value does not show it.
    pub(super) fn secret_value<T>(
        &self,
        flags: &ArgMatches,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let (flag, variable, expected) = (self.flag, self.variable, self.expected);
        self.value(flags, parse).map_err(|error| match error {
            ConfigError::Value(_) => {
                ConfigError::Value(format!("--{flag} ({variable}) is {expected}"))
            }
            other => other,
        })
    }

    /// Returns the parsed value of the flag, or else of its variable, or else the default.
    pub(super) fn value_or_default<T>(
        &self,
        flags: &ArgMatches,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        match self.value(flags, &parse)? {
            Some(value) => Ok(value),
            None => self.read(self.default, parse),
        }
    }

    /// Returns the path in the flag, or else in its variable. It need not be UTF-8.
    pub(super) fn path(&self, flags: &ArgMatches) -> Option<PathBuf> {
        let flag = flags.get_one::<PathBuf>(self.flag).cloned();
        flag.or_else(|| environment::path(self.variable))
    }

    /// Returns the path in the flag, or else in its variable, or else the default.
    pub(super) fn path_or_default(&self, flags: &ArgMatches) -> PathBuf {
        self.path(flags)
            .unwrap_or_else(|| PathBuf::from(self.default))
    }

    /// Returns which of these words the value is, in any case.
    pub(super) fn choice<T: Copy>(
        &self,
        flags: &ArgMatches,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        self.value_or_default(flags, |text| {
            let mut choices = choices.iter();
            let found = choices.find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
            found.map(|(_, value)| *value)
        })
    }

    /// Returns whether the flag, or else its variable, is on.
    pub(super) fn is_on(&self, flags: &ArgMatches) -> Result<bool, ConfigError> {
        let is_on = self.value(flags, |text| {
            match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Some(true),
                "0" | "false" | "no" | "off" => Some(false),
                _ => None,
            }
        })?;
        Ok(is_on.unwrap_or_default())
    }

    /// Returns whether the flag is given, or its variable.
    pub(super) fn is_given(&self, flags: &ArgMatches) -> bool {
        flags.contains_id(self.flag) || environment::path(self.variable).is_some()
    }

    fn read<T>(&self, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, ConfigError> {
        parse(text).ok_or_else(|| {
            let (flag, variable, expected) = (self.flag, self.variable, self.expected);
            ConfigError::Value(format!("--{flag} ({variable}) is {text:?}: {expected}"))
        })
    }
}
