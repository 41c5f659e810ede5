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
