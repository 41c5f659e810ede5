//! What comes first in each life of a server: a sign-in, and the proof that it acts in the account that is bound.

use super::*;

const PROFILE: &str = r#"
    name = "sessions"
    [platforms.twitter]
    settings = { password = "the password of the account" }
    [platforms.twitter.sign_in]
    tool = "login"
    arguments = { user = "{account}", password = "{settings.password}" }
    confirm = { pointer = "/ok", equals = true }
    [platforms.twitter.whoami]
    tool = "whoami"
    account = ["/id", "/username"]
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
    reads_back = false
    [platforms.twitter.list]
    tool = "list"
    items = "/items"
    id = "/id"
    text = "/text"
    created_at = "/at"
    own = true
    complete = "/complete"
"#;

const WITHOUT_SIGN_IN: &str = r#"
    name = "whoami alone"
    [platforms.twitter]
    [platforms.twitter.whoami]
    tool = "whoami"
    account = "/username"
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
"#;

fn served() -> Vec<ToolInfo> {
    let tool = |name: &str, arguments: &[&str]| {
        let properties: Map<String, Value> =
            arguments.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        ToolInfo { name: name.to_owned(), input_schema: json!({ "properties": properties }) }
    };
    vec![
        tool("login", &["user", "password"]),
        tool("whoami", &[]),
        tool("post", &["text"]),
        tool("list", &[]),
    ]
}

