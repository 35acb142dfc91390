//! The condition under which an application accepts the data of a session.

use std::{collections::HashMap, fmt};

use serde_json::Value;

use super::SessionConfig;

type Function = dyn Fn(&HashMap<String, Value>) -> bool + Send + Sync;

/// The function that says which data are acceptable, if there is one.
#[derive(Default)]
pub(super) struct Condition(Option<Box<Function>>);

impl SessionConfig {
    /// Accepts a session only if a function returns true for its data: for instance, if its user still
    /// exists. The function is called on each request, and must return quickly.
    #[must_use]
    pub fn accept_if(
        mut self,
        function: impl Fn(&HashMap<String, Value>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.condition = Condition(Some(Box::new(function)));
        self
    }
}

impl Condition {
    pub(super) fn holds(&self, data: &HashMap<String, Value>) -> bool {
        self.0.as_ref().is_none_or(|function| function(data))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}
