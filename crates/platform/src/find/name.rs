//! Names of accounts and posts: the same, two, or in forms that cannot be compared.
//!
//! A platform shows one account by its handle, its address, a number or a display name; a server cuts names, quotes them and
//! escapes them. Only two plain names of one form are known to be two: taken for another author's, our own post would be
//! explained, and posted again.

use chimera_contracts::PlatformName;
use chimera_text::{canonical, is_invisible};

/// Whether two names are one account; `None` where that cannot be told.
pub(super) fn same(shown: &str, ours: &str, platform: PlatformName) -> Option<bool> {
    if stands_for_none(shown) {
        return None;
    }
    let ours = handle(ours);
    let (names, whole) = names(shown);
    if names.contains(&ours) {
        return names.iter().all(|part| *part == ours || is_of_addresses(part)).then_some(true);
    }
    let [shown] = names.as_slice() else { return None };
    // One account of Instagram has two numbers, by the login that asks (bridgy#346).
    let numbers =
        form(shown) == Form::Number && matches!(platform, PlatformName::Instagram | PlatformName::Threads);
    let comparable = whole && is_plain(shown) && is_plain(&ours) && form(shown) == form(&ours) && !numbers;
    (comparable && !may_be_one(shown, &ours)).then_some(false)
}

/// Whether two names are one handle, whatever the case of letters and with or without `@`, or one id.
pub(crate) fn is_same_handle(shown: &str, ours: &str) -> bool {
    // Letters of a URN and of a channel's id are told apart by their case.
    let is_id = |name: &str| name.contains(':') || (name.len() == 24 && name.starts_with("UC"));
    if is_id(shown) || is_id(ours) {
        return shown == ours && !shown.ends_with(':');
    }
    !stands_for_none(shown) && handle(shown) == handle(ours)
}

/// Whether what a server tells of its account is the account of these names: one of them, and no id that is another one's.
///
/// A name with `@` is a handle: where something else than digits is told, digits alone are an id, and never such a handle
/// (X lets a handle be digits, and somebody has the id of the same digits).
pub(crate) fn is_account(told: &[String], names: &[&str], platform: PlatformName) -> bool {
    let is_number = |name: &str| form(&handle(name)) == Form::Number;
    let has_handle = told.iter().any(|told| !is_number(told) && !stands_for_none(told));
    let is = |told: &str, name: &str| {
        is_same_handle(told, name) && !(name.starts_with('@') && has_handle && is_number(told))
    };
    let is_named = |told: &str| names.iter().any(|name| is(told, name));
    let is_denied = |told: &str| {
        let shown = handle(told);
        let is_id = matches!(form(&shown), Form::Number | Form::Urn(_) | Form::Channel | Form::Uuid);
        is_id && !is_named(told) && names.iter().any(|name| same(told, name, platform) == Some(false))
    };
    told.iter().any(|told| is_named(told)) && !told.iter().any(|told| is_denied(told))
}

/// The names that a shown name may be, and whether it is one name by itself: of an address each part of the path may be it.
fn names(shown: &str) -> (Vec<String>, bool) {
    let shown = handle(shown);
    let Some((_, rest)) = shown.split_once("://") else { return (vec![shown], true) };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let parts = path.split('/').skip(1).map(|part| part.trim_start_matches('@').to_owned());
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let whole = parts.len() == 1;
    (parts, whole)
}

/// What stands before or behind the name in the address of an account.
fn is_of_addresses(part: &str) -> bool {
    let words = [
        "company",
        "in",
        "user",
        "users",
        "u",
        "c",
        "channel",
        "profile",
        "people",
        "posts",
        "videos",
        "reels",
        "photos",
        "about",
        "with_replies",
        "media",
    ];
    words.contains(&part)
}

/// A handle in one form: without `@`, in lower case, without what is not seen.
fn handle(name: &str) -> String {
    let seen: String = canonical(name).chars().filter(|character| !is_invisible(*character)).collect();
    let seen = seen.replace("%40", "@").replace("&#64;", "@").replace('\u{ff20}', "@");
    seen.trim().trim_end_matches('/').trim_start_matches('@').to_lowercase()
}

