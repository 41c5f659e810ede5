//! Answers of tools that show something: lists, states, single posts.

use EffectKind::{Follow, Like, Reply};

use super::super::look::{Owners, look, named, question, told as seen};
use super::super::odd_lists::{OURS, PROFILE as LISTS, item, other, ours, page, post_of, shown, whole};
use super::super::*;
use super::check;

/// A list that says of itself that it is not whole or not read.
#[test]
fn lists_that_deny_themselves() {
    let mut rows = Vec::new();
    let base = json!({ "data": [other("a", -1)], "complete": true });
    let with = |sign: Value| {
        let mut answer = base.clone();
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        answer
    };
    for sign in [
        json!({ "status": "FAILED" }),
        json!({ "status": "ERROR" }),
        json!({ "success": "false" }),
        json!({ "success": 0 }),
        json!({ "ok": "no" }),
        json!({ "error_message": "rate limit" }),
        json!({ "error_code": 190 }),
        json!({ "errorMessage": "timeline unavailable" }),
        json!({ "status": "403" }),
        json!({ "code": 403, "msg": "Forbidden" }),
        json!({ "meta": { "error": "timeline unavailable" } }),
        json!({ "meta": { "errors": [{ "detail": "x" }] } }),
        json!({ "meta": { "status": 403, "msg": "Forbidden" } }),
        json!({ "meta": { "message": "Not authorized to view this timeline" } }),
        json!({ "info": "Not authorized to view this timeline" }),
        json!({ "partial": true }),
        json!({ "incomplete_results": true }),
        json!({ "truncated": true }),
        json!({ "timed_out": true }),
        json!({ "stale": true }),
        json!({ "from_cache": true, "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "cached_at": "2027-01-15T06:00:00Z" }),
        json!({ "message": "Showing cached results" }),
        json!({ "message": "Results may be incomplete" }),
        json!({ "message": "Some posts are not shown" }),
        json!({ "warning": "partial results" }),
        json!({ "message": "Please log in to see all posts" }),
        json!({ "has_more": true }),
        json!({ "hasMore": true }),
        json!({ "meta": { "has_more": true, "next": null } }),
        json!({ "has_next_page": true }),
        json!({ "pageInfo": { "hasNextPage": true } }),
        json!({ "hidden_count": 2 }),
    ] {
        rows.push((
            format!("complete list beside {sign}"),
            "doubt|open".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![with(sign)]),
        ));
    }
    for (answers, allowed) in [
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "", "has_more": true } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [], "meta": { "next": null, "total": 7 } })], "doubt|open"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": 0 } })], "absent"),
        (vec![json!({ "data": [other("a", -1)], "meta": { "next": "0" } })], "absent"),
        (
            vec![
                json!({ "data": [other("a", -1)], "meta": { "next": 2 } }),
                json!({ "data": [ours("p")], "meta": { "next": 0 } }),
            ],
            "there p",
        ),
        (vec![json!({ "meta": { "total": 0 } })], "absent"),
        (vec![json!({ "data": {}, "meta": { "total": 0 } })], "absent|open|doubt"),
        (
            vec![json!({ "data": [ours("p")], "meta": { "next": "c" } }), json!({ "data": [], "meta": {} })],
            "there p",
        ),
        (vec![json!({ "data": [null, ours("p")], "complete": true })], "doubt - p|there p"),
        (vec![json!({ "data": { "0": ours("p") }, "complete": true })], "there p|open"),
        (vec![json!({ "data": [other("a", -1)], "complete": "complete" })], "absent|doubt"),
        // Two pages, the second of which is the first again under another cursor (node-twitter-api-v2#404).
        (vec![page(&[other("a", -1)], 9, Some("c")), page(&[other("a", -1)], 9, None)], "doubt"),
        (vec![page(&[other("a", -1)], 1, Some("c")), page(&[ours("p")], 1, None)], "there p"),
    ] {
        rows.push((
            format!("pages {answers:?}"),
            allowed.to_owned(),
            shown(&post_of("me"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// A state look whose answer denies itself.
#[test]
fn states_in_between() {
    let mut rows = Vec::new();
    let like = question(&engagement(PlatformName::Twitter, Like, "1755", ""));
    for answer in [
        json!({ "liked": false, "error_message": "not logged in" }),
        json!({ "liked": false, "message": "Could not load the viewer's state" }),
        json!({ "liked": false, "success": "false" }),
        json!({ "liked": false, "status": "FAILED" }),
        json!({ "liked": false, "authenticated": false }),
        json!({ "liked": false, "pending": true }),
        json!({ "liked": false, "data": { "errors": ["x"] } }),
        json!({ "liked": false, "cached_at": "2027-01-15T06:00:00Z" }),
    ] {
        let found = shown(&like, &Owners::default(), vec![answer.clone()]);
        rows.push((format!("state {answer}"), "open|doubt".to_owned(), found));
    }
    // Follow by a list that marks what is pending.
    let follow = question(&engagement(PlatformName::Twitter, Follow, "@ann", ""));
    for (answer, allowed) in [
        (whole(&[json!({ "to": "ann", "pending": true })]), "doubt -|open|doubt"),
        (whole(&[json!({ "to": "ann", "status": "requested" })]), "doubt -|open|doubt"),
        (
            whole(&[json!({ "to": "ann", "outgoing_request": true, "following": false })]),
            "doubt -|open|doubt",
        ),
        (whole(&[json!({ "to": "\u{2068}ann\u{2069}" })]), "there|doubt -"),
        (whole(&[json!({ "to": "https://www.instagram.com/ann/?hl=en" })]), "there|doubt -"),
        (whole(&[json!({ "to": "\u{ff20}ann" })]), "there|doubt -"),
        (whole(&[json!({ "to": "ann_of\u{2026}" })]), "doubt -"),
    ] {
        let found = shown(&follow, &Owners::default(), vec![answer.clone()]);
        let found = if found.starts_with("there") { "there".to_owned() } else { found };
        rows.push((format!("follow list {answer}"), allowed.to_owned(), found));
    }
    let mut state = LISTS.to_owned();
    state.push_str("    [platforms.twitter.follow.state]\n    tool = \"state\"\n    arguments = { to = \"{target}\" }\n    confirm = { pointer = \"/following\", equals = true }\n");
    let state = state.replace("    [platforms.twitter.follow.list]\n    tool = \"list\"\n    own = true\n    items = \"/data\"\n    target = \"/to\"\n    complete = \"/complete\"\n", "");
    for answer in [
        json!({ "following": false, "requested": true }),
        json!({ "following": false, "pending_follow": true }),
        json!({ "following": false, "outgoing_request": true }),
        json!({ "following": false, "follow_request_sent": true }),
    ] {
        let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
        let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
            .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
        let profile = Profile::parse(&state).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![said(false, answer.clone())]);
        let found = seen(&look(&world, &follow, &Owners::default()));
        assert_eq!(only_call(&world).arguments["to"], json!("@ann"), "it is asked about the target");
        rows.push((format!("follow state {answer}"), "open|doubt".to_owned(), found));
    }
    check(rows);
}

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

/// Two unknown effects: one's post shown as the other's text.
#[test]
fn candidates_in_a_look() {
    let mut rows = Vec::new();
    let asked_of = |id: &str| LookUp { candidates: named(id), ..post_of("me") };
    for (source, answers, allowed) in [
        (
            "deleted",
            vec![json!({ "id": "P", "text": OURS, "deleted": true }), whole(&[])],
            "doubt P|there P|open",
        ),
        ("a draft", vec![json!({ "id": "P", "text": OURS, "status": "draft" }), whole(&[])], "doubt P|open"),
        (
            "scheduled",
            vec![json!({ "id": "P", "text": OURS, "status": "scheduled" }), whole(&[])],
            "doubt P|open",
        ),
        ("failed", vec![json!({ "id": "P", "text": OURS, "status": "FAILED" }), whole(&[])], "doubt P|open"),
        (
            "error within",
            vec![json!({ "id": "P", "text": OURS, "error_message": "publish failed" }), whole(&[])],
            "doubt P|open",
        ),
        (
            "not published",
            vec![json!({ "id": "P", "text": OURS, "published": false }), whole(&[])],
            "doubt P|open",
        ),
        ("empty answer", vec![json!({}), whole(&[])], "doubt P|open"),
        ("null", vec![json!(null), whole(&[])], "doubt P|open"),
        (
            "told missing with 200",
            vec![json!({ "id": null, "text": null, "message": "Post not found" }), whole(&[])],
            "open|doubt P|absent",
        ),
        (
            "a beginning of ours",
            vec![json!({ "id": "P", "text": "Our spring sale" }), whole(&[])],
            "there P|doubt P",
        ),
        (
            "the list shows it longer",
            vec![json!({ "id": "P", "text": format!("{OURS} for members") }), whole(&[])],
            "doubt P",
        ),
    ] {
        rows.push((
            format!("candidate {source}"),
            allowed.to_owned(),
            shown(&asked_of("P"), &Owners::default(), answers),
        ));
    }
    check(rows);
}

/// What `get` says of an item in doubt may be no text of it.
#[test]
fn looked_closer() {
    let mut rows = Vec::new();
    let short = item("it", "Our spring\u{2026}", -50, "me");
    for answer in [
        json!({ "id": "it", "text": "Post unavailable" }),
        json!({ "id": "it", "text": "You need to log in" }),
        json!({ "id": "it", "text": "Something went wrong" }),
        json!({ "id": "it", "text": "the weather is lovely", "error_message": "stale" }),
        json!({ "id": "it", "text": "the weather is lovely", "success": "false" }),
        json!({ "id": "it", "text": "the weather is lovely", "status": "FAILED" }),
        json!({ "text": "Not Found" }),
        json!({ "text": "Page not found \u{b7} X" }),
        json!({ "id": "it", "text": "JavaScript is not available." }),
    ] {
        rows.push((
            format!("get says {answer}"),
            "doubt it".to_owned(),
            shown(&post_of("me"), &Owners::default(), vec![whole(std::slice::from_ref(&short)), answer]),
        ));
    }
    // Beside a list, in a block of its own.
    let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" }, "id": { "type": "string" }, "cursor": { "type": "string" } } });
    let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    for (items, beside, allowed) in [
        (json!([]), "Error 429: timeline unavailable", "open|doubt"),
        (json!([]), "Warning: could not load the latest posts", "open|doubt"),
        (json!([]), "{\"error\":\"rate limited\"}", "open|doubt"),
        // The items in words are other people's words.
        (json!([other("a", -1)]), "1 post: \"the connection was lost, and it failed\"", "absent"),
        (json!([other("a", -1)]), "Error 429: timeline unavailable", "open|doubt"),
    ] {
        let answer = Called::Answered(ToolAnswer {
            structured: Some(json!({ "data": items, "complete": true })),
            texts: vec![beside.to_owned()],
            ..ToolAnswer::default()
        });
        let profile = Profile::parse(LISTS).unwrap();
        let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![answer]);
        rows.push((
            format!("a list, and beside it {beside:?}"),
            allowed.to_owned(),
            seen(&look(&world, &post_of("me"), &Owners::default())),
        ));
    }
    check(rows);
}
