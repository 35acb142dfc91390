//! Escapes characters that cannot be seen, or that control a terminal.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use icu_properties::{CodePointMapData, props::GeneralCategory};

/// The character that begins a colour.
const ESCAPE: char = '\u{1b}';

/// Replaces characters that cannot be seen, and those that control a terminal, with JSON escapes.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    printable_except(text, |_| false)
}

fn printable_except(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match CodePointMapData::<GeneralCategory>::new().get(character) {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
                if !is_kept(character) =>
            {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(printable, "\\u{unit:04x}");
                }
            }
            _ => printable.push(character),
        }
    }
    Cow::Owned(printable)
}

/// A writer of lines, each in one piece, whose characters can all be seen. What a stranger sends gets
/// into lines, of text as of JSON, where the escapes mean the same characters.
#[derive(Clone)]
pub(super) struct Printable<W> {
    pub(super) inner: W,
    /// If true, the escape character is kept. tracing has replaced those that are not for colours.
    pub(super) has_colours: bool,
}

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let content = text.strip_suffix('\n').unwrap_or(&text);
        let is_kept = |character| self.has_colours && character == ESCAPE;
        match printable_except(content, is_kept) {
            Cow::Borrowed(_) => self.inner.write_all(line)?,
            Cow::Owned(mut printable) => {
                printable.push_str(&text[content.len()..]);
                self.inner.write_all(printable.as_bytes())?;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            printable("a\u{1b}[2J\u{9b}\u{202e}\u{2028}\u{85}\u{e0001}\n"),
            r"a\u001b[2J\u009b\u202e\u2028\u0085\udb40\udc01\u000a"
        );
        let shown = r#"username: "王小明 🦀 \" é""#;
        assert_eq!(printable(shown), shown);
    }

    #[test]
    fn a_line_stays_one_line_and_keeps_its_colours() {
        for (has_colours, line, written) in [
            (false, "plain\n", "plain\n"),
            (false, "a\nb\u{1b}\n", "a\\u000ab\\u001b\n"),
            (true, "\u{1b}[2ma\u{202e}\n", "\u{1b}[2ma\\u202e\n"),
        ] {
            let inner = Vec::new();
            let mut writer = Printable { inner, has_colours };
            writer.write_all(line.as_bytes()).expect("written");
            assert_eq!(String::from_utf8_lossy(&writer.inner), written);
        }
    }
}
