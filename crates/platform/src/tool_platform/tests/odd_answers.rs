//! The answer table: signs of a post and of an error in odd places, forms and languages. Each row says what it stands for, so
//! that a new report is one more row.

use EffectKind::{Follow, Like, Publish, Reply};

use super::*;

pub(super) const PROFILE: &str = r#"
    name = "odd"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.targets]
    post = "[A-Za-z0-9_:]+"
    user = "@?[A-Za-z0-9_]+"
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    reads_back = false
    id = "/id"
    id_pattern = '(?i)\b(?:tweet|id)[ :]+([A-Za-z0-9_]+)'
    url = "/url"
    published_at = "/created_at"
    not_published = [{ pointer = "/draft" }, { pointer = "/preview" }]
    [platforms.twitter.reply]
    tool = "reply"
    arguments = { text = "{text}", to = "{target}" }
    reads_back = false
    target_kind = "post"
    id = "/id"
    id_pattern = '(?i)(?:with|to) ([A-Za-z0-9_]+)'
    [platforms.twitter.follow]
    tool = "follow"
    arguments = { to = "{target}" }
    reads_back = false
    target_kind = "user"
    id_template = "follow:{target}:{key}"
    confirm = { pointer = "/following", equals = true }
    [platforms.twitter.like]
    tool = "like"
    arguments = { to = "{target}" }
    reads_back = false
    target_kind = "post"
    id_template = "like:{target}:{key}"
    confirm = { pointer = "/liked" }
"#;

/// What a tool that asks nothing after its write says, and how that is told: `done ID`, `not CODE`, `unknown CANDIDATE`.
pub(super) fn told(kind: EffectKind, target: &str, ours: &str, called: Called) -> String {
    told_by(PROFILE, kind, target, ours, called)
}

pub(super) fn told_by(profile: &str, kind: EffectKind, target: &str, ours: &str, called: Called) -> String {
    match came_of(profile, kind, target, ours, called) {
        Outcome::Done(evidence) => format!("done {}", evidence.post.id),
        Outcome::NotDone(refusal) => format!("not {:?}", refusal.code),
        Outcome::Accepted(pending) => format!("accepted {}", pending.pending_id),
        Outcome::Unknown(unknown) => {
            format!("unknown {}", unknown.candidate.map_or_else(String::new, |candidate| candidate.id))
                .trim()
                .to_owned()
        }
    }
}

