//! The real program on a real socket.

mod command_line;
mod keys;
mod running;
mod signet;
