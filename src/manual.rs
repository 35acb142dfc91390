//! The manual, a chapter a module. On a code host, read the same files in `src/manual`.
//!
//! At the end of each file are the addresses of its links for a code host. Here the links lead to rustdoc's
//! pages, because other definitions come first, and in Markdown the first definition of a name counts.

/// Makes a module of each file.
macro_rules! chapters {
    ($($name:ident: $file:literal,)*) => {$(
        #[doc = "[a new key on several machines]: crate::manual::machines#a-new-key-on-several-machines"]
        #[doc = "[configuration]: crate::manual::configuration"]
        #[doc = "[ending the sessions of a user]: crate::manual::operating#ending-the-sessions-of-a-user"]
        #[doc = "[guarding]: crate::manual::guarding"]
        #[doc = "[keys]: crate::manual::configuration#keys"]
        #[doc = "[login]: crate::web"]
        #[doc = "[failover]: crate::manual::machines#a-store-that-fails-over"]
        #[doc = "[machines]: crate::manual::machines"]
        #[doc = "[map]: crate"]
        #[doc = "[memory]: crate::manual::performance#memory"]
        #[doc = "[metrics]: crate::manual::operating#metrics"]
        #[doc = "[of passwords]: crate::manual::performance#passwords"]
        #[doc = "[passwords]: crate::manual::passwords"]
        #[doc = "[records]: crate::manual::configuration#timeouts-and-records"]
        #[doc = "[redis]: crate::manual::performance#what-one-redis-server-carries"]
        #[doc = "[running]: crate::manual::running"]
        #[doc = "[session]: signet_session"]
        #[doc = "[the proxy]: crate::manual::running#the-proxy"]
        #[doc = "[tutorial]: crate::manual::tutorial"]
        #[doc = "[when the browser goes in circles]: crate::manual::guarding#when-the-browser-goes-in-circles"]
        #[doc = "[who may enter]: crate::manual::guarding#who-may-enter"]
        #[doc = ""]
        #[doc = include_str!(concat!("manual/", $file))]
        pub mod $name {}
    )*};
}

chapters! {
    getting_started: "getting-started.md",
    tutorial: "tutorial.md",
    tutorial_zh_hant: "tutorial.zh-Hant.md",
    running: "running.md",
    configuration: "configuration.md",
    machines: "machines.md",
    operating: "operating.md",
    recipes: "recipes.md",
    guarding: "guarding.md",
    passwords: "passwords.md",
    promises: "promises.md",
    performance: "performance.md",
    cookie: "cookie.md",
}
