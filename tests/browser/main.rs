//! Tests of the site in a real Chromium.

#[path = "../common/mod.rs"]
mod common;
mod everywhere;
mod guarded;

mod chromium;
mod lighthouse;
mod pages;
mod picture;
mod refusals;
mod siblings;
mod story;
mod way_back;
mod words;

use common::{application, proxy, signet};
