//! What an operator's machines ask.

mod health;

pub use self::health::Health;
