//! What the built-in profiles make of the answers of their servers, and what is sent to none.

use super::built_in::{bound, check, offered, platform_of, post_of, whoami};
use super::look::{Owners, look, question, told};
use super::*;

/// Answers of acts, by the sources of the servers.
#[test]
fn answers_of_acts() {
    let mut rows = Vec::new();
    let raised = |text: &str| {
        Called::Answered(ToolAnswer {
            is_error: true,
            texts: vec![text.to_owned()],
            structured: None,
            result_type: None,
        })
    };
    for (why, server, files, answer, allowed) in [
        // The last chunk is read whole by TikTok and the answer is lost: it goes on by itself (docs: `PROCESSING_UPLOAD`).
        (
            "TikTok: a broken pipe at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"][..],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 unreachable: [Errno 32] Broken pipe",
            ),
            "unknown",
        ),
        (
            "TikTok: a timeout at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool post_video: The read operation timed out"),
            "unknown",
        ),
        (
            "TikTok: 504 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (504): b''",
            ),
            "unknown",
        ),
        // Sent twice after a lost answer of a proxy: all bytes are there already.
        (
            "TikTok: 416 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (416): b'Requested Range Not Satisfiable'",
            ),
            "unknown|not done",
        ),
        (
            "TikTok: 403 at the last chunk",
            "tiktok-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool post_video: PUT https://open-upload.tiktokapis.com/video/?upload_id=1 failed (403): b'url expired'",
            ),
            "unknown|not done",
        ),
        (
            "TikTok: a draft",
            "tiktok-studio-mcp",
            &["a.mp4"],
            said(false, json!({ "publish_id": "v_inbox_file~v2.7", "mode": "upload", "chunks_sent": 1 })),
            "unknown",
        ),
        (
            "TikTok: init without an id",
            "tiktok-studio-mcp",
            &["a.mp4"],
            said(
                false,
                json!({ "error": "init returned no publish_id/upload_url", "response": { "data": {}, "error": { "code": "spam_risk_too_many_posts", "message": "" } } }),
            ),
            "unknown|not done",
        ),
        (
            "YouTube: the connection breaks at the last chunk",
            "yt-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool upload_video: [Errno 104] Connection reset by peer"),
            "unknown",
        ),
        (
            "YouTube: 410 in a resumable session",
            "yt-studio-mcp",
            &["a.mp4"],
            raised(
                "Error executing tool upload_video: <HttpError 410 when requesting None returned \"Gone\">",
            ),
            "unknown|not done",
        ),
        (
            "YouTube: KeyError after the write",
            "yt-studio-mcp",
            &["a.mp4"],
            raised("Error executing tool upload_video: 'id'"),
            "unknown",
        ),
        (
            "LinkedIn: an empty header",
            "ldraney-linkedin-mcp",
            &[],
            said(
                false,
                json!({ "postUrn": "", "statusCode": 201, "message": "Post created successfully", "url": "https://www.linkedin.com/feed/update/" }),
            ),
            "unknown",
        ),
        (
            "LinkedIn: a timeout",
            "ldraney-linkedin-mcp",
            &[],
            said(false, json!({ "error": true, "message": "The read operation timed out" })),
            "unknown",
        ),
        (
            "LinkedIn: a duplicate",
            "ldraney-linkedin-mcp",
            &[],
            said(
                false,
                json!({ "error": true, "status_code": 422, "message": "Client error '422 Unprocessable Entity'", "details": { "message": "Content is a duplicate of urn:li:share:7431329065766260736", "status": 422 } }),
            ),
            "unknown",
        ),
        (
            "X: 200 without data",
            "x-mcp-server",
            &[],
            said(false, json!({ "error": "Failed to create tweet." })),
            "unknown",
        ),
        (
            "X: closed without an answer",
            "x-mcp-server",
            &[],
            said(
                false,
                json!({ "error": "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))" }),
            ),
            "unknown",
        ),
        (
            "X: JSON that is none",
            "x-mcp-server",
            &[],
            said(false, json!({ "error": "Expecting value: line 1 column 1 (char 0)" })),
            "unknown",
        ),
        (
            "X: a duplicate",
            "x-mcp-server",
            &[],
            said(
                false,
                json!({ "error": "403 Forbidden\nYou are not allowed to create a Tweet with duplicate content." }),
            ),
            "unknown",
        ),
        (
            "X: another text is shown",
            "x-mcp-server",
            &[],
            said(false, json!({ "id": "1755", "text": "RT @ann: nothing of ours" })),
            "done|unknown",
        ),
        (
            "Threads: no words",
            "meta-threads-mcp",
            &[],
            said(false, json!({ "success": false, "error": "" })),
            "unknown",
        ),
        // postiz-app#1681: a limit told after the post was made.
        (
            "Threads: a limit after the write",
            "meta-threads-mcp",
            &[],
            said(false, json!({ "success": false, "error": "(#4) Application request limit reached" })),
            "unknown",
        ),
    ] {
        let world = bound(server, |binding| binding, vec![said(false, whoami(server)), answer]);
        let outcome = act_at(&world, &post_of(server, "me", TEXT, files), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(refusal) => format!("not done {refusal:?}"),
            Outcome::Done(_) => "done".to_owned(),
            Outcome::Accepted(_) => "accepted".to_owned(),
            Outcome::Unknown(_) => "unknown".to_owned(),
        };
        rows.push((why.to_owned(), allowed, told));
    }
    check(rows);
}

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

