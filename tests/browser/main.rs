//! Tests of the site in a real Chromium.

#[path = "../server/signet.rs"]
#[expect(
    dead_code,
    reason = "the other tests of the real program use the rest of it"
)]
mod signet;

mod chromium;
mod pages;
mod story;
mod words;
