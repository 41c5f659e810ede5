//! The look table: lists and single posts that count, name, order or date things in odd ways. Each row says what it stands
//! for, so that a new report is one more row.

use chimera_effect::{DoubtfulItem, OwnedPost};

use super::look::{Owners, look, named, owned, question, told};
use super::*;

pub(super) const PROFILE: &str = r#"
    name = "odd"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.targets]
    post = ".+"
    user = ".+"
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
    [platforms.twitter.list]
    tool = "list"
    items = "/data"
    id = "/id"
    text = "/text"
    created_at = "/at"
    author = "/by"
    complete = "/complete"
    total = "/meta/total"
    next = "/meta/next"
    next_argument = "cursor"
    [platforms.twitter.get]
    tool = "get"
    arguments = { id = "{id}" }
    id = "/id"
    text = "/text"
    [platforms.twitter.reply]
    tool = "reply"
    arguments = { text = "{text}", to = "{target}" }
    target_kind = "post"
    id = "/id"
    [platforms.twitter.reply.list]
    tool = "list"
    own = true
    items = "/data"
    id = "/id"
    text = "/text"
    created_at = "/at"
    target = "/to"
    complete = "/complete"
    [platforms.twitter.follow]
    tool = "follow"
    arguments = { to = "{target}" }
    target_kind = "user"
    id_template = "follow:{target}:{key}"
    confirm = { pointer = "/following", equals = true }
    [platforms.twitter.follow.list]
    tool = "list"
    own = true
    items = "/data"
    target = "/to"
    complete = "/complete"
    [platforms.twitter.like]
    tool = "like"
    arguments = { to = "{target}" }
    target_kind = "post"
    id_template = "like:{target}:{key}"
    confirm = { pointer = "/liked", equals = true }
    [platforms.twitter.like.state]
    tool = "state"
    arguments = { to = "{target}" }
    confirm = { pointer = "/liked", equals = true }
"#;

pub(super) const OURS: &str = "Our spring sale starts today";

/// What a look proves; reading calls beyond the answers fail.
pub(super) fn shown(asked: &LookUp, owners: &Owners, answers: Vec<Value>) -> String {
    told(&found(asked, owners, answers))
}

fn found(asked: &LookUp, owners: &Owners, answers: Vec<Value>) -> Finding {
    let schema = ["text", "to", "id", "cursor"].map(|name| (name.to_owned(), json!({ "type": "string" })));
    let schema = json!({ "properties": schema.into_iter().collect::<Map<_, _>>() });
    let tools = ["post", "reply", "follow", "like", "list", "get", "state"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    let failing = || said(true, json!({ "error": "503" }));
    let answers = answers.into_iter().map(|answer| said(false, answer)).chain([failing(), failing()]);
    let profile = Profile::parse(PROFILE).unwrap();
    let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), answers.collect());
    look(&world, asked, owners)
}

pub(super) fn post_of(account: &str) -> LookUp {
    let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    let content = EffectV1 { text: OURS.to_owned(), account: account.to_owned(), ..content };
    question(&Effect::new(content).unwrap())
}

pub(super) fn item(id: &str, text: &str, seconds: i64, by: &str) -> Value {
    json!({ "id": id, "text": text, "at": at(seconds).timestamp(), "by": by })
}

pub(super) fn ours(id: &str) -> Value {
    item(id, OURS, -50, "me")
}

pub(super) fn other(id: &str, seconds: i64) -> Value {
    item(id, "the weather is lovely in Lisbon", seconds, "me")
}

pub(super) fn whole(items: &[Value]) -> Value {
    json!({ "data": items, "complete": true })
}

pub(super) fn page(items: &[Value], total: u64, next: Option<&str>) -> Value {
    json!({ "data": items, "meta": { "total": total, "next": next } })
}

