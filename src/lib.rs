//! Signet: log in, be greeted, log out.
//!
//! The classic first application with sessions, server-rendered: axum routes, askama pages, and a
//! `username` in a tower-sessions `Session` whose data travels in a signed cookie.
//!
//! Without the default feature `site` only the module [`session`] is left, for other axum applications.
//!
//! # The map
//!
//! One request, from left to right; nothing flows backwards except the response.
//!
//! ```text
//! socket         web/guard        session/middleware         web/{home,login,logout}
//! limits,   ->   host, origin, -> cookie -> Session     ->   CurrentUser -> template
//! deadlines      headers          Session -> Set-Cookie <-   redirect or page
//!                                     |
//!                                 registry -> records (a file)
//! ```
//!
//! - `main.rs`: the command line comes in, an exit code goes out.
//! - `config`: the command line and the environment become a checked `Config`, or one clear error.
//!   - `setting`: a row for each flag and its variable; `environment`; `error`
//! - `public_url`: where visitors reach the site, and which hosts and origins are ours.
//! - `secret`: the keys that sign: read, generated, refused.
//! - `state_dir`: the directory that is kept between two runs, and its lock.
//! - `site`: a `Config` becomes a running site: the one place that knows all parts.
//! - `log`: lines on standard error, for which nothing waits.
//! - `server`: serves a tower service: listener, limits, signals, shutdown.
//!   - `connection`: HTTP/1.1 on one connection; `clock`: how long each part of it may take
//! - `inspect`: what `signet inspect` tells an operator about a cookie.
//! - `session`: how a session lives and dies. It knows nothing of the rest.
//!   - `layer`: the middleware, as tower knows it; `middleware`: what happens around a request, from
//!     top to bottom
//!   - `received`: which cookies of a request are sessions, and why others are refused
//!   - `request`: what stands behind one request's `Session`, and what became of it
//!   - `cookie`: which cookies of a request are ours, and the `Set-Cookie`; its `options`
//!   - `format`: opens and seals a cookie's value; `signature` and `payload` are its parts
//!   - `timeouts`: idle and absolute timeout, renewal
//!   - `key`: what may be a key
//!   - `registry`: which sessions are alive, in both ways of keeping them
//!   - `records`: what a store has to do
//!   - `embedded`: such a store, with its `file`, its `writer` and the `changes` that it makes
//!   - `inspection`: what a cookie's value says; `error`: why a cookie or a session is refused
//! - `web`: the pages. They see a `Session`, and never a key, a cookie or a byte of wire format.
//!   - `guard`: what every request and response passes; `headers`: those on every response
//!   - `cross_site`: is a request for us, and from us?
//!   - `home`, `login`, `logout`: a file a route, each with the template of its name
//!   - `current_user`: all that the pages do with a session
//!   - `username`: what a name may be
//!   - `language`: every word on the pages, a file a language, and which of them a visitor reads
//!   - `accept`: what a request says of the answer that it would like
//!   - `page`: a template becomes a page
//!   - `error`: what a visitor sees when something goes wrong
//!   - `assets`: the style sheet and the icon
//!   - `access_log`: a line a request, when one is wanted
//!
//! In `tests`, `app` calls the pages in process, `server` runs the real program on a real socket,
//! `browser` clicks and types in a real Chromium, `library` is another application that uses the
//! session layer, and `bench` measures what all of it costs.

// Not in Cargo.toml, because these are not for tests.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

#[cfg(feature = "site")]
pub mod config;
#[cfg(feature = "site")]
pub mod inspect;
#[cfg(feature = "site")]
pub mod log;
#[cfg(feature = "site")]
pub mod public_url;
#[cfg(feature = "site")]
pub mod secret;
#[cfg(feature = "site")]
pub mod server;
pub mod session;
#[cfg(feature = "site")]
pub mod site;
#[cfg(feature = "site")]
pub mod state_dir;
#[cfg(feature = "site")]
pub mod web;

/// README's examples, which are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
