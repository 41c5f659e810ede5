//! The look table: what a list that shows our text in one way or another proves. Each row names the platform or the report
//! behind its shape, so that a new report is one more row.

mod candidates;
mod failing;
mod others;
mod pages;
mod texts;
mod whole;

use super::look::{Owners, look, question, told};
use super::*;

fn post(id: &str, text: &str, seconds: i64) -> Value {
    json!({ "id": id, "text": text, "url": "https://x.com/1", "created_at": at(seconds).to_rfc3339() })
}

fn list(posts: &[Value], complete: bool) -> Called {
    said(false, json!({ "posts": posts, "complete": complete }))
}

fn tweet(text: &str) -> Effect {
    let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    Effect::new(EffectV1 { text: text.to_owned(), ..content }).unwrap()
}

/// Looks for a post with this text where the list shows these, whole.
fn shown_as(ours: &str, posts: &[Value], answers: impl IntoIterator<Item = Called>) -> String {
    let answers = [list(posts, true)].into_iter().chain(answers).collect();
    told(&look(&answering(answers), &question(&tweet(ours)), &Owners::default()))
}
