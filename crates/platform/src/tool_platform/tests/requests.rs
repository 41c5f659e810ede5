//! What a server is asked when its tools want more than a text: arguments around what is handed over, media by kind, by
//! path and in base64, a step before the act, settings of the host.

use super::*;
use crate::media::MediaFiles;
use crate::profile::Invocation;

/// Keeps nothing, and says where it would.
#[derive(Debug)]
pub(super) struct Folder;

#[async_trait]
impl MediaFiles for Folder {
    async fn keep(&self, sha256: Digest, file_name: &str, bytes: Vec<u8>) -> Result<String, MediaError> {
        assert_eq!(Digest::of(&bytes), sha256);
        Ok(format!("/media/{file_name}"))
    }
}

const PROFILE: &str = r#"
    name = "requests"
    [platforms.twitter]
    settings = { urn = "the URN of the account" }
    [platforms.twitter.publish]
    tool = "post"
    arguments = { body = { text = "{text}", by = "{settings.urn}" }, as = "by {account}" }
    json_arguments = { options = { account = "{account}", files = "{media_paths}" } }
    id = "/id"
    url_template = "https://x.com/{account}/status/{id}"
    [platforms.twitter.publish.by_media.image]
    tool = "post_image"
    arguments = { t = "{text}", path = "{media_path}" }
    [platforms.twitter.publish.by_media.video]
    arguments = { bytes = "{data}", name = "{file_name}" }
    [platforms.twitter.publish.by_media.images]
    tool = "post_images"
    arguments = { t = "{text}", urls = "{media_urls}", joined = "urls:{media_urls}" }
    [platforms.twitter.list]
    tool = "search"
    arguments = { query = "from:{account} -is:retweet" }
    items = "/items"
    id = "/id"
    text = "/text"
    created_at = "/at"
    author = "/by"
    complete = "/complete"

    [platforms.instagram]
    [platforms.instagram.publish]
    tool = "publish_container"
    media = "required"
    arguments = { container_id = "{prepared}", confirm = true }
    id = "/id"
    reads_back = false
    [platforms.instagram.publish.prepare]
    tool = "create_container"
    arguments = { caption = "{text}" }
    id = "/container"
    [platforms.instagram.publish.prepare.by_media.image]
    arguments = { image_url = "{media_url}" }
    [platforms.instagram.publish.prepare.by_media.video]
    arguments = { video_url = "{media_url}", media_type = "REELS" }
"#;

/// Tools that declare whatever a profile says.
fn declared(profile: &Profile) -> Vec<ToolInfo> {
    let calls: Vec<_> = profile.platforms().flat_map(|platform| platform.every_call()).collect();
    let tool = |call: &Invocation| {
        let names =
            || calls.iter().filter(|other| other.tool == call.tool).flat_map(|call| call.arguments.keys());
        let properties: Map<String, Value> = names().map(|name| (name.clone(), json!({}))).collect();
        ToolInfo { name: call.tool.clone(), input_schema: json!({ "properties": properties }) }
    };
    calls.iter().map(|call| tool(call)).collect()
}

fn acting(platform: PlatformName, files: &[&str], answers: Vec<Called>) -> (Outcome, Vec<(String, Value)>) {
    let profile = Profile::parse(PROFILE).unwrap();
    let tools = declared(&profile);
    let mut world = world_of(&profile, Ok(tools), Ok(b"bytes".to_vec()), answers);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let bound = profile.platforms().map(|platform| {
        let binding = Binding::new(platform.clone(), Arc::clone(&client));
        binding.account("me").named_by_server("1755").setting("urn", "urn:li:person:AbC")
    });
    world.platform =
        ToolPlatform::new(bound, Arc::new(Bytes(Ok(b"bytes".to_vec()))), Arc::new(Stopped(now())))
            .with_media_files(Arc::new(Folder));
    let media = files.iter().map(|file| Media {
        url: format!("https://cdn.example.com/{file}"),
        identity: MediaIdentity::Sha256(Digest::of(b"bytes")),
    });
    let outcome = act_at(&world, &effect(platform, media.collect()), &[], at(100));
    let calls = world.server.calls.lock().unwrap();
    let sent = calls.iter().map(|call| (call.tool.clone(), Value::Object(call.arguments.clone()))).collect();
    (outcome, sent)
}

