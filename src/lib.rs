//! Signet: log in, be greeted, log out.
//!
//! The classic first application with sessions, server-rendered: axum routes, askama pages, and a
//! `username` in a tower-sessions `Session` whose data travels in a signed cookie.
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
//!                                 backend -> store
//! ```
//!
//! - [`config`]: the command line and the environment become a checked `Config`, or one clear error.
//!   Its parts: `flags`, `environment` and `error`; [`secret`], the keys that sign; [`state_dir`], what is
//!   kept between two runs; and [`public_url`], where visitors reach the site. `main.rs` turns errors
//!   into exit codes, and decides what is logged.
//! - [`server`]: the listening socket, signals, shutdown.
//!   - `connection`: HTTP/1.1 on one connection
//!   - `clock`: how long each part of it may take
//! - [`inspect`]: what `signet inspect` tells an operator about a cookie.
//! - [`session`]: how a session lives and dies. It knows nothing of the pages; it could be a crate.
//!   - `middleware`: what happens around a request; `layer`: the same, as tower knows it
//!   - `received`: what the cookies of a request say, and why others are refused
//!   - `cookie`: the cookie's name and attributes, and which cookies of a request are ours
//!   - `signature`, `payload`: the wire format
//!   - `lifetime`: the 7 days and the 30
//!   - `store`: what stands behind the `Session` that handlers see
//!   - `backend`: what is kept on the server: which sessions were revoked, or all data
//!   - `embedded`: the file where that is kept, and the memory that it is read from
//!   - `inspection`: what a cookie says, for whoever has the key
//! - [`web`]: the pages. They see a `Session`, and never a key, a cookie or a byte of wire format.
//!   - `guard`: hosts, other sites' forms, deadlines, panics; `headers`: those on every response
//!   - `fetch_metadata`: whether a link was clicked, and on a page of ours
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
//! `browser` clicks and types in a real Chromium, and `bench` measures what all of it costs.

// Not in Cargo.toml, because these are not for tests.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

pub mod config;
pub mod inspect;
pub mod log;
pub mod public_url;
pub mod secret;
pub mod server;
pub mod session;
pub mod site;
pub mod state_dir;
pub mod web;
