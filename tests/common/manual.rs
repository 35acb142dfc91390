//! What the manual tells a reader to copy.

use std::path::Path;

/// A block of code in a chapter.
pub struct Block {
    /// The heading above it, of any level.
    pub heading: String,
    /// What follows the opening fence.
    pub language: String,
    /// What stands between it and the heading, or the block before it.
    #[allow(dead_code, reason = "only the test that looks at all blocks reads it")]
    pub before: String,
    pub text: String,
}

/// Returns the text of a chapter: `README`, or a file in `src/manual` without its `.md`.
#[track_caller]
pub fn chapter(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = match name {
        "README" => root.join("README.md"),
        chapter => root.join(format!("src/manual/{chapter}.md")),
    };
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the blocks of code in a chapter.
#[track_caller]
pub fn blocks(chapter: &str) -> Vec<Block> {
    let text = self::chapter(chapter);
    let (mut found, mut heading) = (Vec::new(), "");
    let mut lines = text.lines();
    let mut before = Vec::new();
    while let Some(line) = lines.next() {
        let unindented = line.trim_start();
        if let Some(language) = unindented.strip_prefix("```") {
            // As in a list.
            let indent = line.len() - unindented.len();
            let of_block = lines.by_ref().take_while(|line| line.trim_start() != "```");
            found.push(Block {
                heading: heading.to_owned(),
                language: language.to_owned(),
                before: before.join(" "),
                text: of_block
                    .flat_map(|line| [line.get(indent..).unwrap_or_default(), "\n"])
                    .collect(),
            });
            before.clear();
        } else if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
            before.clear();
        } else if !line.is_empty() {
            before.push(unindented);
        }
    }
    found
}

/// Returns the text of the only block in this language below this heading.
#[track_caller]
pub fn block(chapter: &str, heading: &str, language: &str) -> String {
    let [block] = all(chapter, heading, language);
    block
}

/// Returns the texts of all blocks in this language below this heading.
#[track_caller]
pub fn all<const N: usize>(chapter: &str, heading: &str, language: &str) -> [String; N] {
    let mut found = blocks(chapter);
    found.retain(|block| block.heading == heading && block.language == language);
    let texts: Vec<_> = found.into_iter().map(|block| block.text).collect();
    let count = texts.len();
    texts
        .try_into()
        .unwrap_or_else(|_| panic!("{chapter} has {count} blocks of {language} below {heading:?}"))
}
