//! The subject of a session: whose it is.

use std::{collections::HashMap, fmt};

use serde_json::Value;

type Function = dyn Fn(&HashMap<String, Value>) -> Option<String> + Send + Sync;

/// How to find the subject in the data of a session.
#[derive(Default)]
pub(crate) enum Subject {
    /// Sessions have none.
    #[default]
    Unnamed,
    /// The text or the number in this member.
    Member(String),
    /// What this function returns.
    Function(Box<Function>),
}

impl Subject {
    /// Returns whose session has this data. Returns `None` for an anonymous session.
    pub(crate) fn of(&self, data: &HashMap<String, Value>) -> Option<String> {
        match self {
            Self::Unnamed => None,
            Self::Member(name) => match data.get(name)? {
                // As JSON, so that the text "7" is another subject than the number 7.
                it @ (Value::String(_) | Value::Number(_)) => Some(it.to_string()),
                _ => None,
            },
            Self::Function(function) => function(data),
        }
    }

    /// Returns whether a session with this data can matter to anybody but the visitor: it has a
    /// subject, or the layer names none.
    pub(crate) fn is_owned(&self, data: &HashMap<String, Value>) -> bool {
        matches!(self, Self::Unnamed) || self.of(data).is_some()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unnamed => "Unnamed",
            Self::Member(_) => "Member(..)",
            Self::Function(_) => "Function(..)",
        })
    }
}
