//! The look table: what a list that shows our text in one way or another proves. Each row names the platform or the report
//! behind its shape, so that a new report is one more row.

use chimera_effect::{Candidate, DoubtfulItem};

use super::look::{Owners, look, named, owned, question, told};
use super::*;

fn post(id: &str, text: &str, seconds: i64) -> Value {
    json!({ "id": id, "text": text, "url": "https://x.com/1", "created_at": at(seconds).to_rfc3339() })
}

fn list(posts: &[Value], complete: bool) -> Called {
    said(false, json!({ "posts": posts, "complete": complete }))
}

fn tweet(text: &str) -> Effect {
    let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap()
}

/// Looks for a post with this text where the list shows these, whole.
fn shown_as(ours: &str, posts: &[Value], answers: impl IntoIterator<Item = Called>) -> String {
    let answers = [list(posts, true)].into_iter().chain(answers).collect();
    told(&look(&answering(answers), &question(&tweet(ours)), &Owners::default()))
}

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

/// A person mends what no later look does: credentials, and a tool that is not there.
#[test]
fn a_list_that_cannot_be_read_is_asked_again_or_ends_at_a_person() {
    for (source, answer, expected) in [
        ("out of order", refused(503, 130, "over capacity"), "open"),
        ("limited", refused(429, 88, "slow down"), "open"),
        ("an error without a name", said(true, json!({ "error": "something odd" })), "open"),
        ("a lost connection", Called::Lost { reason: "the connection broke".to_owned() }, "open"),
        ("a server that is down", Called::NotSent { reason: "not started".to_owned() }, "open"),
        ("an expired token (X 89)", refused(401, 89, "Invalid or expired token"), "doubt earlier"),
        ("a tool that is gone", said(true, json!("Unknown tool: list_posts")), "doubt earlier"),
        (
            "arguments that it does not take",
            said(true, json!("Input validation error: limit")),
            "doubt earlier",
        ),
    ] {
        let earlier = DoubtfulItem {
            id: Some("earlier".to_owned()),
            url: None,
            text: "Our spring…".to_owned(),
            created_at: Some(at(-30)),
            why: "its text is not shown whole".to_owned(),
        };
        let asked = LookUp { doubted: vec![earlier], ..question(&tweet("Our spring sale starts today")) };
        let found = look(&answering(vec![answer]), &asked, &Owners::default());
        assert_eq!(told(&found), expected, "{source}");
        if let Finding::Open(report) = found {
            assert_eq!(report.in_doubt, asked.doubted, "{source}");
        }
    }
}

/// Found by the model of the outside: ours was taken down, and a person posted the same words by hand.
#[test]
fn a_text_like_ours_is_not_ours_while_another_newcomer_stands_unexplained() {
    let ours = "Our spring sale starts today in all shops";
    let by_hand = post("hand", ours, -30);
    for (source, other, answer, expected) in [
        ("taken down", post("it", "[removed]", -50), refused(503, 1, "later"), "doubt it hand"),
        (
            "shortened and it is ours",
            post("it", "Our spring…", -50),
            said(false, json!({ "text": ours })),
            "doubt it hand",
        ),
        (
            "shortened and another",
            post("it", "The weather…", -50),
            said(false, json!({ "text": "The weather is lovely" })),
            "there hand",
        ),
        ("taken down before we began", post("it", "[removed]", -600), refused(503, 1, "later"), "there hand"),
        ("posted long before as well", post("it", ours, -9_000), refused(503, 1, "later"), "there hand"),
        ("posted since as well", post("it", ours, 60), refused(503, 1, "later"), "there hand"),
        (
            "posted at a time that is not shown",
            json!({ "id": "it", "text": ours }),
            refused(503, 1, "later"),
            "doubt it hand",
        ),
    ] {
        assert_eq!(shown_as(ours, &[by_hand.clone(), other], [answer]), expected, "{source}");
    }
}

