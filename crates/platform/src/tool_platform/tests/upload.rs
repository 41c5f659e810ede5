//! Uploading.

use super::*;

fn upload(world: &World, identity: MediaIdentity) -> Result<Uploaded, Refusal> {
    let media = medium(identity);
    let effect = effect(PlatformName::Instagram, vec![media.clone()]);
    let call_key = key(&effect).step("upload", 0);
    let upload = Upload { effect: &effect, media: &media, call_key, trace: &trace() };
    world.platform.upload(upload).now_or_never().unwrap()
}

#[test]
fn the_bytes_that_were_approved_are_uploaded() {
    let digest = Digest::of(b"bytes");
    let world = answering(vec![said(false, json!({ "media_id": "m1" }))]);
    assert_eq!(upload(&world, MediaIdentity::Sha256(digest)).unwrap().media_id, "m1");
    assert_eq!(
        Value::Object(world.server.calls.lock().unwrap()[0].arguments.clone()),
        json!({ "platform": "instagram", "filename": "cat.png", "data": "Ynl0ZXM=", "sha256": digest.to_string() })
    );
}

#[test]
fn an_upload_that_fails_may_be_repeated() {
    let approved = MediaIdentity::Sha256(Digest::of(b"other"));
    let by_reference = || MediaIdentity::ByReference;
    for (world, identity, expected) in [
        (answering(Vec::new()), approved, ErrorCode::ApprovalContentMismatch),
        (world(Ok(tools()), Err("gone"), Vec::new()), by_reference(), ErrorCode::MediaNotAccessible),
        (answering(vec![refused(503, 2, "later")]), by_reference(), ErrorCode::MediaUploadFailed),
        (answering(vec![refused(413, 1, "too large")]), by_reference(), ErrorCode::MediaUploadFailed),
        (answering(vec![refused(401, 190, "expired")]), by_reference(), ErrorCode::PlatformAuthInvalid),
        (answering(vec![said(false, json!({}))]), by_reference(), ErrorCode::MediaUploadFailed),
        (
            answering(vec![Called::Lost { reason: "died".to_owned() }]),
            by_reference(),
            ErrorCode::MediaUploadFailed,
        ),
    ] {
        assert_eq!(upload(&world, identity).unwrap_err().code, expected);
    }
}

const PULLS: &str = r#"
    name = "pulls"
    [platforms.twitter]
    timeout_ms = 9_000
    settle_ms = 9_000
    price = { micros = 0, currency = "USD" }
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}", image = "{media_url}", images = "{media_urls}" }
    id = "/id"
"#;

/// X6: the platform reads a URL with a parser of its own, so it is given none in which parsers find different hosts.
#[test]
fn a_tool_that_pulls_media_is_given_their_parsed_urls() {
    let input_schema = json!({ "properties": {
        "text": { "type": "string" }, "image": { "type": "string" }, "images": { "type": "array" } } });
    let tools = vec![ToolInfo { name: "post".to_owned(), input_schema }];
    let media = |url: &str| vec![Media { url: url.to_owned(), identity: MediaIdentity::ByReference }];
    let profile = Profile::parse(PULLS).unwrap();
    for (url, sent) in [
        ("HTTPS://CDN.example.com:443/a/../b.png", Some("https://cdn.example.com/b.png")),
        ("https://cdn.example.com/b.png?x=1", Some("https://cdn.example.com/b.png?x=1")),
        ("https://cdn.example.com\\@169.254.169.254/x", None),
        ("https://nas.home/b.png", None),
        ("not a url", None),
    ] {
        let answers = vec![said(false, json!({ "id": "17" }))];
        // What the platform reads by itself may not be there for us.
        let world = world_of(&profile, Ok(tools.clone()), Err("not readable from here"), answers);
        let outcome = act_at(&world, &effect(PlatformName::Twitter, media(url)), &[], at(9));
        let calls = world.server.calls.lock().unwrap();
        match sent {
            Some(sent) => {
                assert!(matches!(outcome, Outcome::Done(_)), "{url} {outcome:?}");
                assert_eq!(calls[0].arguments["image"], sent, "{url}");
                assert_eq!(calls[0].arguments["images"], json!([sent]), "{url}");
            }
            None => {
                let Outcome::NotDone(refusal) = outcome else { panic!("{url} {outcome:?}") };
                assert_eq!(refusal.code, ErrorCode::ValidationError, "{url}");
                assert!(calls.is_empty(), "{url}");
            }
        }
    }
}

/// What the platform said, and when it may be asked again, are told as with a post.
#[test]
fn an_upload_beyond_a_limit_says_when_it_may_be_repeated() {
    let limited = json!({ "error": { "status": 429, "message": "Too Many Requests", "retry_after": 30 } });
    let refusal = upload(&answering(vec![said(true, limited)]), MediaIdentity::ByReference).unwrap_err();
    assert_eq!((refusal.code, refusal.retry_at), (ErrorCode::PlatformRateLimit, Some(at(30))));
    assert!(refusal.said.is_some_and(|said| said.contains("Too Many Requests")));
}
