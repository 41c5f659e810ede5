//! What is sent to no server, to another one, or shown nowhere: content, targets and accounts that are not the approved ones,
//! and secrets.

use super::built_in::{bound, check, offered, platform_of, post_of, whoami};
use super::look::{Owners, look, question, told};
use super::*;

/// *Bytes are compared with what was approved, before anything is sent*, whichever way they take.
#[test]
fn media_by_url_are_those_that_were_approved() {
    const BY_URL: &str = r#"
        name = "by url"
        [platforms.instagram]
        [platforms.instagram.publish]
        tool = "post"
        arguments = { caption = "{text}", image_urls = "{media_urls}" }
        id = "/id"
    "#;
    let profile = Profile::parse(BY_URL).unwrap();
    let world = world_of(
        &profile,
        Ok(offered(&profile)),
        Ok(b"bytes".to_vec()),
        vec![said(false, json!({ "id": "1" }))],
    );
    let other = medium(MediaIdentity::Sha256(Digest::of(b"what was approved")));
    let outcome = act_at(&world, &effect(PlatformName::Instagram, vec![other]), &[], at(100));
    assert!(
        matches!(&outcome, Outcome::NotDone(refusal) if refusal.code == ErrorCode::ApprovalContentMismatch),
        "{outcome:?}"
    );
}

/// Targets that no pattern of the profile lets through: servers put them into paths of addresses.
#[test]
fn targets_of_another_shape_are_not_sent() {
    let mut rows = Vec::new();
    for (server, kind, target, text, done) in [
        ("x-mcp-server", EffectKind::Like, "17/../../users", "", json!({ "success": true })),
        ("x-mcp-server", EffectKind::Share, "@ann", "", json!({ "success": true })),
        ("x-mcp-server", EffectKind::Follow, "../../2/tweets/17", "", json!({ "success": true })),
        (
            "thenavidm-instagram-mcp",
            EffectKind::Reply,
            "me/media?caption=x",
            "Hello there",
            json!({ "id": "5" }),
        ),
        (
            "ldraney-linkedin-mcp",
            EffectKind::Comment,
            "urn:li:comment:(urn:li:activity:1,2)",
            "Hello there",
            json!({ "commentUrn": "5", "success": true }),
        ),
    ] {
        let world = bound(server, |binding| binding, vec![said(false, whoami(server)), said(false, done)]);
        let outcome = act_at(&world, &engagement(platform_of(server), kind, target, text), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(refusal) => format!("not done {}", refusal.message),
            other => format!("sent: {other:?}"),
        };
        rows.push((format!("{server} {} {target}", kind.as_str()), "not done", told));
    }
    check(rows);
}