#[test]
fn every_newcomer_has_to_be_explained_and_the_list_whole() {
    let ours = "Our spring sale starts today";
    let other = |id: &str, seconds| post(id, "the weather is lovely in Lisbon", seconds);
    let reach = [other("a", -10), other("b", -70)];
    for (source, posts, complete, expected) in [
        ("L9: a new account that says it is complete", vec![], true, "absent"),
        ("another text while it was open", vec![other("a", -10)], true, "absent"),
        ("reach by time", reach.to_vec(), false, "absent"),
        ("does not reach back", vec![other("a", -1), other("b", -30)], false, "doubt"),
        ("reaches back to what clocks may differ", vec![other("a", -1), other("b", -65)], false, "doubt"),
        ("and behind it", vec![other("a", -1), other("b", -66)], false, "absent"),
        ("L9: the newest older post is 1.5 s old", vec![other("a", -1), other("b", -61)], false, "doubt"),
        ("one item shows no order", vec![other("a", -70)], false, "doubt"),
        (
            "a pinned one stands first",
            vec![other("pinned", -9_000), other("a", -1), other("b", -30)],
            false,
            "doubt",
        ),
        (
            "pinned first, and it reaches back",
            vec![other("pinned", -9_000), other("a", -1), other("b", -70)],
            false,
            "absent",
        ),
        ("oldest first", vec![other("b", -70), other("a", -1)], false, "doubt"),
        ("empty and not complete", vec![], false, "doubt"),
    ] {
        let world = answering(vec![list(&posts, complete)]);
        let found = look(&world, &question(&tweet(ours)), &Owners::default());
        assert_eq!(told(&found), expected, "{source}");
    }
    let Finding::InDoubt(report) =
        look(&answering(vec![list(&[], false)]), &question(&tweet(ours)), &Owners::default())
    else {
        panic!("an empty list proves nothing")
    };
    assert!(!report.missing.unwrap().contains("fits no item"), "there is none");
    let timeless = [json!({ "id": "a", "text": "the weather is lovely in Lisbon" })];
    for (complete, expected) in [(true, "absent"), (false, "doubt")] {
        let world = answering(vec![list(&timeless, complete)]);
        let found = look(&world, &question(&tweet(ours)), &Owners::default());
        assert_eq!(told(&found), expected, "L9: times fit nothing, complete {complete}");
        let Finding::InDoubt(report) = found else { continue };
        let missing = report.missing.unwrap();
        let (_, named) = missing.split_once("fits no item: ").expect("the pointer is named");
        assert_eq!(named, "`created_at = \"/created_at\"`", "and no other");
    }
}

/// What a person and the status are told of a look.
#[test]
fn a_look_tells_what_it_asked_and_what_it_saw() {
    let posts = [post("a", "the weather is lovely in Lisbon", -10), post("b", "quite another thing", -61)];
    for (complete, saw) in [
        (true, "2 items in 1 pages, the last of 2027-01-15T07:58:59Z, complete"),
        (false, "2 items in 1 pages, the last of 2027-01-15T07:58:59Z"),
    ] {
        let world = answering(vec![list(&posts, complete)]);
        let found = look(&world, &question(&tweet("Our spring sale")), &Owners::default());
        let (Finding::Absent(report) | Finding::InDoubt(report)) = found else { panic!("{found:?}") };
        assert_eq!(report.asked, "publish by `me` on twitter since 2027-01-15T07:59:00Z");
        assert_eq!(report.saw, saw);
        let call = only_call(&world);
        assert_eq!(call.arguments["account"], json!("me"));
        assert!(call.id.ends_with("/look"), "{}", call.id);
    }
    let like = engagement(PlatformName::Twitter, EffectKind::Like, "1755", "");
    let listed = said(false, json!({ "likes": [], "complete": true }));
    let found = look(&answering(vec![listed]), &question(&like), &Owners::default());
    let (Finding::Absent(report) | Finding::InDoubt(report) | Finding::Open(report)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(report.asked, "like by `me` about `1755` on twitter since 2027-01-15T07:59:00Z");
}

/// L8: the post of another effect is explained by its owner, and never by a text that it does not show.
#[test]
fn a_post_of_another_effect_is_explained_by_its_own_text() {
    let ours = "Our spring sale starts today";
    let theirs = "Reminder: Our spring sale starts today";
    for (source, shown, owner, expected) in [
        ("L8: alike, owned and shown as it is", theirs, Some(theirs), "absent"),
        ("alike, owned, shortened by the list", "Reminder: Our spring sale…", Some(theirs), "absent"),
        ("alike and nobody's", theirs, None, "doubt it"),
        ("our text, owned by an effect with the same text", ours, Some(ours), "absent"),
        ("our text, owned by an effect with another", ours, Some(theirs), "doubt it"),
        ("our text and nobody's", ours, None, "there it"),
        (
            "our text, shortened, owned by an effect with another",
            "Our spring…",
            Some("the weather is lovely"),
            "doubt it",
        ),
        ("no text, owned by an effect with another", "", Some("the weather is lovely"), "doubt it"),
        ("alike, owned by an effect without words", "Our spring…", Some(""), "doubt it"),
        ("another text, owned", "the weather is lovely", Some("the weather is lovely"), "absent"),
    ] {
        let posts = [post("it", shown, -50), post("older", "quite another thing", -600)];
        let failing = said(true, json!({ "error": "503" }));
        let world = answering(vec![list(&posts, true), failing]);
        let owners = Owners(owner.map(|text| owned("it", text)).into_iter().collect());
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &owners)), expected, "{source}");
    }
}

