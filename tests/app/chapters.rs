//! README and the manual: their links lead somewhere, on a code host and in rustdoc.

use std::{collections::BTreeSet, fs, path::Path};

use crate::manual;

const README: &str = "README";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the names of the files in `src/manual`, without `.md`.
fn chapters() -> Vec<String> {
    let files = fs::read_dir(root().join("src/manual")).expect("the directory");
    let names = files.map(|file| file.expect("a file").file_name());
    let names = names.map(|name| name.into_string().expect("UTF-8"));
    let mut names: Vec<_> = names
        .map(|name| name.strip_suffix(".md").expect("a chapter").to_owned())
        .collect();
    names.sort();
    names
}

/// Returns a text without its blocks of code.
fn without_blocks(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Returns a text without its code.
fn prose(text: &str) -> String {
    without_blocks(text).split('`').step_by(2).collect()
}

/// Returns what follows each `](` up to its `)`.
fn inline_targets(prose: &str) -> Vec<&str> {
    let rests = prose.split("](").skip(1);
    rests.map(|rest| rest.split(')').next().unwrap()).collect()
}

/// Returns the label and the target of each `[label]: target`.
fn definitions(prose: &str) -> Vec<(&str, &str)> {
    let lines = prose.lines().filter_map(|line| line.strip_prefix('['));
    lines.filter_map(|line| line.split_once("]: ")).collect()
}

/// Returns the label of each `[text][label]` and `[label][]`.
fn labels(prose: &str) -> BTreeSet<String> {
    let prose = prose.replace('\n', " ");
    let mut found = BTreeSet::new();
    for (at, _) in prose.match_indices("][") {
        let label = prose[at + 2..].split(']').next().unwrap();
        let text = prose[..at].rsplit('[').next().unwrap();
        let label = if label.is_empty() { text } else { label };
        found.insert(label.to_lowercase());
    }
    found
}

/// Returns the fragments that lead to the headings of a text.
fn anchors(text: &str) -> Vec<String> {
    let prose = prose(text);
    let headings = prose.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| {
        let letters = heading.trim_start_matches('#').trim().to_lowercase();
        let letters = letters
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        letters.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// Panics unless there is what a relative target leads to.
#[track_caller]
fn leads_somewhere(from: &Path, target: &str) {
    if target.contains("://") {
        return;
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = match file {
        "" => from.to_owned(),
        file => from.parent().unwrap().join(file),
    };
    assert!(file.exists(), "{}: no {target}", from.display());
    if !fragment.is_empty() {
        let text = fs::read_to_string(&file).expect("a text");
        let found = anchors(&text).contains(&fragment.to_owned());
        assert!(found, "{}: no heading for {target}", from.display());
    }
}

#[test]
fn every_link_of_readme_leads_somewhere_and_every_chapter_is_linked() {
    let text = prose(&manual::chapter(README));
    let from = root().join("README.md");
    let mut targets = inline_targets(&text);
    targets.extend(definitions(&text).iter().map(|(_, target)| target));
    for target in &targets {
        leads_somewhere(&from, target);
    }
    for chapter in chapters() {
        let file = format!("src/manual/{chapter}.md");
        assert!(targets.contains(&&*file), "README has no link to {file}");
    }
    for label in labels(&text) {
        let mut defined = definitions(&text).into_iter();
        assert!(
            defined.any(|(name, _)| name.to_lowercase() == label),
            "{label}"
        );
    }
}

#[test]
fn every_link_of_the_manual_leads_to_the_same_place_on_a_code_host_and_in_rustdoc() {
    let modules = fs::read_to_string(root().join("src/manual.rs")).expect("the modules");
    for chapter in chapters() {
        let file = format!("{chapter}.md");
        assert!(
            modules.contains(&format!("\"{file}\"")),
            "no module for {file}"
        );
        let text = prose(&manual::chapter(&chapter));
        let from = root().join("src/manual").join(&file);
        for target in inline_targets(&text) {
            let is_here = target.starts_with('#');
            assert!(
                is_here || target.contains("://"),
                "{file}: {target} is wrong in rustdoc"
            );
            leads_somewhere(&from, target);
        }
        let definitions = definitions(&text);
        for (label, target) in &definitions {
            leads_somewhere(&from, target);
            // Of a file of code rustdoc has a page, which it checks itself.
            let (page, fragment) = target.split_once('#').unwrap_or((target, ""));
            let target = match page.strip_suffix(".md") {
                Some(page) => format!("crate::manual::{}", page.replace('-', "_")),
                None => String::new(),
            };
            let hash = if fragment.is_empty() { "" } else { "#" };
            let definition = format!("[{label}]: {target}{hash}{fragment}");
            assert!(
                modules.contains(&definition),
                "{file}: no {definition} in rustdoc"
            );
        }
        let defined: BTreeSet<_> = definitions
            .iter()
            .map(|(label, _)| label.to_lowercase())
            .collect();
        assert_eq!(labels(&text), defined, "{file}");
    }
}

/// Returns how many words a text has outside its blocks of code. The bars of a table and
/// the definitions of links do not count.
fn words(text: &str) -> usize {
    let text = without_blocks(text);
    let words = text
        .lines()
        .filter(|line| !(line.starts_with('[') && line.contains("]: ")))
        .flat_map(str::split_whitespace);
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .count()
}

#[test]
fn readme_is_one_page_and_the_manual_can_be_read_in_half_an_hour() {
    let readme = manual::chapter(README);
    let (page, licence) = readme.split_once("\n## Licence\n").expect("a licence");
    assert!(licence.contains("\nMIT License\n"));
    assert!(words(page) <= 1_000, "README has {} words", words(page));
    let all = chapters()
        .iter()
        .map(|chapter| words(&manual::chapter(chapter)))
        .sum::<usize>();
    assert!(all <= 8_500, "the manual has {all} words");
    for tutorial in ["tutorial", "tutorial.zh-Hant"] {
        let words = words(&manual::chapter(tutorial));
        assert!(words <= 900, "{tutorial} has {words} words");
    }
}

/// Returns the text of all tests.
fn tests() -> String {
    let mut text = String::new();
    let mut directories = vec![root().join("tests")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text += &fs::read_to_string(path).expect("a text");
            }
        }
    }
    text
}

#[test]
fn every_block_is_run_by_a_test_or_says_that_it_is_not() {
    let tests = tests();
    let gate = fs::read_to_string(root().join(".ci/run")).expect("the gate");
    for chapter in chapters().into_iter().chain([README.to_owned()]) {
        // The code of the translation is that of the tutorial, which a test compares.
        if chapter == "tutorial.zh-Hant" {
            continue;
        }
        for block in manual::blocks(&chapter) {
            let says_so = ["ot run by a test", "is not run"]
                .iter()
                .any(|it| block.before.contains(it));
            let is_in_the_gate = block.text.lines().all(|line| gate.contains(line));
            let is_doc_test = block.language.starts_with("rust");
            let is_quoted = chapter == "tutorial" && block.language == "python";
            // A picture in characters.
            let is_picture = chapter == "cookie" && block.language == "text";
            let is_asked_for = tests.contains(&format!("\"{}\"", block.heading));
            assert!(
                says_so || is_in_the_gate || is_doc_test || is_quoted || is_picture || is_asked_for,
                "no test asks for the {} of {chapter} below {}",
                block.language,
                block.heading
            );
        }
    }
}
