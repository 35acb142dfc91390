//! Runs the real program on a real socket.

#[cfg(unix)]
mod activation;
mod auth;
mod clocks;
mod command_line;
mod commands;
#[path = "../common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
mod container;
mod cookie_domain;
mod crash;
mod deadlines;
#[cfg(unix)]
mod fail2ban;
mod health;
#[cfg(unix)]
mod healthcheck;
mod hostile;
mod inspect;
mod keys;
mod library;
mod limits;
#[cfg(unix)]
mod logout;
mod logs;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod memory;
mod metrics;
mod passwd;
mod prometheus;
mod running;
mod shell;
mod store;
#[cfg(unix)]
mod systemd;
#[cfg(unix)]
mod terminal;
mod title;
mod transcript;
mod tutorial;
#[cfg(target_os = "linux")]
mod unit;
#[cfg(unix)]
mod unix_socket;
#[cfg(unix)]
mod users;

use common::{client, manual, signet};
