//! One record, several processes, some of them killed.

use std::{fs::OpenOptions, io::Write};

use chimera_harness::finished;
use chimera_sandbox::{Record, SandboxError};
use serde_json::json;

use crate::client::{Client, Place};

#[test]
fn a_key_is_honoured_across_processes_at_once() {
    let place = Place::new();
    let config = json!({ "keys": ["twitter"] });
    let mut clients = [place.client(&config), place.client(&config)];
    for round in 0..20 {
        let post = json!({ "text": format!("post {round}"), "idempotency_key": format!("k{round}") });
        let begun = clients.each_mut().map(|client| {
            let ids = [client.begin("post_tweet", &post), client.begin("post_tweet", &post)];
            (client, ids)
        });
        let ids: Vec<_> =
            begun.into_iter().flat_map(|(client, ids)| ids.map(|id| post_id(client, id))).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.posts().len(), 20);
    assert_eq!(record.calls().len(), 80);
}

fn post_id(client: &mut Client, request: u64) -> String {
    let answer = client.wait_for(request);
    let id = &answer["result"]["structuredContent"]["id"];
    id.as_str().expect("a post").to_owned()
}

#[test]
fn ids_are_unique_across_processes_at_once() {
    let place = Place::new();
    let mut clients = [place.client(&json!({})), place.client(&json!({}))];
    let mut ids: Vec<String> = Vec::new();
    for round in 0..20 {
        let post = json!({ "caption": format!("post {round}") });
        let begun = clients.each_mut().map(|client| (client.begin("post_instagram", &post), client));
        ids.extend(begun.map(|(id, client)| post_id(client, id)));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
    let record = Record::open(place.record()).expect("a record");
    assert_eq!(record.duplicates().len(), 20);
}

#[test]
fn a_like_is_one_like_across_processes_at_once() {
    let place = Place::new();
    let mut clients = [place.client(&json!({})), place.client(&json!({}))];
    for round in 0..20 {
        let like = json!({ "video_id": format!("video_{round}") });
        let begun = clients.each_mut().map(|client| (client.begin("like_video", &like), client));
        let answers = begun.map(|(id, client)| client.wait_for(id)["result"]["structuredContent"].clone());
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0]["liked"], true);
    }
    let record = Record::open(place.record()).expect("a record");
    assert_eq!((record.likes().len(), record.duplicates().len()), (20, 20));
}

#[test]
fn a_torn_last_line_costs_nothing_before_it() {
    let place = Place::new();
    let mut running = place.client(&json!({}));
    running.ok("post_tweet", &json!({ "text": "one" }));
    let whole = std::fs::read(place.record()).expect("a record");
    let last_line =
        whole.len() - whole.iter().rev().skip(1).position(|byte| *byte == b'\n').expect("a header") - 1;

    for cut in [last_line + 1, last_line + 40, whole.len() - 2] {
        let torn = &whole[last_line..cut];
        append(&place, torn);
        let record = Record::open(place.record()).expect("a torn record is readable");
        assert_eq!(record.posts().len(), 1, "cut at {cut}");
        running.ok("list_posts", &json!({ "platform": "twitter" }));
        running.ok("upload_media", &json!({ "platform": "twitter", "filename": "a", "data": "YQ==" }));
    }
    append(&place, b"{\"post\":{\"platform\":\"twi");
    let mut fresh = place.client(&json!({}));
    fresh.ok("post_tweet", &json!({ "text": "two" }));
    running.ok("post_tweet", &json!({ "text": "three" }));
    let texts: Vec<String> =
        Record::open(place.record()).expect("a record").posts().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_whole_last_line_counts_without_its_line_break() {
    let place = Place::new();
    let mut client = place.client(&json!({}));
    client.ok("post_tweet", &json!({ "text": "one" }));
    drop(client.end());
    let whole = std::fs::read(place.record()).expect("a record");
    std::fs::write(place.record(), &whole[..whole.len() - 1]).expect("writable");
    let mut first = place.client(&json!({}));
    let mut second = place.client(&json!({}));
    second.ok("list_posts", &json!({ "platform": "twitter" }));
    first.ok("post_tweet", &json!({ "text": "two" }));
    second.ok("post_tweet", &json!({ "text": "three" }));
    assert_eq!(Record::open(place.record()).expect("a record").posts().len(), 3);
}

#[test]
fn a_file_that_is_no_record_is_refused_and_left_alone() {
    for content in ["notes", "notes\n", "{}\n", "{\"chimera_sandbox_record\":2}\n"] {
        let place = Place::new();
        std::fs::write(place.record(), content).expect("writable");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chimera-sandbox"));
        command.arg("--record").arg(place.record()).stdin(std::process::Stdio::null());
        let output = finished("a sandbox that cannot begin", &mut command);
        assert!(!output.status.success(), "{content}");
        assert_eq!(std::fs::read_to_string(place.record()).expect("readable"), content);
        let refused = Record::open(place.record());
        assert!(matches!(refused, Err(SandboxError::NotARecord { .. })), "{content}");
    }
    let nothing = Record::open(Place::new().record());
    assert!(matches!(nothing, Err(SandboxError::Io { .. })));
}

fn append(place: &Place, bytes: &[u8]) {
    OpenOptions::new()
        .append(true)
        .open(place.record())
        .and_then(|mut file| file.write_all(bytes))
        .expect("writable");
}
