//! What is called, what is not, and what would be sent.

use super::*;
use crate::doctor::NoAccount;

fn called(server: &Scripted) -> Vec<String> {
    server.calls.lock().unwrap().iter().map(|call| call.tool.clone()).collect()
}

#[test]
fn a_profile_that_fits_is_fit_by_reading_alone() {
    let server = server(answers());
    let diagnosis = examined(PROFILE, &server);
    assert!(diagnosis.verdict().is_fit_as_read(), "{diagnosis}");
    let last = "\nfit, as far as reading shows; not tried: `id` of publish; `confirm` of like";
    assert!(diagnosis.to_string().ends_with(last), "{diagnosis}");
    assert_eq!(called(&server), ["login", "whoami", "list", "get", "is_liked", "show"]);
    assert_told(&diagnosis, "whoami", Health::Fit, "acts as `me`");
    assert_told(
        &diagnosis,
        "id",
        Health::Untried,
        "`id` in the answer of `post`, which acts and is not called",
    );
    assert_told(&diagnosis, "get", Health::Fit, "same text");
    assert_told(&diagnosis, "state", Health::Fit, "not set");
    assert_told(&diagnosis, "look_up", Health::Fit, "`2` is there");
    let publish = kind(&diagnosis, EffectKind::Publish);
    assert!(publish.served);
    assert_eq!(publish.absence, Absence::Reach { shown: true });
    assert_eq!(kind(&diagnosis, EffectKind::Like).absence, Absence::State);
}

