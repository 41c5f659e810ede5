//! Which effects of one account a look could take for one another.

use chimera_text::{Folded, bare, is_clearly_other};

use crate::effect::{EffectKind, EffectV1};

/// Whether two effects would show the same: equal target and folded text, or the same state of the same target. While one
/// of them is unknown the other does not begin: of two equal posts a look could not tell whose the one is that it sees.
#[must_use]
pub fn are_equal(one: &EffectV1, other: &EffectV1) -> bool {
    if !share_a_list(one, other) {
        return false;
    }
    let (text, theirs) = (Folded::new(&one.text), Folded::new(&other.text));
    if text.is_empty() && theirs.is_empty() {
        // Links only, or no words at all: nothing but the bytes tells them apart.
        return one.kind == other.kind && one.text == other.text && one.media == other.media;
    }
    text.is_same(&theirs)
}

/// Whether one could be taken for a form of the other (shortened, reworded by the platform): a look settles nothing while
/// such an effect is being attempted.
#[must_use]
pub fn are_alike(one: &EffectV1, other: &EffectV1) -> bool {
    if !share_a_list(one, other) {
        return false;
    }
    let (text, theirs) = (Folded::new(&one.text), Folded::new(&other.text));
    text.is_empty() || theirs.is_empty() || !is_clearly_other(&text, &theirs)
}

/// Whether a list may show the other's text as this one's, word for word: cut off where this one ends, or without what servers
/// drop: hashtags (Instagram, TikTok keep them apart), mentions, emoji (tweetnest#76), accents, marks of Markdown. One without
/// words may be each other one whose text is shown empty.
pub(crate) fn may_show_as(other: &EffectV1, one: &EffectV1) -> bool {
    if !share_a_list(one, other) || are_equal(one, other) {
        return false;
    }
    let (text, theirs) = (Folded::new(&one.text), Folded::new(&other.text));
    text.is_empty() || theirs.as_str().starts_with(text.as_str()) || {
        let ours = letters(&one.text);
        !ours.is_empty() && letters(&other.text).starts_with(&ours)
    }
}

/// The letters and digits of a text without accents and capitals, of words that no server drops.
fn letters(text: &str) -> String {
    let is_dropped = |word: &&str| word.starts_with(['#', '\u{ff03}', '@', '$']);
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_dropped(word)).collect();
    bare(&words.join(" ")).filter(|letter| letter.is_alphanumeric()).collect()
}

/// Whether one list may show both: the same account and target. A reply and a comment are one thing on some platforms;
/// a like or an undo is never taken for anything with words.
fn share_a_list(one: &EffectV1, other: &EffectV1) -> bool {
    let has_words = |kind| !matches!(kind, EffectKind::Like | EffectKind::Follow | EffectKind::Undo);
    one.platform == other.platform
        && one.account == other.account
        && one.target == other.target
        && (one.kind == other.kind || (has_words(one.kind) && has_words(other.kind)))
}

#[cfg(test)]
mod tests {
    use chimera_contracts::{CampaignId, Namespace, PlatformName, derive_uuid};

    use super::*;
    use crate::effect::{Media, MediaIdentity};

    fn of(kind: EffectKind, target: Option<&str>, text: &str) -> EffectV1 {
        EffectV1 {
            namespace: Namespace::default(),
            campaign: CampaignId::from_uuid(derive_uuid("test", &[b"campaign"])),
            kind,
            platform: PlatformName::Twitter,
            account: "us".to_owned(),
            target: target.map(str::to_owned),
            text: text.to_owned(),
            media: Vec::new(),
            disclosure: None,
            not_before: None,
            not_after: None,
        }
    }

    fn post(text: &str) -> EffectV1 {
        of(EffectKind::Publish, None, text)
    }

    fn check(one: &EffectV1, other: &EffectV1, (equal, alike): (bool, bool)) {
        for (one, other) in [(one, other), (other, one)] {
            let said = format!("{:?} {:?} and {:?} {:?}", one.kind, one.text, other.kind, other.text);
            assert_eq!((are_equal(one, other), are_alike(one, other)), (equal, alike), "{said}");
        }
    }

    const EQUAL: (bool, bool) = (true, true);
    const ALIKE: (bool, bool) = (false, true);
    const APART: (bool, bool) = (false, false);

    const TEXT: &str = "It's out: our spring sale starts today — have a look at the new colours";