fn posted() -> Called {
    said(false, json!({ "id": "99" }))
}

#[test]
fn a_tool_is_asked_in_its_own_words() {
    let usual = |more: Value, options: &str| {
        let mut all = json!({ "body": { "text": TEXT, "by": "urn:li:person:AbC" }, "as": "by 1755", "options": options });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let files = ["https://cdn.example.com/a.png", "https://cdn.example.com/b.png"];
    for (media, tool, arguments) in [
        // JSON within a text has the paths of media where there are any.
        (&[][..], "post", usual(json!({}), r#"{"account":"1755"}"#)),
        // The same tool, with more arguments.
        (
            &["cat.mp4"],
            "post",
            usual(
                json!({ "bytes": "Ynl0ZXM=", "name": "cat.mp4" }),
                r#"{"account":"1755","files":["/media/cat.mp4"]}"#,
            ),
        ),
        // Another tool has arguments of its own.
        (&["cat.png"], "post_image", json!({ "t": TEXT, "path": "/media/cat.png" })),
        (
            &["a.png", "b.png"],
            "post_images",
            json!({ "t": TEXT, "urls": files, "joined": format!("urls:{}", files.join(",")) }),
        ),
    ] {
        let (outcome, sent) = acting(PlatformName::Twitter, media, vec![posted()]);
        assert!(matches!(&outcome, Outcome::Done(done) if done.post.id == "99"), "{media:?}: {outcome:?}");
        assert_eq!(sent, [(tool.to_owned(), arguments)], "{media:?}");
    }
}

#[test]
fn media_that_have_no_way_are_refused_before_anything_is_sent() {
    for (platform, files, expected) in [
        // Neither a picture nor a video.
        (PlatformName::Twitter, &["a.pdf"][..], ErrorCode::ValidationError),
        // Pictures and a video together have no tool.
        (PlatformName::Instagram, &["a.png", "b.mp4"], ErrorCode::ValidationError),
        (PlatformName::Instagram, &["a.png", "b.png"], ErrorCode::ValidationError),
        (PlatformName::Instagram, &[], ErrorCode::ValidationError),
    ] {
        let (outcome, sent) = acting(platform, files, Vec::new());
        let Outcome::NotDone(refusal) = outcome else { panic!("{files:?}: {outcome:?}") };
        assert_eq!(refusal.code, expected, "{files:?}: {}", refusal.message);
        assert_eq!(sent, [], "{files:?}");
    }
}

#[test]
fn a_container_is_made_first_and_its_publication_is_the_act() {
    for (file, container) in [
        ("a.png", json!({ "caption": TEXT, "image_url": "https://cdn.example.com/a.png" })),
        (
            "b.mp4",
            json!({ "caption": TEXT, "video_url": "https://cdn.example.com/b.mp4", "media_type": "REELS" }),
        ),
    ] {
        let made = said(false, json!({ "container": "1789" }));
        let (outcome, sent) = acting(PlatformName::Instagram, &[file], vec![made, posted()]);
        assert!(matches!(&outcome, Outcome::Done(done) if done.post.id == "99"), "{outcome:?}");
        let publish = json!({ "container_id": "1789", "confirm": true });
        assert_eq!(
            sent,
            [("create_container".to_owned(), container), ("publish_container".to_owned(), publish)]
        );
    }
}

/// A container is seen by nobody: whatever came of it, nothing is public, and the act is not called without one.
#[test]
fn without_a_container_nothing_was_published() {
    let lost = Called::Lost { reason: "no answer by the deadline".to_owned() };
    for (answer, code) in [
        (lost, ErrorCode::PlatformTransientError),
        (Called::Failed { reason: "-32603".to_owned() }, ErrorCode::PlatformTransientError),
        (said(false, json!({ "status": "IN_PROGRESS" })), ErrorCode::PlatformTransientError),
        (
            said(true, json!({ "error": { "code": 190, "message": "Invalid OAuth access token" } })),
            ErrorCode::PlatformAuthInvalid,
        ),
        (refused(429, "rate_limit", "Too many requests"), ErrorCode::PlatformRateLimit),
    ] {
        let shown = format!("{answer:?}");
        let is_told = matches!(&answer, Called::Answered(answer) if answer.is_error);
        let (outcome, sent) = acting(PlatformName::Instagram, &["a.png"], vec![answer]);
        let Outcome::NotDone(refusal) = outcome else { panic!("{shown}: {outcome:?}") };
        assert_eq!(refusal.code, code, "{shown}: {}", refusal.message);
        assert_eq!(refusal.said.is_some(), is_told, "{shown}: what the platform said");
        let limited = code == ErrorCode::PlatformRateLimit;
        assert_eq!(refusal.retry_at.is_some(), limited, "{shown}: when it may be tried again");
        assert_eq!(sent.len(), 1, "{shown}");
    }
}

#[test]
fn bytes_that_were_not_approved_go_nowhere() {
    let profile = Profile::parse(PROFILE).unwrap();
    let world = world_of(&profile, Ok(declared(&profile)), Ok(b"other".to_vec()), Vec::new());
    let client: Arc<dyn ToolClient> = world.server.clone();
    let twitter = profile.platform(PlatformName::Twitter).unwrap().clone();
    let binding = Binding::new(twitter, client).setting("urn", "u");
    let platform =
        ToolPlatform::new([binding], Arc::new(Bytes(Ok(b"other".to_vec()))), Arc::new(Stopped(now())));
    let world = World { platform, ..world };
    let media = Media {
        url: "https://cdn.example.com/cat.png".to_owned(),
        identity: MediaIdentity::Sha256(Digest::of(b"bytes")),
    };
    let outcome = act_at(&world, &effect(PlatformName::Twitter, vec![media]), &[], at(100));
    let Outcome::NotDone(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.code, ErrorCode::ApprovalContentMismatch);
    assert!(world.server.calls.lock().unwrap().is_empty());
}

#[test]
fn a_list_is_searched_for_the_account_by_the_name_that_the_server_knows() {
    let profile = Profile::parse(PROFILE).unwrap();
    let item = json!({ "id": "5", "text": TEXT, "at": at(-30).to_rfc3339(), "by": "1755" });
    let answers = vec![said(false, json!({ "items": [item], "complete": true }))];
    let mut world = world_of(&profile, Ok(declared(&profile)), Ok(Vec::new()), answers);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let twitter = profile.platform(PlatformName::Twitter).unwrap().clone();
    let binding = Binding::new(twitter, client).account("me").named_by_server("1755").setting("urn", "u");
    world.platform = ToolPlatform::new([binding], Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
    let sought = effect(PlatformName::Twitter, Vec::new());
    let found = look::looking(&world, &sought);
    let Finding::There(found) = found else { panic!("{found:?}") };
    assert_eq!(found.post.url.as_deref(), Some("https://x.com/me/status/5"), "by the template");
    assert_eq!(
        only_call(&world).arguments,
        *json!({ "query": "from:1755 -is:retweet" }).as_object().unwrap()
    );
}

#[test]
fn a_setting_that_the_host_does_not_give_is_named_with_what_it_is() {
    let profile = Profile::parse(PROFILE).unwrap();
    let world = world_of(&profile, Ok(declared(&profile)), Ok(Vec::new()), Vec::new());
    let wanted = [me(PlatformName::Twitter)];
    let faults = world.platform.ready(&wanted, EffectKind::Publish).now_or_never().unwrap();
    assert!(faults[0].message.contains("no setting `urn` (the URN of the account)"), "{faults:?}");
}

/// What is posted may be anything, and none of it is an argument.
#[test]
fn words_in_braces_within_a_post_stay_words() {
    let profile = Profile::parse(PROFILE).unwrap();
    let mut world = world_of(&profile, Ok(declared(&profile)), Ok(Vec::new()), vec![posted()]);
    let client: Arc<dyn ToolClient> = world.server.clone();
    let twitter = profile.platform(PlatformName::Twitter).unwrap().clone();
    let binding = Binding::new(twitter, client).setting("urn", "{account}");
    world.platform = ToolPlatform::new([binding], Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
    let content = EffectV1 {
        text: "{settings.urn} {target}".to_owned(),
        ..effect(PlatformName::Twitter, Vec::new()).content().clone()
    };
    act_at(&world, &Effect::new(content).unwrap(), &[], at(100));
    assert_eq!(
        only_call(&world).arguments["body"],
        json!({ "text": "{settings.urn} {target}", "by": "{account}" })
    );
}
