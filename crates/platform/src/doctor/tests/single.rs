//! What is told of sign-in, account, single posts, states and targets.

use super::*;

#[test]
fn each_answer_is_held_against_its_pointers() {
    for (tool, answer, about, health, words) in [
        (
            "login",
            json!({ "ok": "code needed" }),
            "sign_in",
            Health::Mend,
            "`confirm = \"/ok\"` does not hold",
        ),
        ("whoami", json!({ "username": "@ME" }), "whoami", Health::Fit, "acts as `@ME`"),
        (
            "whoami",
            json!({ "username": "you" }),
            "whoami",
            Health::Mend,
            "acts as `you`, and the account is `me`",
        ),
        ("whoami", json!({ "data": { "name": "me" } }), "whoami", Health::Mend, "has `/data/name` \"me\""),
        ("get", json!({ "id": "3", "text": "x" }), "get", Health::Mend, "asked for `2`, `get` shows \"3\""),
        ("get", json!({ "id": "2", "body": "x" }), "get", Health::Mend, "nothing fits `text = \"/text\"`"),
        (
            "get",
            json!({ "id": "2", "text": "the second of two posts, and how it goes on" }),
            "get",
            Health::Fit,
            "more of its text",
        ),
        (
            "get",
            json!({ "id": "2", "text": "Untrusted: the second of two posts (end)" }),
            "get",
            Health::Mend,
            "name them in `wraps`",
        ),
        (
            "get",
            json!({ "id": "2", "text": "sign in to see it" }),
            "get",
            Health::Mend,
            "another text than the list",
        ),
        ("is_liked", json!({ "liked": "true" }), "state", Health::Fit, "it tells that it is set"),
        ("is_liked", json!({ "liked": "perhaps" }), "state", Health::Mend, "neither yes nor no"),
        (
            "is_liked",
            json!({ "viewer": { "liked": true } }),
            "state",
            Health::Mend,
            "has `/viewer/liked` true",
        ),
        ("show", json!({ "data": { "id": "2" } }), "look_up", Health::Mend, "has `/data/id` \"2\""),
        ("show", json!({ "error": "404 Not Found" }), "look_up", Health::Mend, "the tool `show` failed"),
    ] {
        assert_told(&with(("", ""), tool, answer), about, health, words);
    }
}

#[test]
fn what_nobody_can_check_is_told_as_a_hint() {
    for (replaced, about, words) in [
        (("reads_back = false", ""), "reads_back", "two looks found nothing"),
        (
            (
                "id_template = \"like:{target}:{key}\"",
                "id_template = \"like:{target}:{key}\"\n    sets_state = true",
            ),
            "sets_state",
            "never true of a toggle",
        ),
        (
            ("[platforms.twitter.delete]\n    tool = \"delete\"\n    arguments = { id = \"{id}\" }", ""),
            "delete",
            "how it is taken back is not known",
        ),
        (
            ("[platforms.twitter.whoami]\n    tool = \"whoami\"\n    account = \"/username\"", ""),
            "whoami",
            "taken on trust",
        ),
        (("id = \"/id\"\n    reads_back", "id = \"/id\"\n    reads_back"), "url", "without a link to it"),
        (
            (
                "[platforms.twitter.look_up.post]\n    tool = \"show\"\n    arguments = { id = \"{target}\" }\n    \
                 confirm = { pointer = \"/id\" }",
                "",
            ),
            "look_up",
            "whether the post is there is not asked",
        ),
    ] {
        let diagnosis = with(replaced, "list", two_posts());
        assert_told(&diagnosis, about, Health::Hint, words);
        assert!(diagnosis.verdict().is_fit_as_read(), "{diagnosis}");
    }
}

/// What a tool takes may ask something of the host, or of the words.
#[test]
fn what_a_call_takes_may_need_something_else() {
    for (platform, argument, about, words) in [
        ("threads", "file = \"{media_path}\", text = \"{text}\"", "media", Some("with_media_files")),
        ("threads", "url = \"{media_url}\", text = \"{text}\"", "media", None),
        ("linkedin", "text = \"{text}\"", "text", Some("`{little_text}` escapes them")),
        ("linkedin", "text = \"{little_text}\"", "text", None),
        ("threads", "text = \"{text}\"", "text", None),
    ] {
        let profile = format!(
            "name = \"one\"\n[platforms.{platform}.publish]\ntool = \"post\"\narguments = {{ {argument} }}\nid = \"/id\""
        );
        let diagnosis = examined(&profile, &server(answers()));
        match words {
            Some(words) => assert_told(&diagnosis, about, Health::Hint, words),
            None => assert!(diagnosis.observations().all(|found| found.about != about), "{diagnosis}"),
        }
    }
}

/// What is said is not asked for: a link by either key, a target that is looked up.
#[test]
fn what_is_described_gives_no_hint() {
    for link in ["url = \"/link\"", "url_template = \"https://x.com/{account}/status/{id}\""] {
        let diagnosis =
            with(("reads_back = false", &format!("reads_back = false\n    {link}")), "list", two_posts());
        let hints = diagnosis.observations().filter(|found| found.health == Health::Hint);
        assert_eq!(
            hints.filter(|found| matches!(found.about.as_str(), "url" | "look_up")).count(),
            0,
            "{diagnosis}"
        );
    }
}

#[test]
fn a_target_that_is_given_is_asked_about() {
    let scripted = server(answers());
    let client: Arc<dyn ToolClient> = Arc::<Scripted>::clone(&scripted);
    let profile = Profile::parse(PROFILE).unwrap();
    let bindings = Binding::all(&profile, &client).into_iter().map(|binding| binding.setting("urn", "u"));
    let doctor = Doctor::new(bindings, Arc::new(Stopped)).target(TargetKind::Post, "77");
    let diagnosis = doctor.examine("me").now_or_never().unwrap();
    assert_told(&diagnosis, "look_up", Health::Fit, "`77` is there");
    let calls = scripted.calls.lock().unwrap();
    let asked = calls.iter().find(|call| call.tool == "is_liked").unwrap();
    assert_eq!(asked.arguments["id"], "77");
    // Without a listed post nobody knows one.
    let empty = with(("", ""), "list", json!({ "items": [] }));
    assert_told(&empty, "state", Health::Untried, "it is about a post, and none is known");
    assert_told(&empty, "get", Health::Untried, "none is listed that it could be asked for");
}

#[test]
fn a_state_without_a_list_ends_at_a_person_unless_its_tool_sets_it() {
    let state = "[platforms.twitter.like.state]\n    tool = \"is_liked\"\n    arguments = { id = \"{target}\" }\n    confirm = { pointer = \"/liked\", equals = true }";
    let without = with((state, ""), "list", two_posts());
    assert!(matches!(kind(&without, EffectKind::Like).absence, Absence::Never { .. }), "{without}");
    let profile = PROFILE
        .replace(state, "")
        .replace("target_kind = \"post\"", "target_kind = \"post\"\n    sets_state = true");
    let sets = examined(&profile, &server(answers()));
    assert_eq!(kind(&sets, EffectKind::Like).absence, Absence::SentAgain);
}
