//! The subject of a session: whose it is.

use std::{borrow::Cow, collections::HashMap, fmt};

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

/// Whose session it is: what its subject is.
#[derive(Debug, PartialEq)]
pub(crate) struct Owner<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Tells the number 7 from the text "7".
    is_number: bool,
}

impl Subject {
    /// Returns whether the layer knows the subject of sessions.
    pub(crate) fn is_named(&self) -> bool {
        !matches!(self, Self::Unnamed)
    }

    /// Returns whose session has this data. Returns `None` for an anonymous session.
    pub(crate) fn of<'a>(&self, data: &'a HashMap<String, Value>) -> Option<Owner<'a>> {
        let (text, is_number) = match self {
            Self::Unnamed => return None,
            Self::Member(name) => match data.get(name)? {
                Value::String(text) => (Cow::Borrowed(text.as_str()), false),
                Value::Number(number) => (Cow::Owned(number.to_string()), true),
                _ => return None,
            },
            Self::Function(function) => (Cow::Owned(function(data)?), false),
        };
        Some(Owner { text, is_number })
    }

    /// Returns whether a session with this data can matter to anybody but the visitor: it has a
    /// subject, or the layer names none.
    pub(crate) fn is_owned(&self, data: &HashMap<String, Value>) -> bool {
        !self.is_named() || self.of(data).is_some()
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