/// Of n unknown effects with equal texts n posts are theirs, by the order in which they began; with any other number of posts
/// nobody can say whose they are.
#[test]
fn equal_texts_are_told_apart_by_order_alone() {
    let ours = "Good morning everybody";
    let posts = |count: usize| -> Vec<Value> {
        (0_i64..).take(count).map(|number| post(&format!("p{number}"), ours, -50 + number)).collect()
    };
    for (equals, place, count, expected) in [
        (2, 0, 2, "there p0"),
        (2, 1, 2, "there p1"),
        (2, 0, 0, "absent"),
        (2, 0, 1, "doubt p0"),
        (1, 0, 2, "doubt p0 p1"),
        (3, 2, 2, "doubt p0 p1"),
    ] {
        let whole = |id: &str| said(false, json!({ "id": id, "text": ours }));
        let world = answering(vec![list(&posts(count), true), whole("p0"), whole("p1")]);
        let asked = LookUp { equals, place, ..question(&tweet(ours)) };
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{equals} {place} {count}");
    }
}

/// Of two posts with our text a later page may show one, the older pushed off it: the one that is left is nobody's. What was
/// seen in doubt and is in a whole list no longer was removed, and may have been ours.
#[test]
fn what_an_earlier_look_left_in_doubt_is_not_forgotten() {
    let ours = "Ownership, by example";
    let doubted = |id: &str, made: i64| DoubtfulItem {
        id: Some(id.to_owned()),
        created_at: Some(at(made)),
        url: None,
        text: ours.to_owned(),
        why: "it shows our text; 2 posts do, and 1 are looked for".to_owned(),
    };
    for (earlier, texts, expected) in [
        (vec![], vec![ours], "there item-0"),
        (vec![doubted("item-0", -30)], vec![ours], "there item-0"),
        (vec![doubted("item-0", -30), doubted("gone", -40)], vec![ours], "doubt item-0 gone"),
        (vec![doubted("gone", -40)], vec!["the weather is lovely in Lisbon"], "doubt gone"),
        (vec![doubted("before the attempt", -4_000)], vec![ours], "there item-0"),
    ] {
        let posts: Vec<Value> = (0_i64..)
            .zip(&texts)
            .map(|(number, text)| post(&format!("item-{number}"), text, -30 + number))
            .collect();
        let world = answering(vec![list(&posts, true)]);
        let asked = LookUp { doubted: earlier.clone(), ..question(&tweet(ours)) };
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{earlier:?}");
    }
}

/// A1, A2, A5: what an answer named is looked up first, by itself.
#[test]
fn a_candidate_is_looked_up_first() {
    let ours = "Our spring sale starts today in all shops";
    let show = |text: &str| said(false, json!({ "id": "P", "text": text }));
    let gone = refused(404, 144, "No status found with that ID.");
    let nothing = list(&[], true);
    for (source, answers, expected) in [
        ("ours", vec![show(ours)], "there P"),
        ("ours, shortened", vec![show("Our spring sale starts today in…")], "there P"),
        ("another text", vec![show("the weather is lovely"), nothing.clone()], "doubt P"),
        ("not there", vec![gone, nothing.clone()], "absent"),
        ("the answer is about another one", vec![said(false, json!({ "id": "Q", "text": ours }))], "open"),
        ("cannot be asked", vec![refused(503, 130, "later")], "open"),
    ] {
        let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
        let world = answering(answers);
        let found = told(&look(&world, &asked, &Owners::default()));
        assert_eq!(found, expected, "{source}");
        let calls = world.server.calls.lock().unwrap();
        assert_eq!(
            (calls[0].tool.as_str(), &calls[0].arguments["id"]),
            ("get_post", &json!("P")),
            "{source}"
        );
    }
    let owners = Owners(vec![owned("P", "the weather is lovely")]);
    let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
    let world = answering(vec![show("the weather is lovely"), nothing]);
    assert_eq!(told(&look(&world, &asked, &owners)), "absent", "another effect's");
}