/// A slip of the pen in a profile must not post, delete or upload anything.
#[test]
fn a_tool_that_acts_is_never_called_whatever_it_is_named_for() {
    for (reading, acting) in [
        ("tool = \"list\"", "tool = \"post\""),
        ("tool = \"get\"", "tool = \"delete\""),
        ("tool = \"whoami\"", "tool = \"like\""),
        ("tool = \"show\"", "tool = \"post\""),
        ("tool = \"is_liked\"", "tool = \"like\""),
        ("tool = \"login\"", "tool = \"delete\""),
    ] {
        let server = server(answers());
        let diagnosis = examined(&PROFILE.replace(reading, acting), &server);
        assert!(!diagnosis.verdict().is_fit_as_read(), "{diagnosis}");
        let mended = diagnosis.observations().any(|found| found.text.contains("acts in this profile"));
        assert!(mended, "{acting}: {diagnosis}");
    }
    // Nor one that this profile names for nothing else.
    let profile = PROFILE.replace("tool = \"get\"", "tool = \"remove_post\"");
    let server = Arc::new(Scripted {
        tools: Ok([
            tools(),
            vec![ToolInfo {
                name: "remove_post".to_owned(),
                input_schema: json!({ "properties": { "id": {} } }),
            }],
        ]
        .concat()),
        answers: answers(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    });
    assert_told(&examined(&profile, &server), "get", Health::Untried, "`remove_post` may remove something");
}

#[test]
fn every_fault_of_a_server_is_told_at_once_and_its_tools_are_not_called() {
    let mut offered = tools();
    offered.retain(|tool| tool.name != "get" && tool.name != "like");
    let at = offered.iter().position(|tool| tool.name == "list").unwrap();
    offered[at].input_schema = json!({ "properties": { "handle": {} }, "required": ["handle"] });
    let server = Arc::new(Scripted {
        tools: Ok(offered),
        answers: answers(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    });
    let diagnosis = examined(PROFILE, &server);
    assert_told(&diagnosis, "tools", Health::Mend, "the server offers no tool `get`");
    assert_told(&diagnosis, "tools", Health::Mend, "tool `list`: it declares no argument `user`");
    assert_told(&diagnosis, "tools", Health::Mend, "it requires the argument `handle`");
    assert_told(&diagnosis, "tools", Health::Mend, "the server offers no tool `like`");
    assert_told(&diagnosis, "list", Health::Untried, "not called");
    assert!(!kind(&diagnosis, EffectKind::Publish).served);
    assert_eq!(called(&server), ["login", "whoami"]);
    let last = diagnosis.to_string();
    assert!(last.ends_with(&format!("{} things to mend", diagnosis.to_mend())), "{last}");
}

#[test]
fn a_server_that_does_not_start_is_told_with_its_reason() {
    let server = Arc::new(Scripted {
        tools: Err("the program was not found, token swordfish-of-the-host"),
        answers: BTreeMap::new(),
        calls: Mutex::default(),
        secrets: Secrets::new([SECRET.to_owned()]),
    });
    let diagnosis = examined(PROFILE, &server);
    assert_told(&diagnosis, "server", Health::Mend, "was not found");
    assert_eq!(diagnosis.to_mend(), 1);
    assert!(!diagnosis.to_string().contains(SECRET), "{diagnosis}");
    assert_eq!(kind(&diagnosis, EffectKind::Publish).absence, Absence::Unread);
}

#[test]
fn what_would_be_sent_is_shown_for_each_kind_of_media() {
    let diagnosis = with(("", ""), "list", two_posts());
    let samples: Vec<String> =
        kind(&diagnosis, EffectKind::Publish).samples.iter().map(ToString::to_string).collect();
    let text = r#""text":"Hello from the profile doctor.\nNothing of this is sent.""#;
    assert_eq!(
        samples,
        [
            format!(r#"(publish) post {{"by":"urn:me",{text}}}"#),
            format!(
                r#"(publish with image) post {{"by":"urn:me",{text},"url":"https://media.example/picture.png"}}"#
            ),
        ]
    );
    let like = &kind(&diagnosis, EffectKind::Like).samples[0];
    assert_eq!(like.arguments["id"], "2", "the first listed post is the target");
}

#[test]
fn a_setting_that_is_missing_is_told_and_shown_in_samples() {
    let client: Arc<dyn ToolClient> = server(answers());
    let profile = Profile::parse(PROFILE).unwrap();
    let doctor = Doctor::new(Binding::all(&profile, &client), Arc::new(Stopped));
    let diagnosis = doctor.examine("me").now_or_never().unwrap();
    assert_told(&diagnosis, "settings", Health::Mend, "no setting `urn` (the urn of the account)");
    assert_eq!(kind(&diagnosis, EffectKind::Publish).samples[0].arguments["by"], "<settings.urn>");
}

#[test]
fn secrets_are_shown_nowhere() {
    let leak = json!({ "items": [item("2", SECRET, SECRET, SECRET)], "more": SECRET });
    for tool in ["login", "whoami", "list", "get", "show", "is_liked"] {
        let diagnosis = with(("", ""), tool, json!({ "told": SECRET, "leak": leak }));
        assert!(!diagnosis.to_string().contains(SECRET), "{tool}: {diagnosis}");
        let diagnosis = with(("", ""), tool, json!({ "error": format!("401 {SECRET}") }));
        assert!(!diagnosis.to_string().contains(SECRET), "{tool}: {diagnosis}");
    }
    let diagnosis = with(("", ""), "list", leak);
    assert!(!diagnosis.to_string().contains(SECRET), "{diagnosis}");
}

#[test]
fn only_bindings_of_the_account_are_examined() {
    let client: Arc<dyn ToolClient> = server(answers());
    let profile = Profile::parse(PROFILE).unwrap();
    let bindings = Binding::all(&profile, &client).into_iter().map(|binding| binding.account("other"));
    let diagnosis = Doctor::new(bindings, Arc::new(Stopped)).examine("me").now_or_never().unwrap();
    assert!(!diagnosis.verdict().is_fit_as_read());
    assert_eq!(diagnosis.to_string(), "nothing is bound for the account");
}

#[test]
fn the_account_can_be_asked_for_where_nothing_has_to_come_first() {
    const SIGN_IN: &str = "[platforms.twitter.sign_in]\n    tool = \"login\"\n    confirm = { pointer = \"/ok\", equals = true }";
    const WHO_AM_I: &str = "[platforms.twitter.whoami]\n    tool = \"whoami\"\n    account = \"/username\"";
    let client: Arc<dyn ToolClient> = server(answers());
    let without_sign_in = PROFILE.replace(SIGN_IN, "");
    for (profile, account) in [
        (without_sign_in.clone(), Ok("me".to_owned())),
        (PROFILE.to_owned(), Err(NoAccount::SignInFirst)),
        (without_sign_in.replace(WHO_AM_I, ""), Err(NoAccount::NoWhoAmI)),
        (without_sign_in.replace("account = \"/username\"", "account = \"/name\""), Err(NoAccount::NotTold)),
    ] {
        let profile = Profile::parse(&profile).unwrap();
        let doctor = Doctor::new(Binding::all(&profile, &client), Arc::new(Stopped));
        assert_eq!(doctor.account().now_or_never().unwrap(), account);
    }
    let none = Doctor::new([], Arc::new(Stopped)).account().now_or_never().unwrap();
    assert_eq!(none, Err(NoAccount::NothingBound));
    let dead: Arc<dyn ToolClient> = Arc::new(Scripted {
        tools: Err("it ended"),
        answers: BTreeMap::new(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    });
    let profile = Profile::parse(PROFILE).unwrap();
    let doctor = Doctor::new(Binding::all(&profile, &dead), Arc::new(Stopped));
    assert_eq!(doctor.account().now_or_never().unwrap(), Err(NoAccount::NoServer));
}

#[test]
fn another_server_is_told_before_the_details() {
    let server = Arc::new(Scripted {
        tools: Ok(vec![ToolInfo { name: "echo".to_owned(), input_schema: json!({}) }]),
        answers: BTreeMap::new(),
        calls: Mutex::default(),
        secrets: Secrets::default(),
    });
    let first = &examined(PROFILE, &server).platforms[0].observations[0];
    assert_eq!(first.health, Health::Mend);
    assert!(first.text.contains("is it another server?"), "{first}");
}

/// A built-in profile fits its server: its answer is told first, and the profile is the last that is mended.
#[test]
fn of_a_built_in_profile_the_set_up_of_the_server_is_doubted_first() {
    let reason = format!("{}set MODE=publish", "the account is not told in this mode; ".repeat(3));
    let mut all = answers();
    all.insert("whoami", json!({ "hint": reason }));
    let client: Arc<dyn ToolClient> = server(all);
    let profile = Profile::parse(PROFILE).unwrap();
    let bindings = Binding::all(&profile, &client).into_iter().map(|binding| binding.setting("urn", "u"));
    let doctor = Doctor::new(bindings, Arc::new(Stopped)).built_in("doctored");
    let diagnosis = doctor.examine("me").now_or_never().unwrap();
    for words in
        ["set MODE=publish", "see the head of `profiles/doctored.toml`; only where it is not, name in"]
    {
        assert_told(&diagnosis, "whoami", Health::Mend, words);
    }
}
