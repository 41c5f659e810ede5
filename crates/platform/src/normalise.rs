//! One form for what servers answer: a JSON value where there is one, and all words for matching.
//!
//! The order is that of mcp.md: `structuredContent`, a lone `result` key unwrapped, a string parsed as JSON, else the first
//! text block as JSON, else text.

use std::borrow::Cow;

use chimera_text::{Folded, is_clearly_other};
use serde_json::Value;

use crate::border::Border;
use crate::profile::Condition;
use crate::select::select;
use crate::tool::ToolAnswer;

/// How much of an answer is kept for people.
const SAID: usize = 2_000;
/// How deep answers are read; nothing that was seen nests further.
const DEPTH: usize = 32;

/// An answer in one form.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The claim of the server.
    pub(crate) is_error: bool,
    /// Whether it is a whole answer (`resultType` absent or `complete`).
    pub(crate) whole: bool,
    /// The value, where there is one.
    pub(crate) value: Value,
    /// The value before a lone `result` was taken off, where that makes a difference.
    wrapped: Option<Value>,
    /// What else it says beside the value: a server that answers in two blocks may say two things.
    beside: Vec<Value>,
    /// Our own text, where it is known.
    ours: String,
    /// Everything it says, not redacted: for matching only. Of JSON the values, not the names.
    pub(crate) words: String,
    /// The same for finding an id in: a text of ours is taken out where it stands by itself. Of *tweet 1231* the post `1` must
    /// leave the id as it is.
    pub(crate) naming: String,
    /// The same with everything in it.
    pub(crate) heard: String,
    /// The same as it came, not redacted.
    text: String,
}

impl Answer {
    pub(crate) fn new(answer: &ToolAnswer) -> Self {
        let (value, wrapped) = value(answer);
        let mut words = String::new();
        let mut beside = Vec::new();
        for text in &answer.texts {
            let block = parsed(text);
            match &block {
                Value::String(_) => {
                    words.push_str(text);
                    words.push('\n');
                }
                json => leaves(json, &mut words, DEPTH),
            }
            if block != value && wrapped.as_ref() != Some(&block) {
                beside.push(block);
            }
        }
        leaves(&value, &mut words, DEPTH);
        let texts = answer.texts.join("\n");
        let text = match &value {
            _ if !texts.is_empty() => texts,
            Value::Null => String::new(),
            value => value.to_string(),
        };
        let whole = answer.result_type.as_deref().is_none_or(|kind| kind == "complete");
        Self {
            is_error: answer.is_error,
            whole,
            value,
            wrapped,
            beside,
            ours: String::new(),
            naming: words.clone(),
            heard: words.clone(),
            words,
            text,
        }
    }

    /// What it said, redacted and shortened; `None` when it said nothing.
    pub(crate) fn said(&self, border: Border<'_>) -> Option<String> {
        (!self.text.is_empty()).then(|| border.shown(&self.text, SAID))
    }

    /// At most `most` characters of what it said.
    pub(crate) fn shown(&self, border: Border<'_>, most: usize) -> String {
        border.shown(&self.text, most)
    }

