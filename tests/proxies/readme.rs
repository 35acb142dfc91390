//! What README tells an operator to copy.

/// Returns the text of README's only block in this language.
#[track_caller]
pub fn block(language: &str) -> String {
    block_with(language, "")
}

/// Returns the text of README's only block in this language that contains `part`.
#[track_caller]
pub fn block_with(language: &str, part: &str) -> String {
    // A block in a list is indented.
    let readme = include_str!("../../README.md").replace("\n   ```", "\n```");
    let fence = format!("\n```{language}\n");
    let blocks = readme.split(&fence).skip(1);
    let blocks = blocks.map(|rest| rest.split_once("\n```\n").expect("an end").0);
    let blocks: Vec<_> = blocks.filter(|block| block.contains(part)).collect();
    let [block] = blocks[..] else {
        panic!(
            "README has {} blocks of {language} with {part:?}",
            blocks.len()
        );
    };
    format!("{block}\n")
}
