//! Which data a session can have.

use std::collections::HashMap;

use serde_json::Value;

use super::format::is_reserved;

/// How deep values may nest. serde_json reads at most 127 levels, and the payload is one of them.
const MAX_DEPTH: usize = 126;

/// Refuses data that could not be read back. Returns why.
pub(crate) fn check(data: &HashMap<String, Value>) -> Result<(), String> {
    if let Some(key) = data.keys().find(|key| is_reserved(key)) {
        return Err(format!("the session key {key} is reserved"));
    }
    if !data.values().all(|value| nests_within(MAX_DEPTH, value)) {
        return Err("a value in the session is nested too deeply".to_owned());
    }
    Ok(())
}

fn nests_within(depth: usize, value: &Value) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|it| nests_within(depth - 1, it)),
        Value::Object(members) => {
            depth > 0 && members.values().all(|it| nests_within(depth - 1, it))
        }
        _ => true,
    }
}