/// What nobody may see is not in what a host logs of its own objects either.
#[test]
fn a_secret_setting_is_shown_nowhere() {
    let mut rows = Vec::new();
    for secret in ["correct-horse", "p w/ä\"\\"] {
        let world = bound("x-mcp-server", |binding| binding.secret_setting("password", secret), Vec::new());
        let shown = [format!("{:?}", world.platform), format!("{:#?}", world.platform)].concat();
        let told =
            if shown.contains(secret) || shown.contains(&format!("{secret:?}")) { "shown" } else { "hidden" };
        rows.push((format!("debug of the platform, {secret}"), "hidden", told.to_owned()));
        const SIGN_IN: &str = r#"
            name = "sign in"
            [platforms.twitter]
            settings = { password = "the password" }
            [platforms.twitter.sign_in]
            tool = "login"
            arguments = { password = "{settings.password}" }
            confirm = { pointer = "/ok", equals = true }
            [platforms.twitter.publish]
            tool = "post"
            arguments = { text = "{text}" }
            id = "/id"
        "#;
        let profile = Profile::parse(SIGN_IN).unwrap();
        for answer in [
            json!({ "ok": false, "tried": secret }),
            json!({ "error": format!("bad password {secret}, try again") }),
        ] {
            let mut world =
                world_of(&profile, Ok(offered(&profile)), Ok(Vec::new()), vec![said(false, answer.clone())]);
            let client: Arc<dyn ToolClient> = world.server.clone();
            let twitter = profile.platforms().next().unwrap().clone();
            let binding = Binding::new(twitter, client).secret_setting("password", secret);
            world.platform =
                ToolPlatform::new([binding], Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
            let outcome = act_at(&world, &effect(PlatformName::Twitter, Vec::new()), &[], at(100));
            let Outcome::NotDone(refusal) = &outcome else { panic!("{outcome:?}") };
            let shown = format!("{} {}", refusal.message, refusal.said.clone().unwrap_or_default());
            let json_form = serde_json::to_string(secret).unwrap();
            let inner = json_form.trim_matches('"');
            let told = if shown.contains(secret) || shown.contains(inner) {
                format!("shown: {shown}")
            } else {
                "hidden".to_owned()
            };
            rows.push((format!("sign-in {secret}: {answer}"), "hidden", told));
        }
    }
    check(rows);
}

/// One account, spelled as people do, beside a server for all others.
#[test]
fn an_account_of_another_spelling_does_not_go_to_the_server_for_all_others() {
    const BARE: &str = r#"
        name = "bare"
        [platforms.twitter]
        [platforms.twitter.publish]
        tool = "post"
        arguments = { text = "{text}" }
        id = "/id"
    "#;
    let profile = Profile::parse(BARE).unwrap();
    let mut rows = Vec::new();
    for account in ["acme", "Acme", "@acme", "acme "] {
        let server = || {
            world_of(&profile, Ok(offered(&profile)), Ok(Vec::new()), vec![said(false, json!({ "id": "1" }))])
                .server
        };
        let (own, others) = (server(), server());
        let twitter = profile.platforms().next().unwrap();
        let clients: [Arc<dyn ToolClient>; 2] = [own.clone(), others.clone()];
        let [first, second] = clients;
        let bindings =
            [Binding::new(twitter.clone(), first).account("acme"), Binding::new(twitter.clone(), second)];
        let platform = ToolPlatform::new(bindings, Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
        let world = World { server: own.clone(), platform };
        let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
        let Ok(post) = Effect::new(EffectV1 { account: account.to_owned(), ..content }) else {
            rows.push((account.to_owned(), "refused", "refused".to_owned()));
            continue;
        };
        act_at(&world, &post, &[], at(100));
        let told = if others.calls.lock().unwrap().is_empty() { "own" } else { "the server of others" };
        rows.push((format!("{account:?}"), "own", told.to_owned()));
    }
    check(rows);
}

/// The same of a look: the server is started anew between `whoami` and the list, as somebody else.
#[test]
fn a_look_in_a_server_that_was_started_anew_proves_nothing() {
    #[derive(Debug)]
    struct Dying(Arc<Scripted>);
    #[async_trait]
    impl ToolClient for Dying {
        fn server(&self) -> &'static str {
            "dying"
        }
        fn secrets(&self) -> &Secrets {
            &self.0.secrets
        }
        fn life(&self) -> u64 {
            self.0.life()
        }
        fn grace(&self) -> TimeDelta {
            self.0.grace()
        }
        fn late(&self) -> Vec<LateAnswer> {
            Vec::new()
        }
        async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
            self.0.tools(deadline).await
        }
        /// As `chimera-mcp`: a server that is dead when it is called is started first.
        async fn call(&self, call: ToolCall) -> Called {
            if call.tool == "get_my_posts" {
                self.0.life.store(2, Ordering::SeqCst);
            }
            self.0.call(call).await
        }
    }
    let server = "ldraney-linkedin-mcp";
    let other = json!({ "elements": [{ "id": "urn:li:share:5", "author": "urn:li:person:other", "createdAt": at(-900).timestamp_millis(),
        "commentary": "Something else altogether, about cats" }], "paging": { "start": 0, "count": 100, "links": [], "total": 1 } });
    let mut world = bound(server, |binding| binding, vec![said(false, whoami(server)), said(false, other)]);
    let client: Arc<dyn ToolClient> = Arc::new(Dying(world.server.clone()));
    let platform = Profile::named(server).unwrap().platforms().next().unwrap().clone();
    world.platform = ToolPlatform::new(
        [Binding::new(platform, client)],
        Arc::new(Bytes(Ok(Vec::new()))),
        Arc::new(Stopped(now())),
    );
    let told = told(&look(&world, &question(&post_of(server, "me", TEXT, &[])), &Owners::default()));
    assert!(told.starts_with("doubt") || told == "open", "{told}");
}