fn bound(names: &[&str], answers: Vec<Called>) -> World {
    let profile = Profile::parse(PROFILE).unwrap();
    let mut world = world_of(&profile, Ok(served()), Ok(Vec::new()), answers);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let twitter = profile.platform(PlatformName::Twitter).unwrap().clone();
    let binding = Binding::new(twitter, client).account("me").secret_setting("password", "correct-horse");
    let binding = names.iter().fold(binding, |binding, name| binding.named_by_server(*name));
    world.platform = ToolPlatform::new([binding], Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
    world
}

fn tools_called(world: &World) -> Vec<String> {
    world.server.calls.lock().unwrap().iter().map(|call| call.tool.clone()).collect()
}

fn signed_in() -> Called {
    said(false, json!({ "ok": true }))
}

fn acts_as(username: &str) -> Called {
    said(false, json!({ "id": "1755", "username": username }))
}

fn posted(id: &str) -> Called {
    said(false, json!({ "id": id }))
}

#[test]
fn a_session_is_opened_once_in_each_life_of_the_server() {
    let post = effect(PlatformName::Twitter, Vec::new());
    let answers =
        vec![signed_in(), acts_as("me"), posted("1"), posted("2"), signed_in(), acts_as("@ME"), posted("3")];
    let world = bound(&[], answers);
    assert!(matches!(act_at(&world, &post, &[], at(10)), Outcome::Done(_)));
    assert!(matches!(act_at(&world, &post, &[], at(10)), Outcome::Done(_)));
    world.server.life.store(2, Ordering::SeqCst);
    assert!(matches!(act_at(&world, &post, &[], at(10)), Outcome::Done(_)));
    assert_eq!(tools_called(&world), ["login", "whoami", "post", "post", "login", "whoami", "post"]);
    let calls = world.server.calls.lock().unwrap();
    assert_eq!(
        Value::Object(calls[0].arguments.clone()),
        json!({ "user": "me", "password": "correct-horse" })
    );
}

/// A server that was started with the credentials of another account posts what was approved, in the wrong place.
#[test]
fn a_server_of_another_account_is_sent_nothing() {
    let post = effect(PlatformName::Twitter, Vec::new());
    for (names, answer, code) in [
        (&[][..], acts_as("metoo"), Some(ErrorCode::PlatformNotConfigured)),
        (&[], said(false, json!({ "data": { "username": "me" } })), Some(ErrorCode::PlatformNotConfigured)),
        (&[], said(false, json!({ "username": null })), Some(ErrorCode::PlatformNotConfigured)),
        (&[], said(true, json!({ "error": "401 Unauthorized" })), Some(ErrorCode::PlatformAuthInvalid)),
        (
            &[],
            said(
                false,
                json!({ "success": false, "error": "Missing credentials. Provide either: a header" }),
            ),
            Some(ErrorCode::PlatformAuthInvalid),
        ),
        // In a moment it may answer.
        (&[], Called::Lost { reason: "no answer".to_owned() }, Some(ErrorCode::PlatformTransientError)),
        (
            &[],
            said(true, json!({ "error": "503 Service Unavailable" })),
            Some(ErrorCode::PlatformTransientError),
        ),
        // By the number that the host says the account has.
        (&["1755"], acts_as("renamed"), None),
    ] {
        let shown = format!("{answer:?}");
        let world = bound(names, vec![signed_in(), answer, posted("1")]);
        let outcome = act_at(&world, &post, &[], at(10));
        match (code, &outcome) {
            (None, Outcome::Done(_)) => assert_eq!(tools_called(&world), ["login", "whoami", "post"]),
            (Some(code), Outcome::NotDone(refusal)) => {
                assert_eq!(refusal.code, code, "{shown}: {}", refusal.message);
                assert_eq!(tools_called(&world), ["login", "whoami"], "{shown}");
            }
            _ => panic!("{shown}: {outcome:?}"),
        }
    }
}

#[test]
fn a_sign_in_that_is_not_confirmed_is_refused_and_shows_no_password() {
    let post = effect(PlatformName::Twitter, Vec::new());
    for (answer, code) in [
        (json!({ "ok": "code needed", "tried": "correct-horse" }), ErrorCode::PlatformAuthInvalid),
        (json!({ "error": "401 Unauthorized: correct-horse" }), ErrorCode::PlatformAuthInvalid),
        // An error that says nothing may be over in a moment.
        (json!({ "ok": false, "tried": "correct-horse" }), ErrorCode::PlatformTransientError),
    ] {
        let world = bound(&[], vec![said(false, answer.clone())]);
        let Outcome::NotDone(refusal) = act_at(&world, &post, &[], at(10)) else { panic!("{answer}") };
        assert_eq!(refusal.code, code, "{answer}: {}", refusal.message);
        assert!(!refusal.message.contains("correct-horse"), "{}", refusal.message);
    }
}

/// The list of another account shows that ours posted nothing.
#[test]
fn a_look_in_another_account_proves_nothing() {
    let sought = effect(PlatformName::Twitter, Vec::new());
    let empty = || said(false, json!({ "items": [], "complete": true }));
    let world = bound(&[], vec![signed_in(), acts_as("me"), empty()]);
    assert!(matches!(look::looking(&world, &sought), Finding::Absent(_)));
    let world = bound(&[], vec![signed_in(), acts_as("metoo"), empty()]);
    let found = look::looking(&world, &sought);
    let Finding::InDoubt(report) = &found else { panic!("{found:?}") };
    assert!(report.missing.as_deref().is_some_and(|why| why.contains("metoo")), "{report:?}");
    assert_eq!(tools_called(&world), ["login", "whoami"]);
}

#[test]
fn two_accounts_of_one_platform_have_servers_of_their_own() {
    let profile = Profile::parse(WITHOUT_SIGN_IN).unwrap();
    let server = |answers: Vec<Called>| world_of(&profile, Ok(served()), Ok(Vec::new()), answers).server;
    let (ours, theirs) =
        (server(vec![acts_as("me"), posted("1")]), server(vec![acts_as("you"), posted("2")]));
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    let clients: [Arc<dyn ToolClient>; 2] = [ours.clone(), theirs.clone()];
    let bindings = ["me", "you"]
        .into_iter()
        .zip(clients)
        .map(|(account, client)| Binding::new(twitter.clone(), client).account(account));
    let platform = ToolPlatform::new(bindings, Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
    let world = World { server: ours.clone(), platform };
    for (account, id) in [("me", "1"), ("you", "2")] {
        let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
        let post = Effect::new(EffectV1 { account: account.to_owned(), ..content }).unwrap();
        let outcome = act_at(&world, &post, &[], at(10));
        assert!(matches!(&outcome, Outcome::Done(done) if done.post.id == id), "{account}: {outcome:?}");
    }
    for server in [ours, theirs] {
        let called: Vec<_> = server.calls.lock().unwrap().iter().map(|call| call.tool.clone()).collect();
        assert_eq!(called, ["whoami", "post"]);
    }
    // An account without a binding has no server: nothing falls back to somebody else's.
    let other = AccountRef::new(PlatformName::Twitter, "other");
    assert_eq!(world.platform.service(other, EffectKind::Publish), None);
    let unready = world.platform.ready(&[other], EffectKind::Publish).now_or_never().unwrap();
    assert_eq!(unready[0].code, ErrorCode::PlatformNotConfigured);
}
