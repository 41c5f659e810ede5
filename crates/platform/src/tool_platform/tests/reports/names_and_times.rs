//! Accounts, targets and times, as platforms write them.

use EffectKind::Reply;

use super::super::look::{Owners, question};
use super::super::odd_lists::{OURS, item, post_of, shown, whole};
use super::super::*;
use super::check;

/// Names of one account, one post.
#[test]
fn names() {
    let mut rows = Vec::new();
    for (account, author) in [
        ("me", "https://www.instagram.com/me/?hl=en"),
        ("me", "https://www.tiktok.com/@me?lang=en"),
        ("me", "https://www.linkedin.com/company/me/posts/"),
        ("me", "https://www.youtube.com/@me/videos"),
        ("me", "https://x.com/me#m"),
        ("me", "\u{ff20}me"),
        ("me", "\u{2068}me\u{2069}"),
        ("me", "me\u{200e}"),
        ("me", "me\u{2713}"),
        ("me", "&#64;me"),
        ("me", "[@me](https://x.com/me)"),
        ("me", "<@me>"),
        ("me", "me."),
        ("acme_official", "acme_off\u{2026}"),
        ("acme_official", "acme_off..."),
        ("jos\u{e9}", "jose\u{301}"),
        ("acmeinc", "Acme"),
        ("me@example.com", "me@social.example.com"),
        ("me.bsky.social", "did:plc:x"),
        ("urn:li:person:abc", "urn:li:member:12"),
        ("me", "u/me"),
        ("me", "acct:me@host.example"),
        ("me", "me (she/her)"),
        ("me", "%40me"),
        ("me", "'me'"),
        ("me", "\"me\""),
        ("me", "by me"),
        ("me", "ME"),
        ("me", "[deleted]"),
        ("me", "deleted"),
        ("me", "unknown"),
        ("me", "null"),
        ("me", "undefined"),
        ("me", "anonymous"),
        ("me", "0"),
        ("me", ""),
        ("12345", "0"),
        ("12345", "-1"),
    ] {
        let found =
            shown(&post_of(account), &Owners::default(), vec![whole(&[item("p", OURS, -50, author)])]);
        rows.push((format!("account {account:?}, author {author:?}"), "there p|doubt p".to_owned(), found));
    }
    let text = "Well said, and I agree";
    for (target, listed) in [
        ("Ugxyz.9AbCdE", json!("Ugxyz")),
        ("1abc", json!("t3_1abc")),
        ("t3_1abc", json!("1abc")),
        ("723F24D7-E717-40F8-A2B6-CB8464CD23B4", json!("723f24d7-e717-40f8-a2b6-cb8464cd23b4")),
        ("1755123456789012345", json!(1_755_123_456_789_012_480_u64)),
        ("1755123456789012345", json!(1.755_123_456_789_012_4e18)),
        ("1755", json!("0")),
        ("1755", json!(0)),
        ("1755", json!("null")),
        ("abc1", json!("null")),
        ("abc1", json!("undefined")),
        ("abc1", json!("None")),
        ("abc1", json!("abc1\u{200b}")),
        ("abc1", json!("#abc1")),
        ("urn:li:share:1", json!("urn%3Ali%3Ashare%3A1")),
        ("3k", json!("at://did:plc:x/app.bsky.feed.post/3k")),
    ] {
        let asked = question(&engagement(PlatformName::Twitter, Reply, target, text));
        let reply = json!({ "id": "r", "text": text, "at": at(-50).timestamp(), "to": listed });
        rows.push((
            format!("target {target:?}, listed {listed}"),
            "there r|doubt r".to_owned(),
            shown(&asked, &Owners::default(), vec![whole(&[reply])]),
        ));
    }
    check(rows);
}

/// Times as platforms and languages print them: our own post plainly shown is found.
#[test]
fn times() {
    let mut rows = Vec::new();
    for time in [
        json!("2027-01-15 07:59:10+00:00"),
        json!("2027-01-15 07:59:10+00"),
        json!("2027-01-15T07:59:10+00"),
        json!("2027-01-15 07:59:10 UTC"),
        json!("2027-01-15 07:59:10Z"),
        json!("Fri Jan 15 07:59:10 UTC 2027"),
        json!("2027-01-15T07:59:10Z[UTC]"),
        json!("20270115T075910Z"),
        json!("2027-01-15T07:59:10,123Z"),
        json!("2027-01-15T07:59Z"),
        json!("2027-01-15T07:59+00:00"),
        json!("1799999950.123"),
        json!("2027-01-15 07:59:10.123456+00:00"),
        json!("2027-01-15T07:59:10.123456789Z"),
        json!("2027-01-15 07:59:10 +0000 UTC"),
        json!("2027-01-15 07:59:10.123456 +0000 UTC m=+0.1"),
        json!("Fri, 15 Jan 2027 07:59:10 UTC"),
    ] {
        let item = json!({ "id": "p", "text": OURS, "at": time, "by": "me" });
        rows.push((
            format!("at {time}"),
            "there p".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![whole(&[item])]),
        ));
    }
    check(rows);
}