/// mastodon#30172, api-samples#546 of YouTube: pages that overlap show one post twice.
#[test]
fn a_post_that_is_listed_twice_is_one() {
    let one = post_of("me");
    let of_two = LookUp { equals: 2, ..one.clone() };
    for (source, asked, answers, expected) in [
        (
            "on two pages",
            &one,
            vec![page(&[ours("p")], 9, Some("c")), page(&[ours("p"), other("b", -90)], 9, Some("d"))],
            "there p",
        ),
        ("pinned and in its place", &one, vec![whole(&[ours("p"), other("a", -1), ours("p")])], "there p"),
        ("one for two effects", &of_two, vec![whole(&[ours("p"), ours("p")])], "doubt p"),
        ("two for two effects", &of_two, vec![whole(&[ours("p"), ours("q"), ours("p")])], "there p"),
        // A person may have made it, and one of the two nobody; in whole seconds it may be of when we began.
        ("one from before", &of_two, vec![whole(&[ours("p"), item("q", OURS, -62, "me")])], "doubt q p"),
        ("one of when it began", &of_two, vec![whole(&[ours("p"), item("q", OURS, -60, "me")])], "there q"),
        ("alone, from before by a clock", &one, vec![whole(&[item("q", OURS, -62, "me")])], "there q"),
        (
            "twice in the total",
            &one,
            vec![
                page(&[other("a", -1)], 2, Some("c")),
                page(&[other("a", -1)], 2, Some("d")),
                page(&[ours("p")], 2, None),
            ],
            "there p",
        ),
        // One of two with our text could not be asked for: the other is not ours by that.
        (
            "two and one of them is shown",
            &one,
            vec![whole(&[ours("p"), ours("q")]), json!({ "id": "p", "text": OURS })],
            "doubt p q",
        ),
    ] {
        let found = shown(asked, &Owners::default(), answers);
        assert_eq!(found, expected, "{source}");
    }
}

/// A list reaches back by a time that is one, and by a post that was known before the attempt began.
#[test]
fn a_list_reaches_back_by_what_is_known() {
    let dated = |time: &str| json!({ "id": "b", "text": "quite another thing", "at": time, "by": "me" });
    let known = |seconds| {
        Owners(vec![OwnedPost { known_at: at(seconds), ..owned("b", "the weather is lovely in Lisbon") }])
    };
    for (source, last, owners, expected) in [
        ("Go's time for none", dated("0001-01-01T00:00:00Z"), Owners::default(), "doubt"),
        ("a program's time for none", dated("1970-01-01T00:00:00Z"), Owners::default(), "doubt"),
        ("an older one", other("b", -90), Owners::default(), "absent"),
        ("known before", other("b", -61), known(-61), "absent"),
        ("known since: it may be newer than ours", other("b", -61), known(-30), "doubt"),
        ("known when the attempt began", other("b", -61), known(-60), "doubt"),
    ] {
        let answers = vec![json!({ "data": [other("a", -1), last] })];
        assert_eq!(shown(&post_of("me"), &owners, answers), expected, "{source}");
    }
    for (complete, expected) in [
        (json!(true), "absent"),
        (json!("true"), "absent"),
        (json!(1), "absent"),
        (json!("False"), "doubt"),
        (json!(0), "doubt"),
        (json!("no"), "doubt"),
        (json!({}), "doubt"),
    ] {
        let answers = vec![json!({ "data": [other("a", -1)], "complete": complete })];
        assert_eq!(shown(&post_of("me"), &Owners::default(), answers), expected, "{complete}");
    }
    let refused = json!({ "data": [], "complete": true, "message": "Not authorized to read this list" });
    assert_eq!(shown(&post_of("me"), &Owners::default(), vec![refused]), "open");
}

