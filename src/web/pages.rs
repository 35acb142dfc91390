//! What a visitor sees: the pages, and the words on them.

pub(in crate::web) mod assets;
pub(in crate::web) mod error_page;
mod flash;
pub(in crate::web) mod home;
pub(in crate::web) mod language;
pub(in crate::web) mod login;
mod login_refusal;
pub(in crate::web) mod logout;
mod on_the_way;
mod page;
