//! Tests of the site in process: requests and responses, without a socket.

mod app;
mod assets;
mod auth;
mod broken_stores;
mod caching;
mod chapters;
#[path = "../common/mod.rs"]
mod common;
mod conditions;
mod contract;
mod cookies;
mod cross_site;
mod door;
mod ended_everywhere;
mod errors;
mod forger;
mod handlers;
mod headers;
mod itsdangerous;
mod languages;
mod layer;
mod layer_api;
mod limits;
mod logout_everywhere;
mod logout_link;
mod markup;
mod outage;
mod parallel;
mod properties;
mod refused_cookies;
mod return_to;
mod revocation;
mod session_store;
mod sessions;
mod store;
mod story;
mod subjects;
mod throttle;
mod usernames;
mod users;

use common::{ends, manual, redis};