pub(super) fn came_of(profile: &str, kind: EffectKind, target: &str, ours: &str, called: Called) -> Outcome {
    let schema = json!({ "properties": { "text": { "type": "string" }, "to": { "type": "string" } } });
    let tools = ["post", "reply", "follow", "like"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    let profile = Profile::parse(profile).unwrap();
    let world = world_of(&profile, Ok(tools.to_vec()), Ok(Vec::new()), vec![called]);
    let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    let target = (!target.is_empty()).then(|| target.to_owned());
    let effect = Effect::new(EffectV1 { kind, target, text: ours.to_owned(), ..content }).unwrap();
    act_at(&world, &effect, &[], at(9))
}

pub(super) fn sentence(is_error: bool, text: &str) -> Called {
    Called::Answered(ToolAnswer { is_error, texts: vec![text.to_owned()], ..ToolAnswer::default() })
}

/// An error word beside any sign of a post is no refusal, and a retry would be a second post.
#[test]
fn a_refusal_beside_a_sign_of_a_post_settles_nothing() {
    let limited = |sign: Value| {
        let mut answer = json!({ "error": { "status": 429, "message": "Too Many Requests" } });
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        said(true, answer)
    };
    let sign_of = |text: &str| sentence(true, &format!("{text}: HTTP 429 Too Many Requests"));
    for (source, called, expected) in [
        ("a plain limit", sign_of("no"), "not PlatformRateLimit"),
        ("the link of the post", limited(json!({ "url": "https://x.com/me/status/17" })), "unknown"),
        ("the time of the post", limited(json!({ "created_at": "2027-01-15T08:00:01Z" })), "unknown"),
        ("a link where the profile says", limited(json!({ "url": "https://x.example/abc" })), "unknown"),
        ("the same without TLS", limited(json!({ "url": "http://x.example/abc" })), "unknown"),
        ("no link there", limited(json!({ "url": "none" })), "not PlatformRateLimit"),
        ("an id under another name", limited(json!({ "post": { "post_id": "17" } })), "unknown"),
        ("a permalink (postiz-app#1568)", limited(json!({ "permalink": "https://t.example/17" })), "unknown"),
        ("a urn (LinkedIn)", limited(json!({ "x-restli-id": "urn:li:share:17" })), "unknown"),
        ("an id of the request", limited(json!({ "request_id": "17" })), "not PlatformRateLimit"),
        ("a yes as text", limited(json!({ "posted": "true" })), "unknown"),
        ("a yes as a number", limited(json!({ "posted": 1 })), "unknown"),
        ("in Spanish", sign_of("Publicado, pero la lectura fall\u{f3}"), "unknown"),
        ("in German", sign_of("Ver\u{f6}ffentlicht, aber nicht gelesen"), "unknown"),
        ("in Chinese", sign_of("\u{53d1}\u{5e03}\u{6210}\u{529f}, read"), "unknown"),
        ("what failed came after", sign_of("Failed after the post was created"), "unknown"),
        ("what failed was a look", sign_of("Could not verify that it was posted"), "unknown"),
        ("the same", sign_of("Unable to fetch the created post"), "unknown"),
        ("denied", sign_of("The post could not be created"), "not PlatformRateLimit"),
    ] {
        assert_eq!(told(Publish, "", TEXT, called), expected, "{source}");
    }
    for (kind, target, text, said) in [
        (Reply, "1755", TEXT, "Comment added, and reading it back failed"),
        (Follow, "@ann", "", "Followed; no profile"),
        (Like, "1755", "", "Liked the post, and then"),
    ] {
        assert_eq!(told(kind, target, text, sign_of(said)), "unknown", "{said}");
    }
}

/// An id is proof only without a word of an error, wherever that stands.
#[test]
fn an_id_beside_a_word_of_an_error_is_a_candidate() {
    let with = |sign: Value| {
        let mut answer = json!({ "id": "P" });
        answer.as_object_mut().unwrap().extend(sign.as_object().unwrap().clone());
        said(false, answer)
    };
    for (source, called, expected) in [
        ("nothing else", with(json!({})), "done P"),
        ("an error within", with(json!({ "data": { "errors": [{ "detail": "x" }] } })), "unknown P"),
        ("a failure within", with(json!({ "result": { "success": false } })), "unknown P"),
        ("a no as text (Python)", with(json!({ "success": "False" })), "unknown P"),
        ("a no as a number (PHP)", with(json!({ "ok": 0 })), "unknown P"),
        ("a state in capitals (TikTok)", with(json!({ "status": "FAILED" })), "unknown P"),
        ("a status as text", with(json!({ "status": "400" })), "unknown P"),
        ("a flat error", with(json!({ "error_message": "rate limit" })), "unknown P"),
        ("a sentence", with(json!({ "message": "Failed to publish" })), "unknown P"),
        ("a sentence that speaks of none", with(json!({ "message": "Posted without errors" })), "done P"),
        ("empty errors", with(json!({ "error": {}, "errors": [] })), "done P"),
        ("a return code (WeChat)", with(json!({ "ret": -1 })), "unknown P"),
        ("a return code for none", with(json!({ "ret": 0 })), "done P"),
        ("three words for how it went", with(json!({ "status": "failed to publish" })), "unknown P"),
        ("words of people", with(json!({ "text": "it failed", "user": { "status": "error" } })), "done P"),
        // Python's servers report errors without `isError` (github-mcp-server#1952).
        ("a sentence alone", sentence(false, "Could not post: duplicate of tweet 17"), "unknown 17"),
        ("a status in it", sentence(false, "HTTP 403 on tweet 17"), "unknown 17"),
        ("a success", sentence(false, "Posted! Tweet 17"), "done 17"),
    ] {
        assert_eq!(told(Publish, "", TEXT, called), expected, "{source}");
    }
}

#[test]
fn what_we_sent_and_words_for_nothing_are_no_ids() {
    for (source, id, expected) in [
        ("an id", json!("17"), "done 17"),
        ("our account", json!("@Me"), "unknown"),
        ("how it went", json!("success"), "unknown"),
        ("a template without a value", json!("urn:li:share:undefined"), "unknown"),
        ("the same (postiz-app#1813)", json!("undefined_17"), "unknown"),
        ("no UUID", json!("00000000-0000-0000-0000-000000000000"), "unknown"),
    ] {
        assert_eq!(told(Publish, "", TEXT, said(false, json!({ "id": id }))), expected, "{source}");
    }
    let reply = |called| told(Reply, "1755", TEXT, called);
    assert_eq!(reply(said(false, json!({ "id": 1755 }))), "unknown", "an echo of the target");
    assert_eq!(reply(sentence(false, "Replied to 1755 with 1799")), "done 1799", "the target stands first");
    assert_eq!(reply(sentence(false, "Replied to 1755")), "unknown", "the target alone");
}

/// A word of a sentence is no id, and neither is a number that names nothing.
#[test]
fn what_a_pattern_takes_from_a_sentence_may_be_no_id() {
    for (text, expected) in [
        ("Posted with id 17", "done 17"),
        ("Posted with id P17", "done P17"),
        ("Live with the id see the app", "unknown"),
        ("Posted with id 0", "unknown"),
        ("Posted with id See", "unknown"),
    ] {
        assert_eq!(told(Publish, "", TEXT, sentence(false, text)), expected, "{text}");
    }
}

/// *Already* ends a state. Of words it says that they stand there twice now, or before: nobody knows whose.
#[test]
fn what_repeats_something_names_it() {
    let may_read_back = PROFILE.replace("reads_back = false", "");
    for (profile, kind, target, called, expected) in [
        (PROFILE, Publish, "", refused(403, 327, "no"), "unknown"),
        (PROFILE, Publish, "", sentence(true, "Status is a duplicate of tweet 17."), "unknown 17"),
        (PROFILE, Reply, "1755", sentence(true, "It is a duplicate of 1799"), "unknown 1799"),
        (PROFILE, Reply, "1755", sentence(true, "It is a duplicate of 1755"), "unknown"),
        (PROFILE, Publish, "", sentence(true, "It is a duplicate of 0"), "unknown"),
        (&may_read_back, Publish, "", sentence(true, "It is a duplicate of 17"), "unknown 17"),
    ] {
        let outcome = came_of(profile, kind, target, TEXT, called.clone());
        let Outcome::Unknown(unknown) = outcome else { panic!("{called:?}: {outcome:?}") };
        let code = unknown.refusal.map(|refusal| refusal.code);
        assert_eq!(code, Some(ErrorCode::ContentPolicyViolation), "told once it is known to be absent");
        assert!(unknown.candidate.is_none_or(|named| named.may_be_older), "{called:?}");
        assert_eq!(told_by(profile, kind, target, TEXT, called), expected);
    }
}

/// What is told once absence is known, of an answer that settles nothing.
#[test]
fn a_refusal_that_settles_nothing_is_kept() {
    use ErrorCode::{
        ContentPolicyViolation, InvalidTarget, PlatformNotConfigured, PlatformRateLimit,
        PlatformTransientError, ValidationError,
    };
    let may_read_back = PROFILE.replace("reads_back = false", "");
    for (kind, target, called, kept, candidate) in [
        (Publish, "", refused(429, 88, "slow down"), Some(PlatformRateLimit), None),
        (Publish, "", refused(403, 0, "no"), Some(ContentPolicyViolation), None),
        (Publish, "", refused(503, 130, "over capacity"), Some(PlatformTransientError), None),
        (Publish, "", sentence(true, "connection reset"), None, None),
        (Publish, "", sentence(true, "something odd"), None, None),
        (Publish, "", sentence(true, "Posted tweet 17: HTTP 429"), Some(PlatformRateLimit), Some("17")),
        (
            Publish,
            "",
            sentence(true, "Posted tweet 17: unknown tool"),
            Some(PlatformNotConfigured),
            Some("17"),
        ),
        // What is not found is the target, where there is one.
        (Reply, "1755", refused(404, 144, "No status found with that ID."), Some(InvalidTarget), None),
        (Publish, "", refused(404, 144, "No status found with that ID."), Some(ValidationError), None),
        (Reply, "1755", refused(400, 0, "no"), Some(ValidationError), None),
    ] {
        let outcome = came_of(&may_read_back, kind, target, TEXT, called.clone());
        let Outcome::Unknown(unknown) = outcome else { panic!("{called:?}: {outcome:?}") };
        assert_eq!(unknown.refusal.as_ref().map(|refusal| refusal.code), kept, "{called:?}");
        let named = unknown.candidate.as_ref();
        assert_eq!(named.map(|named| named.id.as_str()), candidate, "{called:?}");
        assert!(named.is_none_or(|named| !named.may_be_older), "an answer named what its own call made");
        assert!(unknown.said.is_some(), "{called:?}");
    }
    let outcome = came_of(PROFILE, Reply, "1755", TEXT, refused(404, 144, "No status found with that ID."));
    assert!(matches!(outcome, Outcome::NotDone(refusal) if refusal.code == InvalidTarget));
}

/// A draft is one by a plain *yes*; a card beside the post is called a preview as well.
#[test]
fn a_post_is_no_draft_by_a_word_for_no() {
    for (answer, expected) in [
        (json!({ "id": "P", "draft": true }), "not PlatformNotConfigured"),
        (json!({ "id": "P", "draft": "true" }), "not PlatformNotConfigured"),
        (json!({ "id": "P", "draft": "false" }), "done P"),
        (json!({ "id": "P", "draft": 0 }), "done P"),
        (json!({ "id": "P", "preview": "" }), "done P"),
        (json!({ "id": "P", "preview": { "title": "a card" } }), "unknown P"),
        (json!({ "id": "P", "preview": "https://cdn.example.com/card.png" }), "unknown P"),
        (json!({ "preview": { "text": "as it would look" } }), "not PlatformNotConfigured"),
    ] {
        assert_eq!(told(Publish, "", TEXT, said(false, answer.clone())), expected, "{answer}");
    }
    assert_eq!(told(Like, "1755", "", said(false, json!({ "liked": "false" }))), "unknown");
}

/// A state that is there already is done; one that others need, or that was counted, is not.
#[test]
fn already_is_said_of_the_very_state() {
    for (kind, target, text, done) in [
        (Follow, "@ann", "You are already following ann", true),
        (Like, "1755", "You have already favorited this status.", true),
        (Follow, "@ann", "You are already following @ann.", true),
        (Follow, "@_ann_", "You are already following @_ann_, so nothing was done", true),
        (Follow, "@_ann_", "You are already following ann", false),
        (Follow, "@ann", "You are already following @bob.", false),
        (Follow, "@ann", "You are already following the maximum number of accounts", false),
        (Follow, "@ann", "You are already following 5000 accounts", false),
        (Like, "1755", "You can only like posts of accounts that you already follow", false),
        (Like, "1755", "Only posts by those who are already followed", false),
        (Follow, "@ann", "You have already liked this", false),
        (Like, "1755", "It is not already liked", false),
    ] {
        let found = told(kind, target, "", sentence(true, text));
        assert_eq!(found.starts_with("done "), done, "{text}: {found}");
        assert!(done || found == "unknown", "{text}: {found}");
    }
    let coded = said(true, json!({ "errors": [{ "code": 139, "message": "no" }] }));
    assert!(told(Like, "1755", "", coded).starts_with("done "), "X's number needs no words");
}

/// Anybody may be called `rate_limit`: a refusal that is one by that name alone is told with what came.
#[test]
fn a_refusal_by_the_name_of_its_target_settles_nothing_and_says_why() {
    let called = sentence(true, "cannot reply to rate_limit");
    let outcome = came_of(PROFILE, Reply, "rate_limit", TEXT, called);
    let Outcome::Unknown(unknown) = outcome else { panic!("{outcome:?}") };
    assert!(unknown.reason.contains("by the name of its target alone"), "{}", unknown.reason);
    assert_eq!(unknown.said.as_deref(), Some("cannot reply to rate_limit"));
}

/// A tool that may read back what it posted: what it threw says nothing of the post, and what its server says of the call
/// itself does.
#[test]
fn what_a_tool_threw_may_come_from_a_read() {
    let may_read_back = PROFILE.replace("reads_back = false", "");
    for (text, expected) in [
        ("Error executing tool post: 404 Not Found", "unknown"),
        ("Error executing tool post: permalink not found", "unknown"),
        ("Error calling tool 'post': invalid params", "unknown"),
        ("Error executing tool post: 1 validation error for postArguments", "not ValidationError"),
        ("Tool 'post' not found", "not PlatformNotConfigured"),
        ("Unknown tool: post", "not PlatformNotConfigured"),
    ] {
        let found = told_by(&may_read_back, Publish, "", TEXT, sentence(true, text));
        assert_eq!(found, expected, "{text}");
    }
}

/// What stands beside the structured value is said as well.
#[test]
fn blocks_of_one_answer_may_say_two_things() {
    let limited = json!({ "error": { "status": 429, "message": "Too Many Requests" } });
    let posted = json!({ "id": "17" });
    let warned = "Posted. Could not fetch the permalink: HTTP 429";
    let both = |is_error, structured: &Value, text: &str| {
        let (structured, texts) = (Some(structured.clone()), vec![text.to_owned()]);
        Called::Answered(ToolAnswer { is_error, structured, texts, result_type: None })
    };
    for (source, called, expected) in [
        ("the same twice", both(false, &posted, &posted.to_string()), "done 17"),
        ("a limit, and the post in text", both(true, &limited, &posted.to_string()), "unknown 17"),
        ("the post, and a limit in text", both(false, &posted, &limited.to_string()), "unknown 17"),
        ("the post, and a sentence", both(false, &posted, warned), "unknown 17"),
        ("the post, and our own words", both(false, &posted, "Posted: we failed and learned"), "done 17"),
        (
            "our own words in a remark",
            said(false, json!({ "id": "17", "message": "ok: we failed and learned" })),
            "done 17",
        ),
    ] {
        assert_eq!(told(Publish, "", "we failed and learned", called), expected, "{source}");
    }
}

/// Our own words in an answer are neither a sign nor a refusal, and taking them out makes none.
#[test]
fn our_own_words_change_nothing() {
    let odd = "HTTP 429: it's \"odd\" & so on today";
    let escaped = "HTTP 429: it&#39;s &quot;odd&quot; &amp; so on today";
    let posted = "posted, and reading it back: HTTP 429 Too Many Requests";
    for (ours, called, expected) in [
        ("1", sentence(false, "Posted tweet 1231"), "done 1231"),
        ("Posted", sentence(true, &format!("Posted: {posted}")), "unknown"),
        ("o", sentence(true, &format!("Reply {posted}")), "unknown"),
        (odd, said(true, json!({ "message": "odd", "text": odd })), "unknown"),
        (odd, said(true, json!({ "message": "odd", "text": escaped })), "unknown"),
        (odd, said(true, json!({ "message": "odd", "text": "HTTP 429: it's..." })), "unknown"),
        (odd, sentence(true, "Too many requests"), "not PlatformRateLimit"),
    ] {
        assert_eq!(told(Publish, "", ours, called.clone()), expected, "{ours} {called:?}");
    }
}
