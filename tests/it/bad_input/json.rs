//! Bytes that are not the contract's input: every fault at once, each with its place.

use chimera::contracts::ErrorCode;
use chimera_tests::stage::context;
use serde_json::{Value, json};

use super::{Bench, Expected};

/// A change of a good document.
type Edit = fn(&mut Value);

fn remove(document: &mut Value, parent: &str, key: &str) {
    let parent = document.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(key).unwrap();
}

fn check(what: &str, pointers: &[&str], says: &[&str], edit: Edit) {
    let bench = Bench::new();
    let mut document = serde_json::to_value(bench.good()).unwrap();
    edit(&mut document);
    let expected = Expected { code: ErrorCode::ValidationError, pointers, says, recorded: false };
    bench.check(what, &context(), document.to_string().as_bytes(), &expected);
}

#[test]
fn members() {
    check("unknown", &["/surprise"], &["no such member"], |document| document["surprise"] = 1.into());
    check("unknown below", &["/content_bundle/variants/1/colour"], &["no such member"], |document| {
        document["content_bundle"]["variants"][1]["colour"] = "red".into();
    });
    check("an unknown claim", &["/content_bundle/approval_record/approved"], &[], |document| {
        document["content_bundle"]["approval_record"]["approved"] = true.into();
    });
    check("missing key", &["/idempotency_key"], &["a member `idempotency_key`"], |document| {
        remove(document, "", "idempotency_key");
    });
    check("empty key", &["/idempotency_key"], &["1 to 255"], |document| {
        document["idempotency_key"] = "".into();
    });
    check("long key", &["/idempotency_key"], &["1 to 255"], |document| {
        document["idempotency_key"] = "k".repeat(256).into();
    });
    check("missing label", &["/content_bundle/variants/2/disclosure_label"], &[], |document| {
        remove(document, "/content_bundle/variants/2", "disclosure_label");
    });
}

#[test]
fn types() {
    check("not a list", &["/target_platforms"], &["an array"], |document| {
        document["target_platforms"] = "twitter".into();
    });
    check("not a truth", &["/dry_run"], &["`true` or `false`"], |document| {
        document["dry_run"] = "no".into();
    });
    check("no UUID", &["/task_id"], &["uuid"], |document| document["task_id"] = "task-1".into());
    check("almost a UUID", &["/agent_id"], &["uuid"], |document| {
        document["agent_id"] = "123e4567-e89b-12d3-a456-42661417400".into();
    });
    check("no strategy", &["/publish_strategy"], &["`sequential`, `parallel`"], |document| {
        document["publish_strategy"] = "all".into();
    });
    check("no approver", &["/content_bundle/approval_record/approved_by"], &["`judge`"], |document| {
        document["content_bundle"]["approval_record"]["approved_by"] = "planner".into();
    });
    check("no document", &[""], &["an object"], |document| *document = json!([document.clone()]));
}

#[test]
fn platforms_and_variants() {
    check("missing variant", &["/target_platforms/1"], &["`instagram`, which has none"], |document| {
        document["content_bundle"]["variants"].as_array_mut().unwrap().remove(1);
    });
    check("a variant nobody asked for", &["/content_bundle/variants/1/platform"], &[], |document| {
        document["target_platforms"].as_array_mut().unwrap().remove(1);
    });
    check("twice the same target", &["/target_platforms/3"], &["`twitter` again"], |document| {
        document["target_platforms"].as_array_mut().unwrap().push("twitter".into());
    });
    check("two variants", &["/content_bundle/variants/3/platform"], &["a second"], |document| {
        let first = document["content_bundle"]["variants"][0].clone();
        document["content_bundle"]["variants"].as_array_mut().unwrap().push(first);
    });
    check("no target", &["/target_platforms"], &["1 to 16"], |document| {
        document["target_platforms"] = json!([]);
    });
    check("no such platform", &["/target_platforms/0"], &["one of `twitter`"], |document| {
        document["target_platforms"][0] = "mastodon".into();
    });
}

#[test]
fn ten_megabytes_of_text_are_refused_and_not_repeated() {
    let place = "/content_bundle/variants/2/text_content";
    check("10 MB", &[place], &["at most 100000 characters", "10000000 characters"], |document| {
        document["content_bundle"]["variants"][2]["text_content"] = "long ".repeat(2_000_000).into();
    });
}

#[test]
fn five_faults_are_named_in_one_answer() {
    let pointers = ["/dry_run", "/idempotency_key", "/surprise", "/target_platforms/1", "/task_id"];
    check("five", &pointers, &pointers, |document| {
        document["surprise"] = 1.into();
        remove(document, "", "idempotency_key");
        document["dry_run"] = "no".into();
        document["task_id"] = "task-1".into();
        document["content_bundle"]["variants"].as_array_mut().unwrap().remove(1);
    });
}

#[test]
fn a_key_that_is_given_twice() {
    let bench = Bench::new();
    let good = serde_json::to_string(&bench.good()).unwrap();
    for (from, to, pointer) in [
        (r#""dry_run":false"#, r#""dry_run":false,"dry_run":false"#, "/dry_run"),
        (
            r#""text_content":"#,
            r#""text_content":"x","text_content":"#,
            "/content_bundle/variants/0/text_content",
        ),
        // The same key in another spelling.
        (r#""task_id":"#, r#""task\u005fid":"x","task_id":"#, "/task_id"),
    ] {
        let document = good.replacen(from, to, 1);
        assert_ne!(document, good, "{pointer}");
        let (pointers, says) = ([pointer], ["given once"]);
        let code = ErrorCode::ValidationError;
        let expected = Expected { code, pointers: &pointers, says: &says, recorded: false };
        bench.check(pointer, &context(), document.as_bytes(), &expected);
    }
}

#[test]
fn bytes_that_are_no_document() {
    let bench = Bench::new();
    let good = serde_json::to_vec(&bench.good()).unwrap();
    let padded = [good.as_slice(), &vec![b' '; 16 * 1024 * 1024]].concat();
    let latin = String::from_utf8(good.clone()).unwrap().replacen("Hello", "\u{e9}", 1);
    let latin: Vec<u8> = latin.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    for (what, bytes, says) in [
        ("nothing", &b""[..], "a JSON document"),
        ("half", &good[..good.len() / 2], "a JSON document"),
        ("two", &[good.clone(), good.clone()].concat(), "a JSON document"),
        ("no UTF-8", &latin, "a JSON document"),
        ("too much", &padded, "at most 16777216 bytes"),
    ] {
        let code = ErrorCode::ValidationError;
        let expected = Expected { code, pointers: &[""], says: &[says], recorded: false };
        bench.check(what, &context(), bytes, &expected);
    }
}
