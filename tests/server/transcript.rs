//! The visit that README shows at its start.

use std::process::Command;

use crate::{manual, signet::Signet};

#[test]
#[ignore = "needs curl"]
fn the_visit_that_readme_shows_goes_as_it_says() {
    let site = Signet::new().start();
    let dir = tempfile::tempdir().expect("a directory");
    let transcript = manual::block("README", "What is different", "console");
    let mut steps = transcript.split("$ ").skip(1).peekable();
    assert!(steps.peek().is_some(), "{transcript}");
    for step in steps {
        let (command, expected) = step.split_once('\n').expect("a line");
        let command = command.replace("127.0.0.1:5000", &site.address.to_string());
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(&dir)
            .output()
            .expect("sh runs");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(shown, expected, "{command}");
    }
}
