//! The name of the site, and the link for those who are logged in.

use crate::signet::Signet;

const HASH: &str = "$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56";

#[test]
fn the_title_is_in_the_head_and_the_title_of_every_page_and_is_escaped() {
    let mut signet = Signet::new().args(&["--title", " <b>Anna's & Bob's</b> "]);
    let site = signet.start();
    let shown = "&lt;b&gt;Anna&#39;s &amp; Bob&#39;s&lt;/b&gt;";
    let cookie = site.log_in("admin");
    for (path, cookie) in [
        ("/", ""),
        ("/", &*cookie),
        ("/login", ""),
        ("/login?lang=en", ""),
        ("/logout?lang=zh-Hans", &cookie),
        ("/nowhere", ""),
    ] {
        let page = site.get(path, cookie);
        assert!(page.contains(&format!(" · {shown}</title>")), "{page}");
        assert!(page.contains(&format!(">{shown}</a></header>")), "{page}");
        assert!(!page.contains("Signet"), "{page}");
    }
    let page = Signet::new().start().get("/", "");
    assert!(page.contains(" · Signet</title>"), "{page}");
    assert!(page.contains(">Signet</a></header>"), "{page}");
}

#[test]
fn a_title_has_1_to_60_characters() {
    let longest = "é".repeat(60);
    let page = Signet::new().env("TITLE", &longest).start().get("/", "");
    assert!(page.contains(&format!(" · {longest}</title>")), "{page}");
    for bad in [&*format!("{longest}x"), " ", "two\nlines"] {
        let ended = Signet::new().args(&["--title", bad]).run();
        ended.refused("--title (TITLE) is ");
        ended.refused("1 to 60 characters");
    }
}

#[test]
fn who_is_logged_in_is_told_what_to_do_next_and_finds_the_link() {
    let signet = Signet::new();
    let users = signet.file("users", &format!("admin:{HASH}\n"));
    let mut signet = signet
        .env("USERS_FILE", users)
        .env("HOME_URL", "https://www.example.com/start?a=1&b=2");
    let site = signet.start();
    let cookie = site.log_in_with("admin", "correct horse");
    let page = site.get("/?lang=en", &cookie);
    let link =
        r#"href="https://www.example.com/start?a=1&amp;b=2">Continue to www.example.com</a>"#;
    assert!(page.contains(link), "{page}");
    let what_next = "go on to the site that you want to see";
    assert!(page.contains(what_next), "{page}");
    let page = site.get("/?lang=en", "");
    assert!(!page.contains(link) && !page.contains(what_next), "{page}");

    // The site of the tutorial is not there for others.
    let site = Signet::new().start();
    let page = site.get("/?lang=en", &site.log_in("admin"));
    assert!(!page.contains(what_next), "{page}");
}

#[test]
fn the_link_is_a_web_address() {
    for bad in [
        "www.example.com",
        "javascript:alert(1)",
        "https://",
        "https://a:b@c/",
    ] {
        let ended = Signet::new().args(&["--home-url", bad]).run();
        ended.refused("--home-url (HOME_URL) is ");
    }
}