    #[test]
    fn forms_of_one_text() {
        for (other, expected) in [
            (TEXT, EQUAL),
            ("It&#039;s out: our spring sale starts today -- have a look at the new colours", EQUAL),
            (
                "it\u{2019}s OUT: our  spring sale\u{a0}starts today – have a look at the new colours\r\n",
                EQUAL,
            ),
            // Platforms replace links by their own.
            ("It's out: our spring sale starts today — have a look at the new colours https://t.co/a", EQUAL),
            ("Reminder: It's out: our spring sale starts today — have a look at the new colours", ALIKE),
            ("It's out: our spring sale starts today…", ALIKE),
            ("It's out: our spring sale starts tomorrow — have a look at the new colours", ALIKE),
            ("Nobody expects what we ship in July, least of all us", APART),
            // Nothing to compare: it may be a form of anything.
            ("", ALIKE),
            ("https://example.com/a", ALIKE),
        ] {
            check(&post(TEXT), &post(other), expected);
        }
    }

    #[test]
    fn texts_without_words() {
        let links = |other: &str| (post("https://example.com/a"), post(other));
        for ((one, other), expected) in [
            (links("https://example.com/a"), EQUAL),
            (links("https://example.com/b"), ALIKE),
            (links(""), ALIKE),
            ((post(""), post("")), EQUAL),
        ] {
            check(&one, &other, expected);
        }
        let medium =
            Media { url: "https://example.com/cat.png".to_owned(), identity: MediaIdentity::ByReference };
        let picture = EffectV1 { media: vec![medium], ..post("") };
        check(&picture, &picture, EQUAL);
        check(&picture, &post(""), ALIKE);
        // With words the words decide: the list may show no media.
        check(&EffectV1 { media: picture.media, ..post(TEXT) }, &post(TEXT), EQUAL);
    }

    #[test]
    fn what_may_be_shown_as_ours() {
        let short = "It's out: our spring sale starts today";
        for (ours, theirs, shown) in [
            (short, TEXT, true),
            ("it\u{2019}s OUT: our spring sale starts today ", TEXT, true),
            (TEXT, short, false),
            (TEXT, TEXT, false),
            ("spring sale starts today", TEXT, false),
            (short, "It's out: #spring our spring sale starts today", true),
            (short, "It's out: our spring sale starts today #sale", true),
            ("It's out: our spring", "\u{ff03}now It's out: our spring sale starts today", true),
            ("Our spring sale", "Our sale", false),
            ("Big news today", "Big \u{1f389} news today", true),
            ("Ete a Evry today", "\u{c9}t\u{e9} \u{e0} \u{c9}vry today", true),
            ("Thanks for this talk", "Thanks @ann for this talk", true),
            ("Big news today", "**Big news** today", true),
            ("See our news today", "See our news $ACME today", true),
            // Nothing but what servers drop, and it is what the other begins with.
            ("#sale", "#sale starts today", true),
            // No words begin every text.
            ("", TEXT, true),
            ("https://example.com/a", TEXT, true),
            ("", "https://example.com/a", true),
            ("", "", false),
        ] {
            assert_eq!(may_show_as(&post(theirs), &post(ours)), shown, "{theirs:?} as {ours:?}");
        }
        let elsewhere = EffectV1 { account: "them".to_owned(), ..post(TEXT) };
        assert!(!may_show_as(&elsewhere, &post(short)), "no list shows both");
        let target = Some("1");
        let share = of(EffectKind::Share, target, "");
        assert!(may_show_as(&of(EffectKind::Share, target, TEXT), &share), "shown empty");
        assert!(!may_show_as(&share, &of(EffectKind::Like, target, "")), "a like is no share");
    }

    #[test]
    fn targets_kinds_and_accounts() {
        use EffectKind::{Comment, Follow, Like, Publish, Reply, Share};
        let (here, there) = (Some("1"), Some("2"));
        for (one, other, expected) in [
            (of(Like, here, ""), of(Like, here, ""), EQUAL),
            (of(Like, here, ""), of(Like, there, ""), APART),
            (of(Like, here, ""), of(Follow, here, ""), APART),
            (of(Like, here, ""), of(Share, here, ""), APART),
            (of(Follow, here, ""), of(Reply, here, TEXT), APART),
            // One thing on some platforms.
            (of(Reply, here, TEXT), of(Comment, here, TEXT), EQUAL),
            (of(Reply, here, TEXT), of(Reply, there, TEXT), APART),
            (of(Reply, here, TEXT), of(Publish, None, TEXT), APART),
            (of(Share, here, TEXT), of(Reply, here, TEXT), EQUAL),
            (of(Share, here, ""), of(Share, here, ""), EQUAL),
            (of(Share, here, ""), of(Share, here, TEXT), ALIKE),
            (of(Share, here, ""), of(Share, there, ""), APART),
        ] {
            check(&one, &other, expected);
        }
        check(&post(TEXT), &EffectV1 { account: "them".to_owned(), ..post(TEXT) }, APART);
        check(&post(TEXT), &EffectV1 { platform: PlatformName::Threads, ..post(TEXT) }, APART);
        // Who pays and whose it is makes no other post: the account is one.
        let tenant = EffectV1 { namespace: "another-tenant".parse().unwrap(), ..post(TEXT) };
        check(&post(TEXT), &tenant, EQUAL);
    }
}
