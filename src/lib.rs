//! Signet: log in, be greeted, log out.
//!
//! A server-rendered application with sessions: axum routes, askama pages, and a `username` in a
//! tower-sessions `Session`, whose data is by default in a signed cookie.
//!
//! The session layer is a package of its own, [`signet_session`], which other axum applications
//! use too.
//!
//! # The map
//!
//! A request flows from left to right. Only the response flows back.
//!
//! ```text
//! socket         web/gate         session/middleware         web/pages/{home,login,logout}
//! limits,   ->   host, origin, -> cookie -> Session     ->   CurrentUser -> template
//! deadlines      headers          Session -> Set-Cookie <-   redirect or page
//!                                     |
//!                                 registry -> records (a file, or Redis)
//! ```
//!
//! - `main.rs`: runs a command; `command_line.rs`: the commands and their flags; `man_page.rs`: what
//!   `signet man` prints.
//! - `config`: turns the command line and the environment into a checked `Config`, or one error.
//!   - `flags`: a row for each flag and its variable; `setting`: how their value is found;
//!     `environment`; `duration`; `effect`: which settings have none; `error`
//! - `listen_address`: where the site listens.
//! - `public_url`: where visitors reach the site, and which hosts and origins are ours.
//! - `cookie_domain`: which domain may share a session cookie.
//! - `private_file`: which files are private enough to be read.
//! - `secret`: reads, checks and generates the keys that sign.
//! - `state_dir`: the directory whose files outlive a run, and its lock.
//! - `site`: turns a `Config` into a running site. Here all parts meet.
//!   - `store`: opens the store and the keys, and configures sessions with them; `metrics`: serves
//!     the metrics at an address of their own; `control`: serves the control socket
//! - `log`: writes lines to standard error without holding up the site.
//!   - `limits`: how many lines of each kind; `escape`: what cannot be seen is escaped
//! - `server`: serves a tower service: listener, limits, signals, shutdown.
//!   - `listener`: accepts connections; `socket_file`: the file of a Unix socket; `inherited`: a socket of
//!     systemd's; `connection`: HTTP/1.1 on one connection; `clock`: its deadlines;
//!     `signals`: what stops it all
//! - `operations`: what an operator's machines ask, and what they are told.
//!   - `health`: whether the process serves, and whether its store answers
//!   - `metrics`: what Prometheus asks, with the metrics of `requests`, of `sessions`, of
//!     `logins`, of the `store` and of the `process`, and `scrape`, which answers
//!   - `healthcheck`: asks the running site whether it serves
//!   - `control`: what `signet logout` asks the running site, and its `client`
//!   - `systemd`: tells it when the site is ready and when it stops
//! - [`manual`]: how to run and use all this.
//! - `inspect`: what `signet inspect` tells an operator about a cookie, with its `explanation`.
//! - `logout`: how `signet logout` ends all sessions of a user.
//! - `session`: the session layer, a package of its own, which knows nothing of the site.
//!   - `config`: what an application decides; `sessions`: opens, accepts and seals cookies as that says
//!   - `layer`: the middleware as a tower layer; `middleware`: the steps before and after a handler
//!   - `received`: which cookies of a request are sessions, and why others are refused;
//!     `received_session`: what handlers can extract about them
//!   - `request`: what is behind one request's `Session`, and what the handler did to it; its `session_store`
//!     is what tower-sessions calls
//!   - `settle`: applies what the handler did: ends, saves or renews the session, before the response
//!   - `cookie`: finds our cookies in a request, and makes the `Set-Cookie`; its `options`
//!   - `format`: opens and seals a cookie's value; its parts are `signature`, `payload` and `cache`,
//!     which remembers verified cookies
//!   - `timeouts`: idle and absolute timeout, renewal
//!   - `key`: the keys, and the `rules` that they are checked by
//!   - `registry`: which sessions are alive, with their data in the cookie or in the store
//!   - `records`: the trait that a store implements
//!   - `embedded`: a store in a file, with its `file`, the file's `identity`, its `writer`, the
//!     `changes` that it makes and the `purge` of what has expired
//!   - `redis`: a store in Redis or Valkey, for several machines
//!     - `address`: where the server is; `info`: whether it may keep records
//!     - `connection`: the connections to it; `link`: the present ones, and the task that looks after them
//!     - `sentinels`: which server is the primary; `marker`: whether it still has its data
//!     - `batch`: many questions at once; `lookups`, `changes`: what they are
//!   - `subject`: whose session it is; `epoch`: tells which sessions of a subject were ended together; `ender`:
//!     ends them all for a handler; `data`: which data it can have; `limit`: a shorter limit of one session
//!   - `caching`: which responses caches may store
//!   - `test_util`: a store in memory and the contract of stores, for tests
//!   - `event`: what happens to sessions, told to an application that counts it
//!   - `inspection`: what a cookie's value holds; `error`: why a cookie or a session is refused
//! - `users`: who can log in, if that takes a password.
//!   - `accounts`: what the users file says; `hash`: a password's hash in it
//!   - `password`: how names and passwords are typed, and compared
//!   - `passwd`: makes a line of that file; `edit`: puts it there, or takes one out; `watch`: notices
//!     that the file has changed
//!   - `hashing`: computes hashes, a bounded number at a time
//!   - `login`: an attempt to log in
//!   - `throttle`: whose failures count, and its `table`: how many there are, and how long the next attempt
//!     has to wait
//!   - `address`: where a visitor comes from; `browsers`: which browsers have logged in before
//! - `web`: the routes, and the steps around them. It sees a `Session`, but no key, no session cookie and
//!   no wire format.
//!   - `pages`: what a visitor sees: a file for each page, with the template of its name, and the `language`
//!   - `forward_auth`: what a proxy asks, for another site, and how a visitor gets back there
//!   - `gate`: what every request passes, and what every response carries
//!   - `app`: all of it as a service, which `server` runs and tests call
//!   - `accounts`: who can log in; `current_user`: all that pages do with a session; `username`: which
//!     names are allowed; `route`: the routes by their names in metrics
//!
//! In `tests`, `app` calls the pages in process, `server` runs the real program on a real socket,
//! `nodes` runs three of it with one store, `proxies` runs it behind the proxies as the manual
//! configures them, `browser` drives a real Chromium, `library` is another application that uses the session
//! layer, and `bench` measures speed and memory.

// Not in Cargo.toml, whose lints apply to tests too.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

pub mod config;
pub mod cookie_domain;
pub mod inspect;
pub mod listen_address;
pub mod log;
pub mod logout;
pub mod manual;
pub mod operations;
pub mod private_file;
pub mod public_url;
pub mod secret;
pub mod server;
pub mod site;
pub mod state_dir;
pub mod users;
pub mod web;

/// Runs README's examples as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
