//! `Hidden`: hides what is typed at the terminal.

use std::{
    fs::{File, OpenOptions},
    io,
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

/// Hides what is typed at the terminal until it is dropped: between two questions too, and what is
/// typed or pasted before a question is there.
pub(super) struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    /// Begins to hide. From now on Ctrl-C arrives as a character, which `rpassword` turns into SIGINT;
    /// that does not end the process, which would leave the terminal as it is then.
    pub(super) fn start() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hiding = before.clone();
        hiding
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&terminal, OptionalActions::Now, &hiding)?;
        let hidden = Self { terminal, before };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        // The signal stays caught after this is dropped.
        let _ = runtime.block_on(async { signal(SignalKind::interrupt()) })?;
        Ok(hidden)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nothing to do about an error: the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