/// Letters, digits and the signs of handles and ids; anything else was put around the name, or stands for a part of it.
fn is_plain(name: &str) -> bool {
    let sign = |character: char| matches!(character, '_' | '.' | '-' | ':' | '@' | '/' | '~');
    name.chars().all(|character| character.is_alphanumeric() || sign(character))
        && name.chars().next_back().is_some_and(|last| last.is_alphanumeric() || matches!(last, '_' | '-'))
}

/// What servers and programs write where there is no name.
pub(super) fn stands_for_none(name: &str) -> bool {
    let name = name.trim().trim_matches(['[', ']', '<', '>', '(', ')']).to_lowercase();
    ["", "null", "undefined", "none", "nil", "nan", "0", "-1", "deleted", "unknown", "anonymous", "n/a", "-"]
        .contains(&name.as_str())
}

/// Whether two different names may be one all the same: one shortened, one with what a platform puts before or behind it, one
/// rounded on its way through a program (node-twitter#306).
pub(super) fn may_be_one(one: &str, other: &str) -> bool {
    let within = |short: &str, long: &str| {
        short.chars().count() >= 3 && (long.starts_with(short) || long.ends_with(short))
    };
    if let (Some((one, host)), Some((other, elsewhere))) = (one.split_once('@'), other.split_once('@')) {
        // A server of the fediverse and its web domain (misskey#7922).
        return one == other && (host.ends_with(elsewhere) || elsewhere.ends_with(host));
    }
    match (form(one), form(other)) {
        (Form::Number, Form::Number) => {
            one.len() == other.len() && one.len() > 16 && one.get(..15) == other.get(..15)
        }
        (Form::Uuid, Form::Uuid) => one.eq_ignore_ascii_case(other),
        (Form::Urn(_), Form::Urn(_)) => false,
        _ => within(one, other) || within(other, one),
    }
}

/// The form of a name. Only names of one form can be told apart: a platform that calls an account or a post by a number, an
/// urn or an address in one place and by something else in another does not say that there are two.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    Number,
    /// `2288929313783118989_33440291058`
    Numbers,
    /// With what stands before the last part: `urn:li:share`.
    Urn(&'a str),
    /// A link, or the last part of one.
    Address,
    Uuid,
    /// `UC…` of YouTube
    Channel,
    /// `ann@host.example`
    AtHost,
    Sentence,
    /// A handle, a code, `tweet_17`.
    Word,
}