/// What an answer named needs a beginning that is ours: twelve letters of it, where no more is shown.
#[test]
fn a_candidate_that_is_not_shown_whole_begins_as_ours_does() {
    let ours = "Our spring sale starts today in all shops";
    for (shown, expected) in [
        ("Our spring sale starts…", "there P"),
        ("Our spring sal [...]", "there P"),
        ("Our spring s…", "doubt P"),
        ("Our spring…", "doubt P"),
        ("The spring sale starts…", "doubt P"),
        ("Reminder: Our spring sale starts today in all shops", "doubt P"),
        ("[removed]", "doubt P"),
        ("", "doubt P"),
    ] {
        let told_of = |candidates: Vec<Candidate>, listing: Called| {
            let asked = LookUp { candidates, ..question(&tweet(ours)) };
            let show = said(false, json!({ "id": "P", "text": shown }));
            let found = look(&answering(vec![show.clone(), listing, show]), &asked, &Owners::default());
            let told = told(&found);
            told.strip_suffix(" P").filter(|rest| rest.ends_with('P')).unwrap_or(&told).to_owned()
        };
        // Shown by itself its time is not known; in the list it is.
        assert_eq!(told_of(named("P"), list(&[post("P", shown, -30)], true)), expected, "{shown:?}");
        let older = |made| {
            let candidates = vec![Candidate { id: "P".to_owned(), url: None, may_be_older: true }];
            told_of(candidates, list(&[post("P", shown, made)], true))
        };
        // What a duplicate repeats may be a year old: only its time shows that the attempt made it.
        assert_eq!(older(-30), expected, "{shown:?}");
        assert_eq!(older(-6_000), "doubt P", "{shown:?}");
        let asked = LookUp { candidates: named("P"), ..question(&tweet(ours)) };
        let gone =
            said(true, json!({ "error": { "status": 404, "code": 144, "message": "No status found" } }));
        let listing = list(&[post("P", shown, -30)], true);
        let found = told(&look(&answering(vec![gone.clone(), listing, gone]), &asked, &Owners::default()));
        assert_eq!(found, expected, "{shown:?}, by the list alone");
    }
}

/// What a list that cannot be read consists of is told to who has to mend the pointer.
#[test]
fn a_pointer_that_fits_nothing_is_told_with_what_stands_there() {
    for (answer, told) in [
        (json!({ "items": [], "meta": {} }), "has the members `items`, `meta`"),
        (json!([1, 2]), "is a list of 2"),
        (json!("nothing"), "is no object and no list"),
        (Value::Null, "is empty"),
        (json!({ "posts": "none" }), "stands no list; the answer has the members `posts`"),
    ] {
        let found = look(
            &answering(vec![said(false, answer.clone())]),
            &question(&tweet("Our spring sale")),
            &Owners::default(),
        );
        let Finding::Open(report) = found else { panic!("{answer}: {found:?}") };
        let missing = report.missing.unwrap();
        assert!(missing.contains("`items = \"/posts\"`") && missing.contains(told), "{missing}");
    }
}

/// X answers a repeated text with 187 and the post that has it, which may be a year old: the name alone proves
/// nothing, and its time does.
#[test]
fn what_is_named_as_the_earlier_one_of_a_duplicate_shows_its_time() {
    let ours = "Our spring sale starts today in all shops";
    let show = said(false, json!({ "id": "P", "text": ours }));
    let listed = |made: i64| list(&[post("P", ours, made), post("old", "the weather is lovely", -900)], true);
    for (source, listing, expected) in [
        ("made by the attempt", listed(-30), "there P"),
        ("made before it", listed(-600), "doubt P P"),
        ("not listed", list(&[], true), "doubt P"),
    ] {
        let candidates = vec![Candidate { id: "P".to_owned(), url: None, may_be_older: true }];
        let asked = LookUp { candidates, ..question(&tweet(ours)) };
        let world = answering(vec![show.clone(), listing, show.clone()]);
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{source}");
    }
}

