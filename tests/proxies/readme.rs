//! What README tells an operator to copy.

/// Returns the text of README's only block in this language.
#[track_caller]
pub fn block(language: &str) -> String {
    let fence = format!("\n```{language}\n");
    let parts: Vec<_> = include_str!("../../README.md").split(&fence).collect();
    let [_, rest] = parts[..] else {
        panic!("README has {} blocks of {language}", parts.len() - 1);
    };
    let (block, _) = rest.split_once("\n```\n").expect("an end");
    format!("{block}\n")
}
