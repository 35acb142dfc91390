//! Signet: log in, be greeted, log out.
//!
//! A server-rendered application with sessions: axum routes, askama pages, and a `username` in a
//! tower-sessions `Session`, whose data is by default in a signed cookie.
//!
//! Without the default feature `site` there is only the module [`session`], for other axum
//! applications; the feature `redis` adds its store for several machines.
//!
//! # The map
//!
//! A request flows from left to right. Only the response flows back.
//!
//! ```text
//! socket         web/guard        session/middleware         web/{home,login,logout}
//! limits,   ->   host, origin, -> cookie -> Session     ->   CurrentUser -> template
//! deadlines      headers          Session -> Set-Cookie <-   redirect or page
//!                                     |
//!                                 registry -> records (a file, or Redis)
//! ```
//!
//! - `main.rs`: the command line and the exit code.
//! - `config`: turns the command line and the environment into a checked `Config`, or one error.
//!   - `flags`: a row for each flag and its variable; `setting`: how their value is found;
//!     `environment`; `error`
//! - `public_url`: where visitors reach the site, and which hosts and origins are ours.
//! - `cookie_domain`: which domain may share a session cookie.
//! - `secret`: reads, checks and generates the keys that sign.
//! - `state_dir`: the directory whose files outlive a run, and its lock.
//! - `site`: turns a `Config` into a running site. Here all parts meet.
//!   - `store`: opens the store and the keys, and configures sessions with them; `metrics`: serves
//!     the metrics at an address of their own
//! - `log`: writes lines to standard error without holding up the site.
//! - `server`: serves a tower service: listener, limits, signals, shutdown.
//!   - `connection`: HTTP/1.1 on one connection; `clock`: its deadlines; `signals`: what stops it all
//! - `operations`: what an operator's machines ask, and what they are told.
//!   - `health`: whether the process serves, and whether its store answers
//!   - `metrics`: what Prometheus asks, with the metrics of `requests`, of `sessions`, of
//!     `logins`, of the `store` and of the `process`, and `scrape`, which answers
//!   - `systemd`: tells it when the site is ready and when it stops
//! - `inspect`: what `signet inspect` tells an operator about a cookie, with its `explanation`.
//! - `session`: the session layer, which depends on no other module.
//!   - `layer`: the middleware as a tower layer; `middleware`: the steps before and after a handler
//!   - `received`: which cookies of a request are sessions, and why others are refused;
//!     `received_session`: what handlers can extract about them
//!   - `request`: what is behind one request's `Session`, and what the handler did to it
//!   - `cookie`: finds our cookies in a request, and makes the `Set-Cookie`; its `options`
//!   - `format`: opens and seals a cookie's value; its parts are `signature`, `payload` and `cache`,
//!     which remembers verified cookies
//!   - `timeouts`: idle and absolute timeout, renewal
//!   - `key`: which texts are accepted as keys
//!   - `registry`: which sessions are alive, with their data in the cookie or in the store
//!   - `records`: the trait that a store implements
//!   - `embedded`: a store in a file, with its `file`, the file's `identity`, its `writer`, the
//!     `changes` that it makes and the `purge` of what has expired
//!   - `redis`: a store in Redis or Valkey, for several machines
//!     - `address`: where the server is; `info`: whether it may keep records
//!     - `connection`: one connection; `link`: the present one, and the task that looks after it
//!     - `lookups`: many look-ups at once
//!   - `condition`: what an application demands of the data of a session
//!   - `event`: what happens to sessions, told to an application that counts it
//!   - `inspection`: what a cookie's value holds; `error`: why a cookie or a session is refused
//! - `users`: who can log in, if that takes a password.
//!   - `accounts`: what the users file says; `hash`: a password's hash in it
//!   - `password`: how names and passwords are typed, and compared
//!   - `passwd`: makes a line of that file
//!   - `hashing`: computes hashes, a bounded number at a time
//!   - `login`: an attempt to log in
//!   - `throttle`: how long the next attempt has to wait, with its `table` of failures
//!   - `address`: where a visitor comes from; `browsers`: which browsers have logged in before
//! - `web`: the pages. They see a `Session`, but no key, no cookie and no wire format.
//!   - `guard`: the steps around every page, with `admission`: which requests come to one; `headers`: the
//!     headers of every response
//!   - `body`: reads a form; `timeout`: limits how long that and a page may take
//!   - `client`: who fills in a form that asks for a password
//!   - `cross_site`: whether a request is for this site, and whether it comes from it
//!   - `home`, `login`, `logout`: a file for each route, each with the template of its name
//!   - `login_refusal`: why nobody was logged in; `known_browser`: the cookie of a browser that has
//!     logged in before
//!   - `current_user`: all that the pages do with a session
//!   - `username`: which names are allowed
//!   - `language`: which language a visitor gets, its `words`, a file for each language, and the
//!     `links` to the other languages
//!   - `return_to`: where a visitor may go after the login; `way_back`: how they get there;
//!     `circles`: notices that they are sent to and fro
//!   - `auth`: tells a proxy who sent a request, with the `question` that the proxy asks
//!   - `cookie`: the cookies of the pages themselves; `flash`: the one that says "logged out"
//!   - `refused`: why the guard refuses a request; `route`: the routes by their names in metrics
//!   - `accept`: parses `Accept` and `Accept-Language`
//!   - `page`: renders a template
//!   - `error`: the error pages
//!   - `assets`: the style sheet and the icon
//!   - `request_id`: the ID of a request in the log; `access_log`: an optional line for each request;
//!     `audit_log`: a line for each login and logout
//!   - `host_watch`: notices that no request is for a host of this site
//!
//! In `tests`, `app` calls the pages in process, `server` runs the real program on a real socket,
//! `nodes` runs three of it with one store, `proxies` runs it behind the proxies as README configures
//! them, `browser` drives a real Chromium, `library` is another application that uses the session
//! layer, and `bench` measures speed and memory.

// Not in Cargo.toml, whose lints apply to tests too.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

#[cfg(feature = "site")]
pub mod config;
#[cfg(feature = "site")]
pub mod cookie_domain;
#[cfg(feature = "site")]
pub mod inspect;
#[cfg(feature = "site")]
pub mod log;
#[cfg(feature = "site")]
pub mod operations;
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
pub mod users;
#[cfg(feature = "site")]
pub mod web;

/// Runs README's examples as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