/// An item that shows our words may be a longer text that the platform cut off there, or one of another kind.
#[test]
fn our_words_are_not_ours_while_a_lookalike_is_unknown() {
    let ours = "Our spring sale starts today";
    for (has_lookalike, expected) in [(false, "there P"), (true, "doubt P")] {
        let asked = LookUp { has_lookalike, ..question(&tweet(ours)) };
        let world = answering(vec![list(&[post("P", ours, -30)], true)]);
        assert_eq!(told(&look(&world, &asked, &Owners::default())), expected, "{has_lookalike}");
    }
}

#[test]
fn a_look_that_fails_says_so_and_nothing_else() {
    for called in [
        refused(503, 1, "later"),
        said(false, json!({ "error": "no" })),
        said(false, json!({ "items": [], "complete": true })),
        said(false, json!({ "posts": "none" })),
        said(false, json!("nothing")),
        Called::Failed { reason: "JSON-RPC error -32602".to_owned() },
        Called::Lost { reason: "died".to_owned() },
        Called::NotSent { reason: "down".to_owned() },
    ] {
        let shown = format!("{called:?}");
        let found = look(&answering(vec![called]), &question(&tweet(TEXT)), &Owners::default());
        assert_eq!(told(&found), "open", "{shown}");
    }
}

/// L10: items of a list are other people's words, and no errors.
#[test]
fn words_of_items_are_no_errors() {
    let posts =
        [post("a", "rate limited again, HTTP 429 error!", -10), post("b", "access token expired", -600)];
    assert_eq!(shown_as("Our spring sale starts today", &posts, []), "absent");
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
fn a_list_too_long_to_be_read_proves_nothing() {
    let listed = |count: i64| -> Vec<Value> {
        (0..count).map(|number| post(&number.to_string(), "the weather is lovely", -1 - number)).collect()
    };
    for (count, complete, expected) in
        [(1_000, true, "absent"), (1_000, false, "absent"), (1_001, true, "doubt"), (1_001, false, "doubt")]
    {
        let world = answering(vec![list(&listed(count), complete)]);
        assert_eq!(told(&look(&world, &question(&tweet(TEXT)), &Owners::default())), expected, "{count}");
    }
    let found: Vec<_> = [post("ours", TEXT, -10)].into_iter().chain(listed(1_001)).collect();
    assert_eq!(shown_as(TEXT, &found, []), "there ours", "what is read still counts");
}

#[test]
fn a_hostile_megabyte_is_in_doubt_and_costs_little() {
    let long = "Hello wo".repeat(125_000);
    let posts = [post("long", &long, -10), post("a", "something else", -70)];
    let whole = said(false, json!({ "id": "long", "text": long }));
    assert_eq!(shown_as(TEXT, &posts, [whole]), "doubt long");
}

const PAGED: &str = r#"
    name = "paged"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
    [platforms.twitter.list]
    tool = "list"
    arguments = { who = "{account}" }
    items = "/data"
    id = "/id"
    text = "/text"
    created_at = "/at"
    author = "/by"
    total = "/meta/total"
    next = "/meta/next_token"
    next_argument = "cursor"
    wraps = [{ begin = "<<<BEGIN", end = "<<<END" }]
"#;

fn paged(pages: Vec<Value>) -> World {
    let tool = |name: &str, arguments: &[&str]| {
        let properties: Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        ToolInfo { name: name.to_owned(), input_schema: json!({ "properties": properties }) }
    };
    let tools = vec![tool("post", &["text"]), tool("list", &["who", "cursor"])];
    let answers = pages.into_iter().map(|page| said(false, page)).collect();
    world_of(&Profile::parse(PAGED).unwrap(), Ok(tools), Ok(Vec::new()), answers)
}

fn item(id: &str, text: &str, seconds: i64, by: &str) -> Value {
    json!({ "id": id, "text": text, "at": at(seconds).timestamp(), "by": by })
}

#[test]
fn pages_are_followed_until_the_list_is_whole() {
    let ours = "Our spring sale starts today";
    let other = |id: &str, seconds| item(id, "the weather is lovely", seconds, "me");
    let page = |items: &[Value], meta: Value| json!({ "data": items, "meta": meta });
    let more = |cursor: &str| json!({ "next_token": cursor });
    for (source, pages, expected, calls) in [
        (
            "found on the second page",
            vec![page(&[other("a", -1)], more("c1")), page(&[item("ours", ours, -50, "@Me")], json!({}))],
            "there ours",
            2,
        ),
        (
            "no cursor where its parent stands",
            vec![page(&[other("a", -1)], more("c1")), page(&[other("b", -20)], json!({}))],
            "absent",
            2,
        ),
        ("an empty cursor", vec![page(&[other("a", -1)], json!({ "next_token": "" }))], "absent", 1),
        ("no parent either", vec![json!({ "data": [other("a", -1)] })], "doubt", 1),
        (
            "total equals the count",
            vec![json!({ "data": [other("a", -1)], "meta": { "total": 1 } })],
            "absent",
            1,
        ),
        (
            "total of one page: X's `result_count`",
            vec![
                json!({ "data": [other("a", -1)], "meta": { "total": 1, "next_token": "c" } }),
                json!({ "data": [item("ours", ours, -50, "me")], "meta": { "total": 1 } }),
            ],
            "there ours",
            2,
        ),
        (
            "total is more than the count",
            vec![json!({ "data": [other("a", -1)], "meta": { "total": 2, "next_token": null } })],
            "doubt",
            1,
        ),
        (
            "reaches back before the pages end",
            vec![page(&[other("a", -1), other("b", -90)], more("c1"))],
            "absent",
            1,
        ),
        (
            "a cursor that leads in a circle",
            vec![page(&[other("a", -1)], more("c1")), page(&[other("a", -1)], more("c1"))],
            "doubt",
            2,
        ),
    ] {
        let world = paged(pages);
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), expected, "{source}");
        let made = world.server.calls.lock().unwrap();
        assert_eq!(made.len(), calls, "{source}");
        let cursors: Vec<_> = made.iter().map(|call| call.arguments.get("cursor").cloned()).collect();
        assert!(cursors[0].is_none() && cursors.iter().skip(1).all(Option::is_some), "{source} {cursors:?}");
    }
    // A page for each second without end is read so far and no further.
    let endless = (0..99).map(|number| page(&[other("a", -1)], more(&format!("c{number}")))).collect();
    let world = paged(endless);
    assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), "doubt");
    assert_eq!(world.server.calls.lock().unwrap().len(), 20);
}