/// Instagram's second step: what went wrong before the write, and after it.
#[test]
fn instagram_after_the_container() {
    let mut rows = Vec::new();
    let raised = |text: &str| {
        Called::Answered(ToolAnswer {
            is_error: true,
            texts: vec![text.to_owned()],
            structured: None,
            result_type: None,
        })
    };
    for (why, answer, allowed) in [
        // postiz-app#1562: the permalink of what was published cannot be read.
        (
            "the permalink cannot be read",
            raised(
                "Error executing tool publish_container: /17891234567890123: Unsupported get request. Object with ID '17891234567890123' does not exist, cannot be loaded due to missing permissions, or does not support this operation (code 100, subcode 33)",
            ),
            "unknown",
        ),
        // postiz-app#1681: a limit is told after the post was made.
        (
            "a limit after the write",
            raised(
                "Error executing tool publish_container: /17891234567890123: (#4) Application request limit reached You are being rate limited by Meta. Wait, then retry.",
            ),
            "unknown",
        ),
        (
            "blocked",
            raised(
                "Error executing tool publish_container: /17/media_publish: Application request limit reached (code 4, subcode 2207051) action is blocked",
            ),
            "unknown",
        ),
        (
            "an expired token after the write",
            raised(
                "Error executing tool publish_container: /17891234567890123: Error validating access token: Session has expired",
            ),
            "unknown",
        ),
        ("an id that is none", said(false, json!({ "tier": "x", "id": "None" })), "unknown"),
        (
            "a container that was published before",
            raised(
                "Error executing tool publish_container: /17/media_publish: The media with creation id was already published (code 9007)",
            ),
            "unknown",
        ),
    ] {
        let server = "thenavidm-instagram-mcp";
        let container = said(
            false,
            json!({ "container_id": "18001", "published": false, "note": "Not live. Call publish_container with this id to post it." }),
        );
        let world = bound(server, |binding| binding, vec![said(false, whoami(server)), container, answer]);
        let outcome = act_at(&world, &post_of(server, "me", TEXT, &["a.png"]), &[], at(100));
        let told = match outcome {
            Outcome::NotDone(refusal) => format!("not done {refusal:?}"),
            Outcome::Done(done) => format!("done {}", done.post.id),
            Outcome::Accepted(_) => "accepted".to_owned(),
            Outcome::Unknown(_) => "unknown".to_owned(),
        };
        rows.push((why.to_owned(), allowed, told));
    }
    check(rows);
}

/// `x_get_tweet` says *not found* of whatever came without data: a post of a protected or suspended account among it
/// (twitter-v2#26: 200 with `Authorization Error`).
#[test]
fn what_may_not_be_seen_is_not_missing() {
    use crate::targets::{TargetFinding, TargetKind, TargetQuery, Targets};
    let mut rows = Vec::new();
    for (kind, target, error) in
        [(TargetKind::Post, "17", "Tweet 17 not found."), (TargetKind::User, "ann", "User @ann not found.")]
    {
        let world = bound(
            "x-mcp-server",
            |binding| binding,
            vec![said(false, whoami("x-mcp-server")), said(false, json!({ "error": error }))],
        );
        let query = TargetQuery {
            platform: PlatformName::Twitter,
            account: "me".to_owned(),
            kind,
            target: target.to_owned(),
        };
        let found = Targets::look(&world.platform, &query, at(50)).now_or_never().unwrap();
        let told = match found {
            Some(TargetFinding::Missing) => "missing",
            Some(TargetFinding::CannotTell { .. }) => "cannot tell",
            _ => "else",
        };
        rows.push((error.to_owned(), "cannot tell", told.to_owned()));
    }
    check(rows);
}

/// The candidate that an answer named cannot be seen, and neither can the timeline.
#[test]
fn a_candidate_that_may_not_be_seen_is_not_absent() {
    let server = "x-mcp-server";
    let answers = vec![
        said(false, whoami(server)),
        said(false, json!({ "error": "Tweet 1755 not found." })),
        said(false, json!({ "tweets": [], "count": 0 })),
    ];
    let world = bound(server, |binding| binding, answers);
    let asked = LookUp { candidates: look::named("1755"), ..question(&post_of(server, "me", TEXT, &[])) };
    let told = told(&look(&world, &asked, &Owners::default()));
    assert!(told.starts_with("doubt") || told == "open", "{told}");
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
