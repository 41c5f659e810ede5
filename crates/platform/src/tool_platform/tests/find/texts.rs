//! Our text, shown as platforms and servers show it.

use super::super::*;
use super::{post, shown_as};

/// Every way here is one in which a platform or a server shows the very text that we sent.
#[test]
fn our_text_is_found_however_it_is_shown() {
    for (source, ours, shown) in [
        ("plain", "Hello world, all of you", "Hello world, all of you"),
        ("L1: decimal entities (WordPress, Mastodon's HTML)", "it's here now", "it&#039;s here now"),
        ("L1: hex entities", "it's here now", "it&#x27;s here now"),
        ("L1: named entities", "it's here now", "it&apos;s here now"),
        (
            "L1: escaped twice (X API v1.1 through a template)",
            "you & me, together",
            "you &amp;amp; me, together",
        ),
        (
            "L2: LinkedIn little text (brightbean-studio#121)",
            "release (version 2) is out",
            "release \\(version 2\\) is out",
        ),
        ("L2: LinkedIn hashtag template", "out now #launch today", "out now {hashtag|\\#|launch} today"),
        (
            "L3: curly quotes (Threads)",
            "we say \"hello\" -- it's fine",
            "we say \u{201c}hello\u{201d} \u{2014} it\u{2019}s fine",
        ),
        ("L4: a heart without U+FE0F", "I \u{2764}\u{fe0f} Rust a lot", "I \u{2764} Rust a lot"),
        (
            "L4: a family without joiners",
            "our \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} family day",
            "our \u{1f468}\u{1f469}\u{1f467} family day",
        ),
        ("decomposed", "Café, naïve and more", "Cafe\u{301}, nai\u{308}ve and more"),
        ("white space (LinkedIn)", "Hello world,\n\nall of you", "Hello world, all of you "),
        (
            "t.co for a link (X)",
            "See https://example.com/long?a=1 now please",
            "See https://t.co/AbCdEf now please",
        ),
        (
            "L7: what a pattern takes for a credential",
            "new password: chimera2026",
            "new password: chimera2026",
        ),
        ("L7: the same", "code token=SPRING25 works", "code token=SPRING25 works"),
        ("L7: the same", "our ring bearer Alexander", "our ring bearer Alexander"),
        ("L7: the same", "send Authorization: Basic and smile", "send Authorization: Basic and smile"),
        ("A9: a lone surrogate, repaired", "Hello \u{fffd} world of ours", "Hello \u{fffd} world of ours"),
    ] {
        let found =
            shown_as(ours, &[post("ours", shown, -50), post("older", "quite another thing", -600)], []);
        assert_eq!(found, "there ours", "{source}: {shown:?}");
    }
}

/// What may be ours and may be another's ends at a person, with the item shown.
#[test]
fn what_may_be_ours_is_in_doubt() {
    let ours = "Our spring sale starts today in all shops, come early and bring friends #sale";
    for (source, shown) in [
        ("L5: 40 characters without dots", "Our spring sale starts today in all shop"),
        ("L5: shortened with [...]", "Our spring sale starts today in [...]"),
        ("shortened with an ellipsis", "Our spring sale starts today…"),
        (
            "L6: upper case and shouted words",
            "OUR SPRING SALE STARTS TODAY IN ALL SHOPS, COME EARLY AND BRING FRIENDS",
        ),
        (
            "L6: hashtags left out (Instagram API)",
            "Our spring sale starts today in all shops, come early and bring friends",
        ),
        ("L6: empty caption", ""),
        (
            "contained in another text",
            "Reminder: Our spring sale starts today in all shops, come early and bring friends #sale",
        ),
        (
            "a wrapper that the profile does not name",
            "Untrusted!\n<<<BEGIN\nOur spring sale starts today in all shops, come early and bring friends #sale\n<<<END",
        ),
        (
            "the beginning between a server's marks",
            "[content of other people follows]\nOur spring\n[end of the content]",
        ),
        (
            "cut by characters and signed",
            "Our spring sal\n\nSent with the friendly scheduler of PostBuddy and its many partners",
        ),
        ("X's form of a text that goes on", "The weather is lovely… https://t.co/AbCdEf"),
        ("taken down", "[removed]"),
        ("one word edited", "Our summer sale starts today in all shops, come early and bring friends #sale"),
    ] {
        let posts = [post("it", shown, -50), post("older", "quite another thing", -600)];
        let failing = said(true, json!({ "error": "503" }));
        assert_eq!(shown_as(ours, &posts, [failing]), "doubt it", "{source}: {shown:?}");
    }
    let edited = json!({ "id": "it", "text": "quite another thing altogether", "edited": true, "created_at": at(-50).to_rfc3339() });
    let whole = said(false, json!({ "id": "it", "text": "quite another thing altogether", "edited": true }));
    assert_eq!(shown_as(ours, &[edited], [whole]), "doubt it", "edited");
    // X API v2 gives the history of every post: one version is an edit of nothing.
    for (history, expected) in [(json!(["it"]), "absent"), (json!(["it", "it2"]), "doubt it")] {
        let shown = json!({ "id": "it", "text": "quite another thing altogether", "created_at": at(-50).to_rfc3339(),
            "edit_history_tweet_ids": history });
        let found = shown_as(ours, std::slice::from_ref(&shown), [said(false, shown.clone())]);
        assert_eq!(found, expected, "{shown}");
    }
    let timeless = json!({ "id": "it", "text": ours });
    let whole = said(false, json!({ "id": "it", "text": ours }));
    assert_eq!(shown_as(ours, &[timeless], [whole.clone()]), "doubt it", "our text without a time");
    let outside = [post("it", ours, -90_000)];
    assert_eq!(shown_as(ours, &outside, [whole.clone()]), "doubt it", "our text from before");
    assert_eq!(shown_as(ours, &[post("it", ours, 60)], [whole]), "doubt it", "our text from after");
    let nameless = json!({ "text": ours, "created_at": at(-50).to_rfc3339() });
    assert_eq!(shown_as(ours, &[nameless], []), "doubt -", "without an id");
}

#[test]
fn a_text_that_is_not_shown_whole_is_asked_for() {
    let short = [post("ours", "Hello world, this is…", -10)];
    let whole = |text: &str| said(false, json!({ "id": "ours", "text": text }));
    for (answer, expected) in [
        (whole(TEXT), "there ours"),
        // It contradicts the list: a page for those who are not signed in is no text of the post.
        (whole("Some quite different words here"), "doubt ours"),
        (whole("Hello world, this is another"), "doubt ours"),
        (whole("Hello world, this is…"), "doubt ours"),
        (refused(503, 1, "later"), "doubt ours"),
        (refused(404, 144, "No status found with that ID."), "doubt ours"),
    ] {
        assert_eq!(shown_as(TEXT, &short, [answer]), expected);
    }
}

#[test]
fn a_hostile_megabyte_is_in_doubt_and_costs_little() {
    let long = "Hello wo".repeat(125_000);
    let posts = [post("long", &long, -10), post("a", "something else", -70)];
    let whole = said(false, json!({ "id": "long", "text": long }));
    assert_eq!(shown_as(TEXT, &posts, [whole]), "doubt long");
}