#[test]
fn authors_wrappers_and_times_are_read_as_the_profile_says() {
    let ours = "Our spring sale starts today";
    let wrapped = format!("Careful!\n<<<BEGIN\n{ours}\n<<<END trusted again");
    let twice = format!("<<<BEGIN x <<<END <<<BEGIN {ours} <<<END");
    let at_time = |time: Value| json!({ "id": "ours", "text": ours, "at": time, "by": "me" });
    let seconds = at(-50).timestamp();
    let v1 = at(-50).format("%a %b %d %H:%M:%S +0000 %Y").to_string();
    for (source, shown, expected) in [
        ("another author", item("it", ours, -50, "somebody"), "absent"),
        ("no author", json!({ "id": "it", "text": ours, "at": seconds }), "doubt it"),
        ("an author that cannot be compared", item("it", ours, -50, "1234567"), "doubt it"),
        ("the author's page", item("it", ours, -50, "https://x.com/Me/"), "there it"),
        ("a wrapper that the profile names", item("it", &wrapped, -50, "me"), "there it"),
        ("a text that plays with the wrapper", item("it", &twice, -50, "me"), "doubt it"),
        ("L12: as X API v1.1 writes it", at_time(json!(v1)), "there ours"),
        ("L12: seconds with a fraction", at_time(json!(seconds as f64 + 0.5)), "there ours"),
        ("L12: seconds as text", at_time(json!(seconds.to_string())), "there ours"),
        ("milliseconds", at_time(json!(seconds * 1_000)), "there ours"),
        ("no time", at_time(json!("just now")), "doubt ours"),
    ] {
        let world = paged(vec![json!({ "data": [shown], "meta": {} })]);
        assert_eq!(told(&look(&world, &question(&tweet(ours)), &Owners::default())), expected, "{source}");
    }
}
