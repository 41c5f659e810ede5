use super::*;
use serde_json::{Value, json};

fn input() -> Value {
    json!({"request_id": "r", "artifact_id": "a", "actor_id": "p", "spec_version": "1", "approval_reference": null})
}

fn check(input: &Value, expected: &[(&str, &str, &str)]) {
    let parsed = ProposeInput::parser().unwrap().parse::<ProposeInput>(input.to_string().as_bytes());
    let faults = parsed.err().map(|faults| faults.as_slice().to_vec()).unwrap_or_default();
    let found: Vec<_> =
        faults.iter().map(|f| (f.pointer.as_str(), f.expected.as_str(), f.got.as_str())).collect();
    assert_eq!(found, expected, "{input}");
}

#[test]
fn an_approval_reference_is_present_and_null() {
    let mut document = input();
    check(&document, &[]);
    document["approval_reference"] = "d-1".into();
    check(&document, &[("/approval_reference", "null", "\"d-1\"")]);
    document.as_object_mut().unwrap().remove("approval_reference");
    check(&document, &[("/approval_reference", "a member `approval_reference` (null)", "nothing")]);
    assert!(serde_json::from_value::<ProposeInput>(document).is_err());
}

#[test]
fn constraints_are_bounded_texts() {
    let mut document = input();
    let long = "k".repeat(MAX_NAME + 1);
    document["candidate_context"] =
        json!({"audience_constraints": {"a": 1, "b": "x".repeat(2_001), &long: "v"}, "x": 1});
    let place = format!("/candidate_context/audience_constraints/{long}");
    let shown = format!("\"{}\"… (101 characters)", "k".repeat(20));
    check(
        &document,
        &[
            ("/candidate_context/audience_constraints/a", "a string of at most 2000 characters", "1"),
            (
                "/candidate_context/audience_constraints/b",
                "a string of at most 2000 characters",
                "\"xxxxxxxxxxxxxxxxxxxx\"… (2001 characters)",
            ),
            (&place, "a key that is a string of 1 to 100 characters", &shown),
            (
                "/candidate_context/x",
                "no such member; known: `audience_constraints`, `target_platforms`",
                "1",
            ),
        ],
    );
}

#[test]
fn built_inputs_keep_the_bounds_of_the_schema() {
    let mut typed: ProposeInput = serde_json::from_value(input()).unwrap();
    assert_eq!(typed.check(), Ok(()));
    typed.request_id.clear();
    typed.candidate_context = Some(CandidateContext {
        target_platforms: vec![String::new()],
        audience_constraints: [("z".to_owned(), "x".repeat(2_001)), ("y".repeat(101), String::new())].into(),
    });
    let pointers = |faults: &Faults| faults.as_slice().iter().map(|f| f.pointer.clone()).collect::<Vec<_>>();
    let sent = serde_json::to_vec(&typed).unwrap();
    let parsed = ProposeInput::parser().unwrap().parse::<ProposeInput>(&sent).unwrap_err();
    assert_eq!(pointers(&typed.check().unwrap_err()), pointers(&parsed));
    assert_eq!(parsed.as_slice().len(), 4);
}

#[test]
fn approval_is_always_required() {
    assert_eq!(serde_json::to_value(AlwaysTrue).unwrap(), Value::Bool(true));
    assert!(serde_json::from_str::<AlwaysTrue>("true").is_ok());
    for bad in ["false", "null", "1", "\"true\""] {
        assert!(serde_json::from_str::<AlwaysTrue>(bad).is_err(), "{bad}");
    }
}

#[test]
fn identifiers_hold_no_control_characters() {
    let mut document = input();
    document["request_id"] = "r\0".into();
    document["actor_id"] = "é\n".into();
    let expected = "a text without control characters";
    check(
        &document,
        &[
            ("/actor_id", expected, "U+000A at character 1"),
            ("/request_id", expected, "U+0000 at character 1"),
        ],
    );
    let typed: ProposeInput = serde_json::from_value(document).unwrap();
    let parsed = ProposeInput::parser().unwrap().parse::<ProposeInput>(&serde_json::to_vec(&typed).unwrap());
    assert_eq!(typed.check().err(), parsed.err());
}
