//! Texts of a list that are ours in another form, and texts that are not ours.

use super::super::look::{Owners, question};
use super::super::odd_lists::{OURS, item, ours, post_of, shown, whole};
use super::super::*;
use super::check;

/// Our post shown in another form: never absent.
#[test]
fn our_post_in_another_form() {
    let mut rows = Vec::new();
    let look_at = |text: &str, item: Value| {
        let content = post_of("me").effect.content().clone();
        let asked = question(&Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap());
        shown(&asked, &Owners::default(), vec![whole(&[item])])
    };
    for shown_text in [
        "This Post is from a suspended account. Learn more",
        "Post unavailable",
        "Tweet unavailable",
        "Deleted post",
        "Post Hidden",
        "Blocked post",
        "Post not found",
        "[Post not found]",
        "Hidden by the author",
        "This post can't be displayed",
        "This post cannot be shown",
        "The author of this post has requested their posts not be displayed on external sites.",
        "Age-restricted adult content. This content might not be appropriate for people under 18 years old.",
        "The following media includes potentially sensitive content. Change settings",
        "Sensitive content",
        "Content warning",
        "Your comment is awaiting moderation.",
        "Comment held for review",
        "Pending approval",
        "Under review",
        "Dieser Beitrag wurde entfernt",
        "Dieser Beitrag ist nicht verf\u{fc}gbar",
        "Este Tweet fue eliminado",
        "Cette publication n'est plus disponible",
        "\u{3053}\u{306e}\u{30dd}\u{30b9}\u{30c8}\u{306f}\u{524a}\u{9664}\u{3055}\u{308c}\u{307e}\u{3057}\u{305f}",
        "\u{6b64}\u{5fae}\u{535a}\u{5df2}\u{88ab}\u{4f5c}\u{8005}\u{5220}\u{9664}",
        "\u{6b64}\u{5185}\u{5bb9}\u{56e0}\u{8fdd}\u{89c4}\u{65e0}\u{6cd5}\u{67e5}\u{770b}",
        "Removed for violating Rule 3",
        "Taken down",
        "Media omitted",
        "null",
        "undefined",
        "None",
        "N/A",
        "(no text)",
        "[image]",
        "[photo]",
        "No caption",
        "[object Object]",
        "Loading...",
        "Translating\u{2026}",
        "Content not available in your region",
        "Not available",
        "Error loading post",
        "***** ****** **** ****** *****",
        "\u{2588}\u{2588}\u{2588}\u{2588} \u{2588}\u{2588}\u{2588}",
        "[redacted]",
        "[filtered]",
        "4f7572207370...",
    ] {
        rows.push((
            format!("ours {OURS:?} shown as {shown_text:?}"),
            "doubt p|there p".to_owned(),
            look_at(OURS, item("p", shown_text, -50, "me")),
        ));
    }
    let edited = |sign: Value| {
        let mut answer = item("p", "the weather is lovely in Lisbon", -50, "me");
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    for sign in [
        json!({ "isEditedByAuthor": true }),
        json!({ "lifecycleState": "PUBLISHED", "isEdited": true }),
        json!({ "edited_timestamp": at(-20).to_rfc3339() }),
        json!({ "edit_date": at(-20).timestamp() }),
        json!({ "last_edited_at": at(-20).to_rfc3339() }),
        json!({ "edit_count": 1 }),
        json!({ "hasBeenEdited": true }),
        json!({ "is_modified": true }),
        json!({ "edit_controls": { "edits_remaining": "4", "is_edit_eligible": true } }),
        json!({ "edit_history": { "initial_tweet_id": "p", "edit_tweet_ids": ["p", "q"] } }),
        json!({ "meta": { "edited": true } }),
        json!({ "translated": true, "lang": "pt" }),
        json!({ "is_translated": true }),
        json!({ "deleted": true }),
        json!({ "removed_by_category": "moderator" }),
        json!({ "withheld": { "country_codes": ["DE"] } }),
        json!({ "spoiler_text": "sale", "sensitive": true }),
        json!({ "truncated": true }),
        json!({ "is_truncated": true }),
        json!({ "text_truncated": true }),
    ] {
        rows.push((format!("another text beside {sign}"), "doubt p".to_owned(), look_at(OURS, edited(sign))));
    }
    for (ours_text, shown_text) in [
        ("\u{1f525}\u{1f525}\u{1f525}", "[fire][fire][fire]"),
        ("\u{1f525}", "(fire)"),
        ("\u{1f525}\u{1f525}", "U+1F525 U+1F525"),
        ("\u{1f525}\u{1f525}", "\\ud83d\\udd25\\ud83d\\udd25"),
        ("\u{1f525}\u{1f525}", "&#128293;&#128293;"),
        (
            "\u{1f525}\u{1f525}",
            "<img class=\"emoji\" alt=\"\u{1f525}\" src=\"x\"><img class=\"emoji\" alt=\"\u{1f525}\" src=\"x\">",
        ),
        ("Наша весенняя распродажа", "Nasha vesennyaya rasprodazha"),
        (
            "Наша весенняя распродажа",
            "=D0=9D=D0=B0=D1=88=D0=B0 =D0=B2=D0=B5=D1=81=D0=B5=D0=BD=D0=BD=D1=8F=D1=8F",
        ),
        (
            "Наша весенняя распродажа",
            "%u041D%u0430%u0448%u0430 %u0432%u0435%u0441%u0435%u043D%u043D%u044F%u044F",
        ),
        (
            "Наша весенняя распродажа",
            "\\u041d\\u0430\\u0448\\u0430 \\u0432\\u0435\\u0441\\u0435\\u043d\\u043d\\u044f\\u044f \\u0440\\u0430\\u0441\\u043f\\u0440\\u043e\\u0434\\u0430\\u0436\\u0430",
        ),
        (
            "Наша весенняя распродажа",
            "&#1053;&#1072;&#1096;&#1072; &#1074;&#1077;&#1089;&#1077;&#1085;&#1085;&#1103;&#1103; &#1088;&#1072;&#1089;&#1087;&#1088;&#1086;&#1076;&#1072;&#1078;&#1072;",
        ),
        (
            "Наша весенняя распродажа",
            "&#1053&#1072&#1096&#1072 &#1074&#1077&#1089&#1077&#1085&#1085&#1103&#1103",
        ),
        ("Наша весенняя распродажа", "____ ________ __________"),
        ("Наша весенняя распродажа", "................"),
        (
            "\u{6625}\u{5b63}\u{5927}\u{7279}\u{8ce3}\u{4eca}\u{5929}\u{958b}\u{59cb}",
            "\u{6625}\u{5b63}\u{5927}\u{7279}\u{5356}\u{4eca}\u{5929}\u{5f00}\u{59cb}",
        ),
        (
            "مرحبا بكم",
            "\u{645}\u{640}\u{631}\u{640}\u{62d}\u{640}\u{628}\u{640}\u{627} \u{628}\u{640}\u{643}\u{640}\u{645}",
        ),
        ("مرحبا بكم", "\u{feE3}\u{feae}\u{fea3}\u{fe92}\u{fe8e} \u{fe91}\u{fedc}\u{fee2}"),
        ("Hello **world**, this is *big*", "Hello world, this is big"),
        ("See https://example.com/a", "See"),
        ("https://example.com/a", "example.com/a"),
        ("Big sale on 3/4", "Big sale on \u{be}"),
        ("Price: 5 \u{20ac}", "Price: 5 EUR"),
        ("one\ntwo", "one / two"),
        ("a_b_c d", "a\\_b\\_c d"),
        ("1. first\n2. second", "1\\. first 2\\. second"),
        ("Hi @ann", "Hi @ann@host.example"),
        ("Hi @ann", "Hi Ann Lee"),
        (
            "Hi @ann",
            "Hi <span class=\"h-card\"><a href=\"https://h.example/@ann\">@<span>ann</span></a></span>",
        ),
        ("Hi @ann.bsky.social today", "Hi @ann.bsky.social today"),
        ("Try #spring_sale now", "Try <a href=\"/tags/spring_sale\">#<span>spring_sale</span></a> now"),
        ("I \u{2764}\u{fe0f} it", "I <3 it"),
        ("5 > 3 & 2 < 4", "5 &gt; 3 &amp; 2 &lt; 4"),
        ("x^2 + y~3", "x<sup>2</sup> + y~3"),
    ] {
        rows.push((
            format!("ours {ours_text:?} shown as {shown_text:?}"),
            "doubt p|there p".to_owned(),
            look_at(ours_text, item("p", shown_text, -50, "me")),
        ));
    }
    // Times that are coarse: our text broken off, at the beginning of the hour or the day.
    for time in ["2027-01-15T07:00:00Z", "2027-01-15T00:00:00Z"] {
        let item = json!({ "id": "p", "text": "Our spring sale\u{2026}", "at": time, "by": "me" });
        rows.push((format!("shortened at {time}"), "doubt p".to_owned(), look_at(OURS, item)));
    }
    check(rows);
}

/// Not ours, and not told as ours.
#[test]
fn not_ours() {
    let mut rows = Vec::new();
    let look_at = |text: &str, item: Value| {
        let content = post_of("me").effect.content().clone();
        let asked = question(&Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap());
        shown(&asked, &Owners::default(), vec![whole(&[item])])
    };
    for (ours_text, shown_text) in [
        ("Version 1.2 is out", "Version 12 is out"),
        ("Sale: 50% off", "Sale: 5 off"),
        ("Open 9-5", "Open 9/5"),
        ("We ship to the US", "We ship to us"),
        ("10 - 5 = 5", "10 5 = 5"),
        ("It costs $5", "It costs \u{a3}5"),
        ("C++ is here", "C is here"),
        ("C# is here", "C is here"),
        ("We love \u{1f600}", "We love \u{1f62d}"),
        ("We love \u{1f44d}\u{1f3fb}", "We love \u{1f44d}\u{1f3ff}"),
        ("Hi \u{1f1fa}\u{1f1e6}", "Hi \u{1f1f7}\u{1f1fa}"),
        ("Vote yes!", "Vote yes"),
        ("2^10", "210"),
        ("Call @ann", "Call ann"),
        ("No to war", "Not o war"),
        ("Join #ai", "Join ai"),
        ("Part 1: https://example.com/1", "Part 2: https://example.com/2"),
        ("a|b", "a b"),
    ] {
        rows.push((
            format!("ours {ours_text:?}, by hand {shown_text:?}"),
            "doubt p|absent".to_owned(),
            look_at(ours_text, item("p", shown_text, -50, "me")),
        ));
    }
    for sign in [
        json!({ "deleted": true }),
        json!({ "is_draft": true }),
        json!({ "status": "draft" }),
        json!({ "lifecycleState": "DRAFT" }),
        json!({ "status": "scheduled", "scheduled_at": "2027-02-01T00:00:00Z" }),
        json!({ "published": false }),
        json!({ "is_published": false }),
        json!({ "status": "failed" }),
        json!({ "state": "ERROR" }),
        json!({ "removed": true }),
        json!({ "moderationStatus": "heldForReview" }),
    ] {
        let mut answer = ours("p");
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        rows.push((
            format!("our text in the list, marked {sign}"),
            "doubt p".to_owned(),
            look_at(OURS, answer),
        ));
    }
    check(rows);
}