/// Another author and another target are ones by names of one form alone.
#[test]
fn names_of_two_forms_tell_nothing() {
    for (account, author, expected) in [
        ("me", "@Me", "there p"),
        ("me", "somebody", "absent"),
        ("me@host.example", "me", "doubt p"),
        ("mychannel", "UCabcdefghijklmnopqrstuv", "doubt p"),
        ("me", "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "doubt p"),
        ("urn:li:organization:1", "urn:li:person:x", "doubt p"),
        ("urn:li:organization:1", "urn:li:organization:2", "absent"),
    ] {
        let answers = vec![whole(&[item("p", OURS, -50, author)])];
        assert_eq!(shown(&post_of(account), &Owners::default(), answers), expected, "{account} {author}");
    }
    let text = "Well said, and I agree";
    for (target, listed, expected) in [
        ("1755", json!("1755"), "there r"),
        ("1755", json!(1755), "there r"),
        ("1755", json!(1756), "absent"),
        ("tweet_1", json!("1"), "doubt r"),
        ("1", json!("tweet_1"), "doubt r"),
        ("urn:li:share:1", json!("1"), "doubt r"),
        ("urn:li:share:1", json!("urn:li:activity:2"), "doubt r"),
        ("urn:li:share:1", json!("urn:li:share:2"), "absent"),
        ("1755", json!("https://x.com/a/status/1755"), "doubt r"),
        ("B_D6RVoBXyN", json!("2288929313783118989_33440291058"), "doubt r"),
    ] {
        let asked = question(&engagement(PlatformName::Twitter, EffectKind::Reply, target, text));
        let reply = json!({ "id": "r", "text": text, "at": at(-50).timestamp(), "to": listed });
        assert_eq!(shown(&asked, &Owners::default(), vec![whole(&[reply])]), expected, "{target} {listed}");
    }
    for (target, listed, expected) in [
        ("@ann", "bob", "absent"),
        ("@ann", "12345", "doubt -"),
        ("@ann", "did:plc:xyz", "doubt -"),
        ("ann@host.example", "ann", "doubt -"),
    ] {
        let asked = question(&engagement(PlatformName::Twitter, EffectKind::Follow, target, ""));
        let answers = vec![whole(&[json!({ "to": listed })])];
        assert_eq!(shown(&asked, &Owners::default(), answers), expected, "{target} {listed}");
    }
}

/// An answer about another post says nothing of the one that was asked for.
#[test]
fn another_post_than_asked_for_is_no_absence() {
    let asked = LookUp { candidates: named("P"), ..post_of("me") };
    for (shown_id, expected) in [("P", "there P"), ("Q", "open"), ("urn:li:share:P", "open")] {
        let answers = vec![json!({ "id": shown_id, "text": OURS }), whole(&[])];
        assert_eq!(shown(&asked, &Owners::default(), answers), expected, "{shown_id}");
    }
}

/// Our text whose letters a server lost or changed: clearly another by its letters, and it may be ours.
#[test]
fn a_text_that_lost_its_letters_may_be_ours() {
    let russian = "Наша весенняя распродажа";
    let bytes: String = russian.bytes().map(char::from).collect();
    let escaped: String = russian.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for (source, text, listed) in [
        ("bytes as characters (xibo#19)", russian, bytes.as_str()),
        ("percent-encoded", russian, &escaped),
        ("question marks (webmention.io#203)", russian, "???? ???????? ??????????"),
        ("emoji as question marks", "🔥🔥🔥", "??????"),
        ("emoji as names", "🔥🔥", ":fire: :fire:"),
        ("without accents (docker-planefence#130)", "Été à Évry", "Ete a Evry"),
    ] {
        let content = post_of("me").effect.content().clone();
        let asked = question(&Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap());
        let answers = vec![whole(&[item("p", listed, -50, "me")])];
        assert_eq!(shown(&asked, &Owners::default(), answers), "doubt p", "{source}");
    }
}

/// A state that is told as unset is set again: only its very opposite tells so.
#[test]
fn a_state_is_unset_by_its_opposite_alone() {
    let asked = question(&engagement(PlatformName::Twitter, EffectKind::Like, "1755", ""));
    for (value, expected) in [
        (json!(true), "there"),
        (json!("true"), "there"),
        (json!(1), "there"),
        (json!(false), "absent"),
        (json!("False"), "absent"),
        (json!(0), "absent"),
        (json!(null), "open"),
        (json!("unknown"), "open"),
        (json!(7), "open"),
        (json!({}), "open"),
    ] {
        let found = shown(&asked, &Owners::default(), vec![json!({ "liked": value })]);
        assert_eq!(found.split(' ').next(), Some(expected), "{value}");
    }
}

/// What stands around a list and is none of a remark about it, and marks and words that make no other text ours.
#[test]
fn what_says_nothing_against_a_list_leaves_it_whole() {
    let base = json!({ "data": [other("a", -1)], "complete": true });
    for (source, sign) in [
        ("a time of something else", json!({ "account": { "created_at": "2020-01-01T00:00:00Z" } })),
        ("the same beside it", json!({ "account_created_at": "2020-01-01T00:00:00Z" })),
        ("read just now", json!({ "fetched_at": "2027-01-15T08:00:00Z" })),
        ("read when nothing could act any more", json!({ "fetched_at": at(-9).to_rfc3339() })),
        ("nothing hidden", json!({ "hidden_count": 0 })),
        ("what X adds to the items", json!({ "includes": { "pinned": { "status": "deleted" } } })),
        ("whose list it is", json!({ "user": { "status": "suspended my disbelief", "state": "failed" } })),
    ] {
        let mut answer = base.clone();
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        let found = shown(&post_of("me"), &Owners::default(), vec![answer]);
        assert_eq!(found, "absent", "{source}: {sign}");
    }
    for (source, made, mark) in [
        ("posted by another program", -50, json!({ "source": "Post Scheduler" })),
        ("five edits are left (X)", -50, json!({ "edit_controls": { "edits_remaining": 5 } })),
        ("cut, and from before we began", -90_000, json!({ "truncated": true })),
        ("taken away, and from before we began", -90_000, json!({ "deleted": true })),
    ] {
        let mut answer = other("a", made);
        answer.as_object_mut().unwrap().extend(mark.as_object().unwrap().clone());
        let found = shown(&post_of("me"), &Owners::default(), vec![whole(&[answer])]);
        assert_eq!(found, "absent", "{source}: {mark}");
    }
}

/// A line that breaks off within a word of ours was cut by a program; one that ends with a word is anybody's.
#[test]
fn a_line_that_breaks_off_within_our_words_may_be_ours() {
    let sent =
        "Our spring sale starts today in each of our shops, and who comes before noon gets a cup of coffee";
    let content = post_of("me").effect.content().clone();
    let asked = question(&Effect::new(EffectV1 { text: sent.to_owned(), ..content }).unwrap());
    let signed =
        |line: &str| format!("{line}\n\nVia PostBuddy, with kind wishes; visit us by typing its name");
    for (source, text, made, expected) in [
        ("within a word", signed("Our spring sal"), -50, "doubt it"),
        ("the shortest that is told", signed("Our spri"), -50, "doubt it"),
        ("shorter", signed("Our spr"), -50, "absent"),
        ("at the end of a word", signed("Our spring"), -50, "absent"),
        ("another line", signed("Our summer fes"), -50, "absent"),
        // From before we began, alike and beginning otherwise: nobody asks whose that is.
        ("alike, and from before", format!("Reminder: {sent}"), -90_000, "absent"),
        ("cut off, and from before", "Our spring sale starts tod…".to_owned(), -90_000, "doubt it"),
        // Marks of a server around another text.
        (
            "another between marks",
            "[begin]\nNobody knows what we ship in July\n[end]".to_owned(),
            -50,
            "absent",
        ),
        (
            "transcribed but for a name",
            "Наша весенняя распродажа уже сегодня в PostBuddy".to_owned(),
            -50,
            "doubt it",
        ),
    ] {
        let answers = vec![whole(&[item("it", &text, made, "me")])];
        assert_eq!(shown(&asked, &Owners::default(), answers), expected, "{source}: {text:?}");
    }
}

/// Where a server cuts within a link, dots belong to the link; a line of its own hides that the end is missing.
#[test]
fn a_link_that_is_cut_off_may_be_ours() {
    let content = post_of("me").effect.content().clone();
    let asked =
        |text: &str| question(&Effect::new(EffectV1 { text: text.to_owned(), ..content.clone() }).unwrap());
    let (read, only) = (
        "Read https://example.com/long/path?a=1&b=2 before Monday",
        "https://example.com/only/a/link (part 2)",
    );
    for (sent, text, expected) in [
        (read, "Read https://ex…\n\nSent via PostBuddy", "doubt it"),
        (read, "Read https://ex...\n\nSent via PostBuddy", "doubt it"),
        (read, "Read https://ex [...]\n\nSent via PostBuddy", "doubt it"),
        (read, "Nobody expects https://other.example.org/a\n\nSent via PostBuddy", "absent"),
        (only, r"https://example.com/ \[...\]", "doubt it"),
        (only, "https://example.com/ &hellip;\n\nSent via PostBuddy", "doubt it"),
        (only, "Sent via PostBuddy", "absent"),
    ] {
        let answers = vec![whole(&[item("it", text, -50, "me")])];
        assert_eq!(shown(&asked(sent), &Owners::default(), answers), expected, "{sent:?}: {text:?}");
    }
}

/// A state may stand deeper in its answer, beside what the platform tells of the target.
#[test]
fn a_state_is_read_beside_what_else_is_told() {
    let asked = question(&engagement(PlatformName::Twitter, EffectKind::Like, "1755", ""));
    for (answer, expected) in [
        (json!({ "liked": true, "post": { "author": { "name": "ann" } } }), "there"),
        (json!({ "liked": false, "post": { "author": { "name": "ann" } } }), "absent"),
        (json!({ "liked": false, "relation": { "requested": true } }), "open"),
    ] {
        let found = shown(&asked, &Owners::default(), vec![answer.clone()]);
        assert_eq!(found.split(' ').next(), Some(expected), "{answer}");
    }
}

/// Shown by itself it is another text, and edited: what was posted is not known.
#[test]
fn a_text_that_was_edited_may_have_been_ours() {
    let short = item("it", "The weather…", -50, "me");
    for (edited, expected) in [(json!(false), "absent"), (json!(true), "doubt it")] {
        let whole_text = json!({ "id": "it", "text": "The weather is lovely in Lisbon", "edited": edited });
        let answers = vec![whole(std::slice::from_ref(&short)), whole_text];
        assert_eq!(shown(&post_of("me"), &Owners::default(), answers), expected, "{edited}");
    }
}

/// What a person reads beside an item that no look explains.
#[test]
fn a_person_is_told_why_an_item_is_in_doubt() {
    let gone = DoubtfulItem {
        id: Some("gone".to_owned()),
        url: None,
        text: OURS.to_owned(),
        created_at: Some(at(-30)),
        why: "its text is not shown whole".to_owned(),
    };
    let marked = |sign: Value| {
        let mut answer = ours("p");
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        vec![answer]
    };
    for (doubted, items, why) in [
        (vec![], marked(json!({ "deleted": true })), "it is marked as not public"),
        (vec![], marked(json!({ "withheld": true })), "its text is marked as changed or withheld"),
        (vec![], vec![item("p", "", -50, "me")], "it shows no text that could be compared"),
        (vec![gone], vec![other("a", -1)], "an earlier look saw it, and this one does not"),
    ] {
        let asked = LookUp { doubted, ..post_of("me") };
        // Nothing shows one by itself.
        let answers = vec![whole(&items), json!({ "id": "p" })];
        let Finding::InDoubt(report) = found(&asked, &Owners::default(), answers) else { panic!("{why}") };
        let told: Vec<&str> = report.in_doubt.iter().map(|item| item.why.as_str()).collect();
        assert_eq!(told, [why]);
    }
}
