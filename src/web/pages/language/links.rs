//! `Links`: from a page to its versions in all languages.

use std::sync::LazyLock;

use askama::Template;

use super::{ALL, Words};

/// The links from a page to its versions in all languages.
#[derive(Template)]
#[template(path = "links.html")]
pub(in crate::web) struct Links<'a> {
    /// The language of the page.
    words: &'static Words,
    /// The query of its address without the language, and with an `&` at its end unless it is empty.
    query: &'a str,
}

/// The links from a page whose address has no query, by language. They are most of what a page is
/// rendered from, and always the same.
static WITHOUT_QUERY: LazyLock<[String; ALL.len()]> = LazyLock::new(|| {
    ALL.map(|words| {
        #[expect(
            clippy::expect_used,
            reason = "a `String` takes all that is written to it"
        )]
        Links::new(words, "").render().expect("links")
    })
});

impl<'a> Links<'a> {
    pub(in crate::web) fn new(words: &'static Words, query: &'a str) -> Self {
        Self { words, query }
    }

    /// Returns the links from a page whose address has no query.
    pub(in crate::web) fn without_query(words: &Words) -> &'static str {
        let language = ALL.iter().position(|it| it.tag == words.tag);
        language.map_or("", |language| &WITHOUT_QUERY[language])
    }
}
