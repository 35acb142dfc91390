//! What the manual tells a reader to copy.

use std::path::Path;

/// Returns the text of README, or of a chapter of the manual.
#[track_caller]
pub fn chapter(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = match name {
        "README" => root.join("README.md"),
        chapter => root.join(format!("src/manual/{chapter}.md")),
    };
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the text of the only block in this language below this heading, up to the next heading of any
/// level. `chapter` is `README`, or a file in `src/manual` without its `.md`.
#[track_caller]
pub fn block(chapter: &str, heading: &str, language: &str) -> String {
    let text = self::chapter(chapter);
    let mut below = "";
    // What a block is indented by, as in a list, and its lines if it is wanted.
    let mut open: Option<(usize, Option<String>)> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(opened)) => {
                let is_wanted = below == heading && opened == language;
                open = Some((
                    line.len() - line.trim_start().len(),
                    is_wanted.then(String::new),
                ));
            }
            (None, None) if line.starts_with('#') => below = line.trim_start_matches('#').trim(),
            (Some(_), Some("")) => found.extend(open.take().and_then(|(_, block)| block)),
            (Some((indent, Some(block))), _) => {
                block.push_str(line.get(*indent..).unwrap_or_default());
                block.push('\n');
            }
            (None, None) | (Some((_, None)), _) => {}
        }
    }
    let count = found.len();
    let [block] = <[String; 1]>::try_from(found)
        .unwrap_or_else(|_| panic!("{chapter} has {count} blocks of {language} below {heading:?}"));
    block
}
