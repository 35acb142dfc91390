//! What every request passes, whoever sends it, and what every response carries.

pub(in crate::web) mod accept;
pub(in crate::web) mod admission;
mod body;
pub(in crate::web) mod cookies;
pub(in crate::web) mod cross_site;
pub(in crate::web) mod deadline;
pub(in crate::web) mod headers;
pub(in crate::web) mod host;
pub(in crate::web) mod log_lines;
pub(in crate::web) mod notes;
pub(in crate::web) mod proxies;
pub(in crate::web) mod refusal;
