use super::*;

fn check(targets: &[&str], variants: &[&str], expected: &[&str]) {
    let variants: Vec<_> = variants
        .iter()
        .map(|platform| serde_json::json!({"platform": platform, "text_content": "t", "disclosure_label": "AI"}))
        .collect();
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let input = serde_json::json!({
        "correlation_id": id, "task_id": id, "agent_id": id, "campaign_id": id,
        "content_bundle": {"bundle_id": "b", "variants": variants},
        "target_platforms": targets, "idempotency_key": "k",
    });
    let parsed = PublishInput::parser().unwrap().parse::<PublishInput>(input.to_string().as_bytes());
    let pointers =
        |faults: &Faults| faults.as_slice().iter().map(|fault| fault.pointer.clone()).collect::<Vec<_>>();
    assert_eq!(parsed.as_ref().err().map(pointers).unwrap_or_default(), expected, "parsed: {input}");
    let typed: PublishInput = serde_json::from_value(input).unwrap();
    assert_eq!(typed.check().err(), parsed.err(), "both ways find the same");
}

#[test]
fn platforms_and_variants_belong_together() {
    check(&["twitter"], &["twitter"], &[]);
    check(&["twitter", "threads"], &["threads", "twitter"], &[]);
    check(&[], &["twitter"], &["/target_platforms"]);
    check(&["twitter", "twitter"], &["twitter"], &["/target_platforms/1"]);
    check(&["twitter", "linkedin"], &["twitter"], &["/target_platforms/1"]);
    check(&["twitter"], &["twitter", "twitter"], &["/content_bundle/variants/1/platform"]);
    check(&["twitter"], &["twitter", "tiktok"], &["/content_bundle/variants/1/platform"]);
    check(&["twitter"], &["tiktok"], &["/content_bundle/variants/0/platform", "/target_platforms/0"]);
    check(
        &["youtube", "youtube"],
        &["twitter", "twitter"],
        &[
            "/content_bundle/variants/0/platform",
            "/content_bundle/variants/1/platform",
            "/target_platforms/0",
            "/target_platforms/1",
        ],
    );
}

#[test]
fn built_inputs_keep_the_bounds_of_the_schema() {
    let text = include_str!("../../../tests/golden/publish/valid/input.json");
    let mut input: PublishInput = serde_json::from_str(text).unwrap();
    assert_eq!(input.check(), Ok(()));
    input.idempotency_key.clear();
    input.content_bundle.bundle_id = "b".repeat(201);
    for variant in &mut input.content_bundle.variants {
        variant.text_content = "é".repeat(MAX_TEXT + 1);
        variant.hashtags = vec![String::new()];
    }
    let faults = input.check().unwrap_err();
    let pointers: Vec<_> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
    let expected = [
        "/content_bundle/bundle_id",
        "/content_bundle/variants/0/hashtags/0",
        "/content_bundle/variants/0/text_content",
        "/idempotency_key",
    ];
    assert_eq!(pointers, expected);
    let sent = serde_json::to_vec(&input).unwrap();
    let parsed = PublishInput::parser().unwrap().parse::<PublishInput>(&sent).unwrap_err();
    let parsed: Vec<_> = parsed.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(parsed, expected);
}

/// X7, and its kind.
#[test]
fn keys_hold_no_control_characters() {
    let text = include_str!("../../../tests/golden/publish/valid/input.json");
    for (key, refused) in [
        ("a\0b", true),
        ("a\r\nX-Key: b", true),
        ("a\u{7f}", true),
        ("a\u{9f}", true),
        ("Ann's key: no. 7 / é日🎉", false),
    ] {
        let mut input: PublishInput = serde_json::from_str(text).unwrap();
        input.idempotency_key = key.to_owned();
        input.content_bundle.bundle_id = key.to_owned();
        let sent = serde_json::to_vec(&input).unwrap();
        let parsed = PublishInput::parser().unwrap().parse::<PublishInput>(&sent);
        let faults = input.check().err();
        assert_eq!(parsed.err(), faults, "{key:?}");
        let pointers: Vec<_> =
            faults.iter().flat_map(|faults| faults.as_slice()).map(|fault| fault.pointer.clone()).collect();
        let expected: &[&str] =
            if refused { &["/content_bundle/bundle_id", "/idempotency_key"] } else { &[] };
        assert_eq!(pointers, expected, "{key:?}");
    }
}
