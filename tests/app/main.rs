//! The site, called in process: one request in, one response out, no socket.

mod app;
mod cookies;
mod errors;
mod forger;
mod itsdangerous;
mod refused_cookies;
mod sessions;
mod story;
mod style;
mod usernames;