pub(super) fn form(name: &str) -> Form<'_> {
    let digits = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits(name) {
        Form::Number
    } else if name.contains('/') && !name.starts_with("at://") {
        Form::Address
    } else if let Some((kind, _)) = name.rsplit_once([':', '/']) {
        Form::Urn(kind)
    } else if name.contains(char::is_whitespace) {
        Form::Sentence
    } else if name.contains('@') {
        Form::AtHost
    } else if name.len() == 36 && name.bytes().filter(|byte| *byte == b'-').count() == 4 {
        Form::Uuid
    } else if name.len() == 24 && (name.starts_with("UC") || name.starts_with("uc")) {
        Form::Channel
    } else if name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        Form::Numbers
    } else {
        Form::Word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts() {
        for (shown, ours, expected) in [
            ("@Me", "me", Some(true)),
            ("https://www.linkedin.com/company/me/posts/", "me", Some(true)),
            ("https://x.com/me?lang=en", "@me", Some(true)),
            ("https://x.com/ann", "me", Some(false)),
            // Another account's address may hold any name.
            ("https://x.com/ann/lists/me", "me", None),
            ("https://x.com/ann/status/17", "me", None),
            ("ann", "me", Some(false)),
            ("ann", "anna", None),
            ("ann@host.example", "ann@social.host.example", None),
            ("ann@host.example", "bob@host.example", Some(false)),
            ("ann…", "me", None),
            ("Ann Lee", "me", None),
            ("[deleted]", "me", None),
            ("17", "18", Some(false)),
        ] {
            assert_eq!(same(shown, ours, PlatformName::Twitter), expected, "{shown} {ours}");
        }
        assert_eq!(same("17", "18", PlatformName::Instagram), None, "two numbers of one account");
    }

    #[test]
    fn what_a_server_tells_of_its_account() {
        for (told, names, expected) in [
            (&["me", "17"][..], &["me"][..], true),
            (&["Me", "17"], &["@me"], true),
            (&["me", "17"], &["17"], true),
            (&["me", "17"], &["me", "17"], true),
            // The name is ours, and the number that we know is another one: a handle that changed hands.
            (&["me", "18"], &["me", "17"], false),
            (&["ann", "17"], &["me", "17"], true),
            (&["ann", "18"], &["me"], false),
            // Somebody's id is our handle.
            (&["bob", "12345"], &["@12345"], false),
            (&["bob", "12345"], &["12345"], true),
            (&["12345", "17"], &["@12345"], false),
            (&["12345", "17"], &["@12345", "17"], true),
            (&["12345"], &["@12345"], true),
            (&["urn:li:person:a"], &["acme", "urn:li:person:a"], true),
            (&["acme", "urn:li:person:b"], &["acme", "urn:li:person:a"], false),
            // A display name beside the handle says nothing.
            (&["me", "Ann Lee"], &["me"], true),
            (&["", "0"], &["0"], false),
            (&[], &["me"], false),
        ] {
            let told: Vec<String> = told.iter().map(|told| (*told).to_owned()).collect();
            let is = is_account(&told, names, PlatformName::Twitter);
            assert_eq!(is, expected, "{told:?} {names:?}");
        }
        let two = ["me".to_owned(), "18".to_owned()];
        assert!(is_account(&two, &["me", "17"], PlatformName::Instagram), "two numbers of one account");
    }

    #[test]
    fn two_names_may_be_one() {
        for (one, other, maybe) in [
            // Programs keep fifteen digits for certain: of a longer number the end may be another one.
            ("1755123456789012345", "1755123456789012300", true),
            ("17551234567890123", "17551234567890120", true),
            ("1755123456789012", "1755123456789010", false),
            ("1755123456789012345", "17551234567890123", false),
            ("723f24d7-e717-40f8-a2b6-cb8464cd23b4", "723F24D7-E717-40F8-A2B6-CB8464CD23B4", true),
            ("723f24d7-e717-40f8-a2b6-cb8464cd23b4", "723f24d7-e717-40f8-a2b6-cb8464cd23b5", false),
            ("urn:li:share:17", "urn:li:share:175", false),
            ("tweet_17", "tweet_175", true),
            ("ann", "the_ann", true),
            ("an", "anna", false),
            ("ann@host.example", "ann@social.host.example", true),
            ("ann@host.example", "anna@host.example", false),
        ] {
            assert_eq!(may_be_one(one, other), maybe, "{one} {other}");
            assert_eq!(may_be_one(other, one), maybe, "{other} {one}");
        }
    }

    #[test]
    fn names_of_one_form_can_be_told_apart() {
        for (one, other, same) in [
            ("17", "18", true),
            ("17", "tweet_17", false),
            ("tweet_17", "tweet_18", true),
            ("tweet_17", "elsewhere", true),
            ("urn:li:share:1", "urn:li:share:2", true),
            ("urn:li:share:1", "urn:li:activity:2", false),
            ("urn:li:share:1", "1", false),
            ("at://did:plc:x/app.bsky.feed.post/3k", "at://did:plc:x/app.bsky.feed.post/3l", true),
            ("at://did:plc:x/app.bsky.feed.post/3k", "3k", false),
            ("https://x.com/a/status/17", "17", false),
            ("https://x.com/a/status/17", "https://x.com/b/status/18", true),
            ("ann@host.example", "bob@other.example", true),
            ("Ann Lee", "Bob Ray", true),
            ("17_18", "19_20", true),
            ("17_18", "17_b", false),
            // Thirty-six letters are no UUID, and neither are four hyphens; 24 are no channel, and neither is `uc` before.
            ("ann", "abcdefghijklmnopqrstuvwxyzabcdefghij", true),
            ("ann", "a-b-c-d-e", true),
            ("ann", "abcdefghijklmnopqrstuvwx", true),
            ("ann", "ucabc", true),
            ("UCabcdefghijklmnopqrstuv", "ucabcdefghijklmnopqrstuw", true),
            ("B_D6RVoBXyN", "2288929313783118989_33440291058", false),
            ("ann", "bob", true),
            ("ann", "ann@host.example", false),
            ("ann", "Ann Lee", false),
            ("ann", "ucabcdefghijklmnopqrstuv", false),
            ("ann", "723f24d7-e717-40f8-a2b6-cb8464cd23b4", false),
        ] {
            assert_eq!(form(one) == form(other), same, "{one} {other}");
            assert_eq!(form(other) == form(one), same, "{other} {one}");
        }
    }
}
