//! What a tool is asked with: everything that its profile says it takes, and nothing else.

use chimera_effect::LookUp;

use super::look::{Owners, look, named, question, told};
use super::requests::Folder;
use super::*;
use crate::targets::{TargetKind, TargetQuery, Targets};

const PROFILE: &str = r#"
    name = "asked"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.targets]
    post = ".+"
    [platforms.twitter.upload]
    tool = "upload"
    arguments = { data = "{data}", who = "{account}", link = "{media_url}", file = "{media_path}" }
    id = "/id"
    timeout_ms = 9_000
    [platforms.twitter.look_up.post]
    tool = "target"
    arguments = { to = "{target}", who = "{account}" }
    confirm = { pointer = "/id" }
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}", medium = "{media_id}" }
    id = "/id"
    [platforms.twitter.get]
    tool = "get"
    arguments = { id = "{id}", who = "{account}" }
    id = "/id"
    text = "/text"
    [platforms.twitter.reply]
    tool = "reply"
    arguments = { text = "{text}", to = "{target}" }
    target_kind = "post"
    id = "/id"
    [platforms.twitter.reply.list]
    tool = "replies"
    arguments = { to = "{target}", who = "{account}" }
    items = "/data"
    id = "/id"
    text = "/text"
    target = "/to"
    complete = "/complete"
    [platforms.twitter.like]
    tool = "like"
    arguments = { to = "{target}" }
    target_kind = "post"
    id_template = "like:{target}:{key}"
    confirm = { pointer = "/liked" }
    [platforms.twitter.like.state]
    tool = "liked"
    arguments = { to = "{target}", who = "{account}" }
    confirm = { pointer = "/liked", equals = true }
"#;

fn asking(profile: &str, answer: Value) -> World {
    let argument = |name: &str| (name.to_owned(), json!({}));
    let arguments: Map<String, Value> =
        ["text", "medium", "media", "to", "who", "id", "data", "link", "file"]
            .map(argument)
            .into_iter()
            .collect();
    let schema = json!({ "properties": arguments });
    let tools = ["upload", "target", "post", "get", "reply", "replies", "like", "liked"]
        .map(|name| ToolInfo { name: name.to_owned(), input_schema: schema.clone() });
    let profile = Profile::parse(profile).unwrap();
    let answers = vec![said(false, answer.clone()), said(false, answer)];
    world_of(&profile, Ok(tools.to_vec()), Ok(b"bytes".to_vec()), answers)
}

fn arguments(world: &World) -> Value {
    let calls = world.server.calls.lock().unwrap();
    Value::Object(calls[0].arguments.clone())
}

/// A server that serves several accounts answers about another one where it is not told whose is meant.
#[test]
fn a_question_names_the_account_and_what_it_is_about() {
    let about = json!({ "to": "1755", "who": "me" });
    let like = question(&engagement(PlatformName::Twitter, EffectKind::Like, "1755", ""));
    let world = asking(PROFILE, json!({ "liked": false }));
    let Finding::Absent(report) = look(&world, &like, &Owners::default()) else { panic!("it is not set") };
    assert_eq!(arguments(&world), about, "a state");
    assert_eq!(report.asked, "like by `me` about `1755` on twitter since 2027-01-15T07:59:00Z");
    assert_eq!(report.saw, "that it is not set");

    let reply = question(&engagement(PlatformName::Twitter, EffectKind::Reply, "1755", TEXT));
    let world = asking(PROFILE, json!({ "data": [], "complete": true }));
    assert_eq!(told(&look(&world, &reply, &Owners::default())), "absent");
    assert_eq!(arguments(&world), about, "a list");

    let post = LookUp { candidates: named("P"), ..question(&effect(PlatformName::Twitter, Vec::new())) };
    let world = asking(PROFILE, json!({ "id": "P", "text": TEXT }));
    assert_eq!(told(&look(&world, &post, &Owners::default())), "there P");
    assert_eq!(arguments(&world), json!({ "id": "P", "who": "me" }), "one post");

    let world = asking(PROFILE, json!({ "id": "1755" }));
    let query = TargetQuery {
        platform: PlatformName::Twitter,
        account: "me".to_owned(),
        kind: TargetKind::Post,
        target: "1755".to_owned(),
    };
    assert!(world.platform.look(&query, at(5)).now_or_never().unwrap().is_some());
    assert_eq!(arguments(&world), about, "a target");
}

/// A tool that fetches a medium by itself needs its address or its path, and one of several accounts whose it becomes.
#[test]
fn an_upload_names_the_account_and_the_address() {
    let World { server, platform } = asking(PROFILE, json!({ "id": "m1" }));
    let world = World { server, platform: platform.with_media_files(Arc::new(Folder)) };
    let media = medium(MediaIdentity::ByReference);
    let effect = effect(PlatformName::Twitter, vec![media.clone()]);
    let call_key = key(&effect).step("upload", 0);
    let upload = Upload { effect: &effect, media: &media, call_key, trace: &trace() };
    assert_eq!(world.platform.upload(upload).now_or_never().unwrap().unwrap().media_id, "m1");
    assert_eq!(
        arguments(&world),
        json!({ "data": "Ynl0ZXM=", "who": "me", "link": media.url, "file": "/media/cat.png" })
    );
}

/// A post with one of its two pictures is another post: a tool that takes one is not called with two.
#[test]
fn no_medium_is_left_out() {
    let uploaded = |count: usize| -> Vec<Uploaded> {
        (1..=count).map(|number| Uploaded { media_id: format!("m{number}") }).collect()
    };
    let one = r#"medium = "{media_id}""#;
    for (takes, count, sent) in [
        (one, 0, Some(json!({}))),
        (one, 1, Some(json!({ "medium": "m1" }))),
        (one, 2, None),
        (r#"medium = "{media_url}""#, 2, None),
        (r#"media = "{media_ids}""#, 1, Some(json!({ "media": ["m1"] }))),
        (r#"media = "{media_ids}""#, 2, Some(json!({ "media": ["m1", "m2"] }))),
        (
            r#"medium = "{media_id}", media = "{media_ids}""#,
            2,
            Some(json!({ "medium": "m1", "media": ["m1", "m2"] })),
        ),
    ] {
        let world = asking(&PROFILE.replace(one, takes), json!({ "id": "P" }));
        let effect = effect(PlatformName::Twitter, vec![medium(MediaIdentity::ByReference); count]);
        let outcome = act_at(&world, &effect, &uploaded(count), at(9));
        let said = format!("{takes}, {count}: {outcome:?}");
        if let Some(mut sent) = sent {
            sent["text"] = json!(TEXT);
            assert!(matches!(outcome, Outcome::Done(_)), "{said}");
            assert_eq!(arguments(&world), sent, "{said}");
        } else {
            assert!(
                matches!(outcome, Outcome::NotDone(refusal) if refusal.code == ErrorCode::ValidationError),
                "{said}"
            );
            assert!(world.server.calls.lock().unwrap().is_empty(), "{said}");
        }
    }
}