    /// What stands at a pointer: of the value, or of the value before it was unwrapped, since a profile may be written by
    /// what the server sends.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        let wrapped = || select(self.wrapped.as_ref()?, pointer);
        let beside = || {
            let blocks = self.beside.iter().filter(|block| !block.is_string());
            blocks.filter_map(|block| select(block, pointer)).next()
        };
        select(&self.value, pointer).or_else(wrapped).or_else(beside)
    }

    /// Everything that it says, block by block.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.value).chain(&self.beside)
    }

    /// Our own text, where it is known.
    pub(crate) fn ours(&self) -> &str {
        &self.ours
    }

    /// A part of it without our own text.
    pub(crate) fn theirs<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.ours.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(text.replace(&self.ours, " ")) }
    }

    /// Whether a condition holds.
    pub(crate) fn says(&self, condition: &Condition) -> bool {
        condition.holds(self.at(&condition.pointer))
    }

    /// The words without a text of ours that the server may have repeated: what we post is no error.
    pub(crate) fn without(mut self, ours: &str) -> Self {
        if !ours.is_empty() {
            let quoted = Value::from(ours).to_string();
            let quoted = quoted.trim_matches('"');
            self.words = self.words.replace(quoted, " ").replace(ours, " ");
            self.naming = replaced(&replaced(&self.naming, quoted), ours);
            ours.clone_into(&mut self.ours);
        }
        self
    }

    /// The words without those lines that may be a form of a text: a server shows it escaped or shortened.
    pub(crate) fn without_alike(mut self, ours: &str) -> Self {
        let ours = Folded::new(ours);
        let other = |line: &&str| {
            let line = Folded::new(line);
            line.is_empty() || is_clearly_other(&line, &ours)
        };
        self.words = self.words.lines().filter(other).collect::<Vec<_>>().join("\n");
        self
    }

    /// The words without a name of somebody else's, where it stands as a word of its own.
    pub(crate) fn without_word(mut self, word: &str) -> Self {
        let word = word.trim_start_matches('@');
        if !word.is_empty() {
            self.words = replaced(&self.words, word);
        }
        self
    }
}

/// A string or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn replaced(words: &str, word: &str) -> String {
    let in_word = |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || next == '_');
    let mut kept = String::new();
    let mut at = 0;
    for (start, found) in words.match_indices(word) {
        let end = start.saturating_add(found.len());
        let before = words.get(..start).and_then(|before| before.chars().next_back());
        let after = words.get(end..).and_then(|after| after.chars().next());
        if !in_word(before) && !in_word(after) {
            kept.push_str(words.get(at..start).unwrap_or_default());
            kept.push(' ');
            at = end;
        }
    }
    kept.push_str(words.get(at..).unwrap_or_default());
    kept
}

/// The value, and what it was wrapped in.
fn value(answer: &ToolAnswer) -> (Value, Option<Value>) {
    match answer.structured.as_ref().filter(|structured| !structured.is_null()) {
        Some(structured) => match unwrapped(structured) {
            Some(Value::Null) => (first_text(answer), None),
            Some(value) => (value, Some(structured.clone())),
            None => (structured.clone(), None),
        },
        None => (first_text(answer), None),
    }
}

fn first_text(answer: &ToolAnswer) -> Value {
    answer.texts.first().map(|text| parsed(text)).unwrap_or_default()
}

/// What is in a lone `result`, the wrapping of an SDK around a tool's string or list; a bare string is read as well.
fn unwrapped(structured: &Value) -> Option<Value> {
    let lone =
        structured.as_object().filter(|object| object.len() == 1).and_then(|object| object.get("result"));
    match (lone, structured) {
        (Some(Value::String(text)), _) | (None, Value::String(text)) => Some(parsed(text)),
        (Some(value), _) => Some(value.clone()),
        (None, _) => None,
    }
}

/// JSON where it is, else the text itself. Servers that answer a model put JSON in a fence, and some a byte order mark before.
fn parsed(text: &str) -> Value {
    let bare = text.trim_start_matches('\u{feff}').trim();
    let fenced = bare.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let inside = fenced.map_or(bare, |inside| inside.strip_prefix("json").unwrap_or(inside));
    serde_json::from_str(inside).unwrap_or_else(|_| Value::from(text))
}

