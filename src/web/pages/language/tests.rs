use super::*;

fn negotiate(lines: &[&str]) -> &'static str {
    let mut headers = HeaderMap::new();
    for line in lines {
        let line = HeaderValue::from_bytes(line.as_bytes()).expect("a header");
        headers.append(header::ACCEPT_LANGUAGE, line);
    }
    super::negotiate(&headers).tag.as_str()
}

#[test]
fn each_range_selects_a_language_or_none() {
    for (range, tag) in [
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("ZH-hant-tw", "zh-Hant"),
        ("zh-yue-HK", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-MY", "zh-Hans"),
        ("zh-Hans", "zh-Hans"),
        ("zh-Hans-TW", "zh-Hans"),
        ("zh-TW-Hans", "zh-Hans"),
        ("zh-cmn-Hans-CN", "zh-Hans"),
        ("zh-x-hant", "zh-Hans"),
        ("cmn", "zh-Hans"),
        ("cmn-Hant", "zh-Hant"),
        ("yue", "zh-Hant"),
        ("yue-HK", "zh-Hant"),
        ("yue-CN", "zh-Hans"),
        ("yue-Hans", "zh-Hans"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en-US-u-hc-h12", "en"),
        ("en-Hant", "en"),
    ] {
        // French is not available, so it must change nothing.
        assert_eq!(negotiate(&[range, "fr"]), tag, "{range}");
        assert_eq!(
            look_up(range).expect("a language").tag.as_str(),
            tag,
            "{range}"
        );
    }
    for range in ["", "*", "-", "e", "fr", "fr-TW", "x-en", "english", "zho"] {
        assert!(look_up(range).is_none(), "{range}");
    }
}

#[test]
fn the_highest_weight_wins_and_then_the_first_item() {
    for (line, tag) in [
        ("en, zh-TW", "en"),
        ("zh-TW, en", "zh-Hant"),
        ("zh-TW;q=0.8, en", "en"),
        ("zh-TW;q=0.8, en;q=0.7, zh-CN;q=0.9", "zh-Hans"),
        ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "en"),
        ("en;q=0.5, zh;q=0.501", "zh-Hans"),
        ("en ; q=0.5\t,\tzh ; Q=0.6", "zh-Hans"),
        ("en;q=0.001", "en"),
        ("en;q=1.000", "en"),
        ("*;q=1, en;q=0.5", "en"),
        (",, en ,", "en"),
        ("en;", "en"),
        ("en;v=1;q=0.5", "en"),
    ] {
        assert_eq!(negotiate(&[line]), tag, "{line}");
    }
    assert_eq!(negotiate(&["fr, zh;q=0.5", "en;q=0.6"]), "en");
    let late = ",".repeat(31) + "en";
    assert_eq!(negotiate(&[&late]), "en");
}

#[test]
fn a_browser_that_asks_only_for_other_languages_gets_english() {
    for line in [
        "fr",
        "fr-FR,de;q=0.8",
        "fr-CH, fr;q=0.9, *;q=0.5",
        "sr-Latn-RS",
        "*, fr;q=0.1",
        "zh;q=0, fr",
    ] {
        assert_eq!(negotiate(&[line]), "en", "{line}");
    }
}

#[test]
fn a_query_chooses_one_of_our_languages_and_keeps_the_rest() {
    for (query, tag, rest) in [
        ("lang=en", Some("en"), ""),
        ("lang=zh-Hans", Some("zh-Hans"), ""),
        ("a=1&lang=zh-Hant&b=%26", Some("zh-Hant"), "a=1&b=%26&"),
        ("lang=fr&lang=en", Some("en"), ""),
        ("lang=fr", None, ""),
        ("lang=EN", None, ""),
        ("lang&&language=en&xlang=en", None, "language=en&xlang=en&"),
        ("", None, ""),
    ] {
        let chosen = chosen_in(query).map(|words| words.tag.as_str());
        assert_eq!((chosen, &*without_language(query)), (tag, rest), "{query}");
    }
}

#[test]
fn a_browser_that_asks_for_no_language_gets_traditional_chinese() {
    assert_eq!(negotiate(&[]), "zh-Hant");
    for line in [
        "",
        "*",
        "e",
        "english",
        "x-en",
        "und",
        "fr;q=0",
        "fr_FR",
        "fr--x",
        "de DE",
        "en;q=0",
        "en;q=0.000",
        "zh;q=0, en;q=0",
        "en;q=2",
        "en;q=1.001",
        "en;q=0.0001",
        "en;q=.5",
        "en;q=+1",
        "en;q=1e-1",
        "en;q=-1",
        "en;q=NaN",
        "en;q=",
        "en;q=0.x",
        "en_US",
        ";q=1",
        "en, zh\u{e9}",
        &(",".repeat(32) + "en"),
    ] {
        assert_eq!(negotiate(&[line]), "zh-Hant", "{line}");
    }
}
