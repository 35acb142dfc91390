//! What the program prints for shells and for `man`.

use std::process::Command;

use crate::signet::Signet;

#[test]
fn completions_are_printed_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = Signet::new().args(&["completions", shell]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        for word in ["public-url", "inspect"] {
            assert!(ended.stdout.contains(word), "{shell}: {}", ended.stdout);
        }
    }
    let ended = Signet::new().args(&["completions", "dos"]).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

#[cfg(unix)]
#[test]
fn bash_completes_flags_and_commands() {
    let bash = |script: &str| {
        let output = Command::new("bash").args(["-c", script]).output().ok()?;
        assert!(output.status.success(), "{output:?}");
        Some(String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let script = Signet::new().args(&["completions", "bash"]).run().stdout;
    for (words, completed) in [
        ("signet --publ", "--public-url\n"),
        ("signet insp", "inspect\n"),
        ("signet logo", "logout\n"),
    ] {
        let (before, word) = words.rsplit_once(' ').expect("words");
        let (_, previous) = before.rsplit_once(' ').unwrap_or(("", before));
        let complete = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _signet signet {word} {previous}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        // Without bash, this test checks nothing.
        if let Some(output) = bash(&complete) {
            assert_eq!(output, completed, "{words}");
        }
    }
}

#[test]
fn the_manual_page_has_a_title_and_every_flag() {
    let ended = Signet::new().args(&["man"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    // The macros before the title are for quotation marks.
    let title = ended.stdout.lines().find(|line| !line.contains("ds Aq"));
    assert!(title.expect("a line").starts_with(".TH signet 1 "));
    for part in [
        "\n.SH OPTIONS\n",
        "\\-\\-public\\-url",
        "PUBLIC_URL",
        "SECRET_KEY_FALLBACKS",
        "\n.SH COMMANDS\n",
        "\n.SH FILES\n",
        "\n.SH SIGNALS\n",
        "\n.SH \"EXIT STATUS\"\n",
        "\n.SH EXAMPLES\n",
        "signet completions SHELL",
        "signet logout NAME",
        "a tutorial",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    for page in ["inspect(1)", "key(1)", "serve(1)", "help(1)"] {
        assert!(!ended.stdout.contains(page), "{page} in {}", ended.stdout);
    }
}
