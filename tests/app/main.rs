//! The site, called in process: one request in, one response out, no socket.

mod app;
mod assets;
mod cookies;
mod cross_site;
mod errors;
mod forger;
mod headers;
mod itsdangerous;
mod languages;
mod other_site;
mod outage;
mod parallel;
mod properties;
mod refused_cookies;
mod revocation;
mod sessions;
mod store;
mod story;
mod usernames;
mod validity;