fn leaves(value: &Value, words: &mut String, depth: usize) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) => {
            words.push('\n');
            words.push_str(text);
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, words, deeper)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, words, deeper)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(structured: Option<Value>, texts: &[&str], expected: &Value) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let answer = ToolAnswer { structured, texts, ..ToolAnswer::default() };
        assert_eq!(Answer::new(&answer).value, *expected);
    }

    #[test]
    fn the_value_is_found_where_servers_put_it() {
        let post = json!({ "id": "1" });
        check(Some(post.clone()), &["other"], &post);
        check(Some(json!({ "result": post })), &[], &post);
        check(Some(json!({ "result": "{\"id\":\"1\"}" })), &[], &post);
        check(Some(json!({ "result": "done" })), &[], &json!("done"));
        check(Some(json!({ "result": post, "more": 1 })), &[], &json!({ "result": post, "more": 1 }));
        check(None, &["{\"id\":\"1\"}", "{}"], &post);
        check(None, &["posted"], &json!("posted"));
        check(None, &[], &Value::Null);
    }

    /// What the README says of conditions with and without `equals`.
    #[test]
    fn a_condition_holds_exactly_or_where_more_than_nothing_stands() {
        for (stands, is_true, is_something) in [
            (json!(true), true, true),
            (json!("true"), false, true),
            (json!(1), false, true),
            (json!("17"), false, true),
            (json!({ "id": null }), false, true),
            (json!(false), false, false),
            (json!(0), false, false),
            (json!(0.0), false, false),
            (json!(" No "), false, false),
            (json!("None"), false, false),
            (json!("undefined"), false, false),
            (json!([]), false, false),
            (json!({}), false, false),
            (json!(null), false, false),
        ] {
            let structured = Some(json!({ "at": stands }));
            let answer = Answer::new(&ToolAnswer { structured, ..ToolAnswer::default() });
            let says =
                |pointer: &str, equals| answer.says(&Condition { pointer: pointer.to_owned(), equals });
            assert_eq!(says("/at", Some(json!(true))), is_true, "{stands}");
            assert_eq!(says("/at", None), is_something, "{stands}");
            assert!(!says("/elsewhere", None) && !says("/elsewhere", Some(json!(null))), "{stands}");
        }
    }

    #[test]
    fn what_is_kept_is_redacted_before_it_is_cut() {
        let long = format!("access_token={} {}", "a".repeat(40), "b".repeat(3_000));
        let answer = ToolAnswer { texts: vec![long], ..ToolAnswer::default() };
        let secrets = chimera_audit::Secrets::default();
        let said = Answer::new(&answer).said(Border { secrets: &secrets, settings: None, ours: "" }).unwrap();
        assert!(said.starts_with("access_token=[redacted] b") && said.chars().count() == SAID + 1);
    }

    /// A profile is written by what its author saw, with the wrapping or without it.
    #[test]
    fn a_pointer_fits_the_value_as_it_was_sent_too() {
        let answer =
            ToolAnswer { structured: Some(json!({ "result": [{ "id": "1" }] })), ..ToolAnswer::default() };
        let answer = Answer::new(&answer);
        assert_eq!(answer.at("/result"), answer.at(""));
        assert_eq!(answer.at("/result/0/id"), Some(&json!("1")));
        assert_eq!(answer.at("/items"), None);
    }

    #[test]
    fn words_are_values_and_not_names() {
        let post = json!({ "published": false, "error": "no" });
        let answer = ToolAnswer { texts: vec![post.to_string()], ..ToolAnswer::default() };
        assert_eq!(Answer::new(&answer).words.trim(), "no\nno");
    }

    #[test]
    fn our_own_words_are_no_error() {
        let ours = "HTTP 429 \"quoted\"\nline";
        let echo = json!({ "error": "odd", "text": ours });
        let answer = ToolAnswer {
            structured: Some(echo.clone()),
            texts: vec![echo.to_string()],
            ..ToolAnswer::default()
        };
        assert!(!Answer::new(&answer).without(ours).words.contains("429"));
    }

    #[test]
    fn a_name_is_taken_out_as_a_word() {
        for (words, name, expected) in [
            ("@rate_limit, rate_limits rate_limit", "@rate_limit", "@ , rate_limits  "),
            ("reset", "e", "reset"),
            ("é 1é é", "é", "  1é  "),
            ("a b", "", "a b"),
        ] {
            let answer = ToolAnswer { texts: vec![words.to_owned()], ..ToolAnswer::default() };
            let answer = Answer { words: words.to_owned(), ..Answer::new(&answer) };
            assert_eq!(answer.without_word(name).words, expected, "{words}");
        }
    }
}
