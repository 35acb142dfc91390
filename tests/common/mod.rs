//! What the test binaries share.
#![allow(dead_code, reason = "each binary uses a part of it")]

pub mod application;
pub mod certificate;
pub mod client;
pub mod ends;
pub mod manual;
pub mod nodes;
pub mod proxy;
pub mod redis;
pub mod signet;
