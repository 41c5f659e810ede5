use super::*;
use crate::publish::PublishInput;

/// The seed's example, after `edit` (pointer and new value; none removes the member).
fn example(edits: &[(&str, Option<Value>)]) -> Vec<u8> {
    let text = include_str!("../../tests/golden/publish/valid/input.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Object(members), Some(value)) => drop(members.insert(key.to_owned(), value.clone())),
            (Value::Object(members), None) => drop(members.remove(key)),
            (Value::Array(items), Some(value)) => items[key.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("no place for {pointer}"),
        }
    }
    document.to_string().into_bytes()
}

fn check(input: &[u8], expected: &[(&str, &str, &str)]) {
    let faults = match PublishInput::parser().unwrap().parse::<PublishInput>(input) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.as_slice().to_vec(),
    };
    let found: Vec<_> =
        faults.iter().map(|f| (f.pointer.as_str(), f.expected.as_str(), f.got.as_str())).collect();
    assert_eq!(found, expected);
    assert!(faults.iter().all(|fault| fault.got.chars().count() <= 80));
}

#[test]
fn good_inputs() {
    check(&example(&[]), &[]);
    check(&example(&[("/content_bundle/approval_record", None)]), &[]);
    check(&example(&[("/content_bundle/approval_record", Some(Value::Null))]), &[]);
    check(&example(&[("/schedule_time", Some("2026-03-01T08:00:00+01:00".into()))]), &[]);
    check(&example(&[("/content_bundle/variants/0/media_refs", None)]), &[]);
}

#[test]
fn bytes_that_are_no_document() {
    let expected = "a JSON document (RFC 8259, UTF-8)";
    check(b"", &[("", expected, "EOF while parsing a value at line 1 column 0")]);
    check(b"{} {}", &[("", expected, "trailing characters at line 1 column 4")]);
    check(b"\"\\ud800\"", &[("", expected, "unexpected end of hex escape at line 1 column 8")]);
    let large = vec![b' '; MAX_INPUT_BYTES + 1];
    check(&large, &[("", "at most 16777216 bytes", "16777217 bytes")]);
    check(b"[]", &[("", "an object", "an array of 0 items")]);
}

#[test]
fn every_breach_is_named_at_its_place() {
    check(&example(&[("/task_id", None)]), &[("/task_id", "a member `task_id` (uuid)", "nothing")]);
    check(&example(&[("/task_id", Some("x".into()))]), &[("/task_id", "uuid", "\"x\"")]);
    check(&example(&[("/task_id", Some(7.into()))]), &[("/task_id", "uuid", "7")]);
    check(
        &example(&[("/idempotency_key", Some("".into()))]),
        &[("/idempotency_key", "a string of 1 to 255 characters", "\"\"")],
    );
    check(
        &example(&[("/publish_strategy", Some("all".into()))]),
        &[("/publish_strategy", "one of `sequential`, `parallel`", "\"all\"")],
    );
    check(&example(&[("/dry_run", Some("no".into()))]), &[("/dry_run", "`true` or `false`", "\"no\"")]);
    check(
        &example(&[("/schedule_time", Some("tomorrow".into()))]),
        &[("/schedule_time", "date-time or null", "\"tomorrow\"")],
    );
    check(
        &example(&[("/content_bundle/variants/0/platform", Some("mastodon".into()))]),
        &[(
            "/content_bundle/variants/0/platform",
            "one of `twitter`, `instagram`, `linkedin`, `tiktok`, `youtube`, `threads`",
            "\"mastodon\"",
        )],
    );
    check(
        &example(&[("/content_bundle/variants/0/a~b", Some(serde_json::json!({"c": 1})))]),
        &[(
            "/content_bundle/variants/0/a~0b",
            "no such member; known: `disclosure_label`, `hashtags`, `media_refs`, `platform`, `text_content`",
            "an object of 1 members",
        )],
    );
}

#[test]
fn breaches_inside_optional_objects() {
    let record = "/content_bundle/approval_record";
    check(
        &example(&[(record, Some(serde_json::json!({"approved_by": "planner", "x": []})))]),
        &[
            ("/content_bundle/approval_record/approved_at", "a member `approved_at` (date-time)", "nothing"),
            ("/content_bundle/approval_record/approved_by", "one of `judge`, `hitl_reviewer`", "\"planner\""),
            (
                "/content_bundle/approval_record/x",
                "no such member; known: `approved_at`, `approved_by`, `attestation`, `confidence_score`, `decision_id`",
                "an array of 0 items",
            ),
        ],
    );
    check(&example(&[(record, Some("yes".into()))]), &[(record, "an object", "\"yes\"")]);
    let score = "/content_bundle/approval_record/confidence_score";
    check(&example(&[(score, Some(1.5.into()))]), &[(score, "a number of 0 to 1", "1.5")]);
    check(&example(&[(score, Some("high".into()))]), &[(score, "a number of 0 to 1", "\"high\"")]);
}

#[test]
fn what_only_the_type_refuses_has_its_place_too() {
    let score = "/content_bundle/approval_record/confidence_score";
    let expected = "a value of the contract's type";
    let got = "not a confidence: expected a finite number from 0 to 1 at line 1 column 209";
    let input = example(&[(score, Some((-0.0).into()))]);
    let faults = PublishInput::parser().unwrap().parse::<PublishInput>(&input).unwrap_err();
    let fault = &faults.as_slice()[0];
    assert_eq!((fault.pointer.as_str(), fault.expected.as_str()), (score, expected));
    assert_eq!(fault.got.split(" at line").next(), got.split(" at line").next());
}

#[test]
fn long_texts_are_refused_at_their_place_and_never_repeated() {
    let place = "/content_bundle/variants/0/text_content";
    check(
        &example(&[(place, Some("long ".repeat(2_000_000).into()))]),
        &[(
            place,
            "a string of at most 100000 characters",
            "\"long long long long \"… (10000000 characters)",
        )],
    );
    let key = "k".repeat(100_000);
    let input = example(&[(&format!("/{key}"), Some(1.into()))]);
    let faults = PublishInput::parser().unwrap().parse::<PublishInput>(&input).unwrap_err();
    assert_eq!(faults.as_slice()[0].pointer.chars().count(), MAX_POINTER + 1);
}

#[test]
fn faults_of_every_kind_come_in_one_answer() {
    let text = br#"{"task_id": 1, "task_id": "x", "target_platforms": ["twitter", "twitter"], "more": 1}"#;
    let faults = PublishInput::parser().unwrap().parse::<PublishInput>(text).unwrap_err();
    let pointers: Vec<_> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
    let expected = [
        "/agent_id",
        "/campaign_id",
        "/content_bundle",
        "/correlation_id",
        "/idempotency_key",
        "/more",
        "/target_platforms/1",
        "/task_id",
        "/task_id",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn the_number_of_faults_is_bounded() {
    let members: Vec<_> = (0..MAX_FAULTS * 2).map(|index| format!("\"m{index}\":1")).collect();
    let text = format!("{{{}}}", members.join(","));
    let faults = PublishInput::parser().unwrap().parse::<PublishInput>(text.as_bytes()).unwrap_err();
    assert_eq!(faults.as_slice().len(), MAX_FAULTS);
}
