//! A small server that counts what it makes, and shows it as a cell of the table says.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chimera::audit::Secrets;
use chimera::contracts::Clock;
use chimera::effect::EffectKind;
use chimera::platform::{Called, LateAnswer, ServerError, ToolAnswer, ToolCall, ToolClient, ToolInfo};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::tables::{Form, List, TEXT};

/// Our account.
pub(super) const ACCOUNT: &str = "us";
/// What an engagement is about.
pub(super) const TARGET: &str = "target_1";

/// What the acting tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It makes the post, and its answer is lost.
    MadeAndLost,
    /// Nothing arrives.
    Lost,
}

/// Something that the list shows.
#[derive(Clone, Debug)]
struct Item {
    id: String,
    author: &'static str,
    target: &'static str,
    text: String,
    at: DateTime<Utc>,
    edited: bool,
}

/// The server.
#[derive(Debug)]
pub(super) struct Server {
    clock: Arc<dyn Clock>,
    kind: EffectKind,
    list: List,
    act: Act,
    shown: String,
    edited: bool,
    secrets: Secrets,
    made: Mutex<Vec<DateTime<Utc>>>,
    began: DateTime<Utc>,
}

/// Items a page.
const PAGE: usize = 2;

impl Server {
    pub(super) fn new(clock: &Arc<dyn Clock>, kind: EffectKind, form: &Form, list: List, act: Act) -> Self {
        Self {
            clock: Arc::clone(clock),
            kind,
            list,
            act,
            shown: (form.show)(TEXT),
            edited: form.edited,
            secrets: Secrets::default(),
            made: Mutex::default(),
            began: clock.now(),
        }
    }

    /// How many posts of ours were made.
    pub(super) fn made(&self) -> usize {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether an id is that of the post that was made: the platform's, or for a state the one that the profile composes.
    pub(super) fn is_ours(&self, id: &str) -> bool {
        match self.kind {
            EffectKind::Like | EffectKind::Follow => {
                id.starts_with(&format!("{}:{TARGET}:", self.kind.as_str()))
            }
            _ => id == "ours1",
        }
    }

    fn item(&self, id: &str, author: &'static str, text: &str, minutes: i64) -> Item {
        let at = self.began + TimeDelta::minutes(minutes);
        let (id, text) = (id.to_owned(), text.to_owned());
        Item { id, author, target: "target_2", text, at, edited: false }
    }

    /// Everything that the list shows, the newest first.
    fn items(&self) -> Vec<Item> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ours = made.iter().enumerate().map(|(number, at)| Item {
            id: format!("ours{}", number + 1),
            author: ACCOUNT,
            target: TARGET,
            text: self.shown.clone(),
            at: *at,
            edited: self.edited,
        });
        let mut items: Vec<Item> = ours.collect();
        let soon = |item: Item| Item { at: self.began + TimeDelta::seconds(2), ..item };
        match self.list {
            List::NewAccount => return items,
            List::ByAuthor | List::ByTarget => {
                // Another one wrote the very same words, to the same target, at the same time.
                let theirs = soon(self.item("theirs", "them", TEXT, 0));
                items.push(Item { target: TARGET, ..theirs });
            }
            List::ByHand => {
                let words =
                    ["Lunch is pizza today", "Wir suchen eine Gärtnerin", "Who lost a blue umbrella?"];
                for (number, words) in words.into_iter().enumerate() {
                    items.push(soon(self.item(&format!("hand{number}"), ACCOUNT, words, 0)));
                }
            }
            _ => {}
        }
        // What was there before, so that a list can reach behind the attempt.
        items.push(self.item("old2", ACCOUNT, "Nobody expects the July build", -3_000));
        items.push(self.item("old1", ACCOUNT, "Hello, world, from the very first day", -6_000));
        items.push(self.item("old0", ACCOUNT, "A quiet week in Utrecht", -9_000));
        items.sort_by_key(|item| std::cmp::Reverse(item.at));
        if self.list == List::PinnedFirst {
            items.insert(0, self.item("pinned", ACCOUNT, "Who we are, and why: read this", -90_000));
        }
        items
    }

    fn shown(&self, item: &Item) -> Value {
        let mut shown = json!({
            "id": item.id,
            "author": item.author,
            "target": item.target,
            "text": item.text,
            "edited": item.edited,
        });
        if self.list.shows_times() {
            shown["created_at"] = item.at.to_rfc3339_opts(SecondsFormat::Secs, true).into();
        }
        shown
    }

    fn page(&self, call: &ToolCall) -> Value {
        let mut items = self.items();
        if self.list == List::ByTarget && call.arguments.contains_key("target") {
            items.retain(|item| item.target == TARGET);
        }
        let all: Vec<Value> = items.iter().map(|item| self.shown(item)).collect();
        if self.list != List::Paged {
            return json!({ "items": all, "complete": self.list.says_complete() });
        }
        let after = call.arguments.get("after").and_then(Value::as_str).and_then(|after| after.parse().ok());
        let from: usize = after.unwrap_or(0);
        let page: Vec<&Value> = all.iter().skip(from).take(PAGE).collect();
        let mut paging = json!({});
        if from + PAGE < all.len() {
            paging["next"] = (from + PAGE).to_string().into();
        }
        json!({ "items": page, "paging": paging })
    }
}

#[async_trait]
impl ToolClient for Server {
    fn server(&self) -> &str {
        "matrix"
    }

    fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn life(&self) -> u64 {
        0
    }

    fn grace(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        let tool = |name: &str, arguments: &[&str]| {
            let properties: serde_json::Map<String, Value> = arguments
                .iter()
                .map(|argument| ((*argument).to_owned(), json!({ "type": "string" })))
                .collect();
            let input_schema = json!({ "properties": properties });
            ToolInfo { name: name.to_owned(), input_schema }
        };
        Ok(vec![tool("act", &["text", "target", "account"]), tool("list", &["account", "target", "after"])])
    }

    async fn call(&self, call: ToolCall) -> Called {
        if call.tool == "list" {
            let structured = self.page(&call);
            let texts = vec![structured.to_string()];
            return Called::Answered(ToolAnswer {
                texts,
                structured: Some(structured),
                ..ToolAnswer::default()
            });
        }
        if self.act == Act::MadeAndLost {
            self.made.lock().unwrap_or_else(PoisonError::into_inner).push(self.clock.now());
        }
        Called::Lost { reason: "the connection broke".to_owned() }
    }

    fn late(&self) -> Vec<LateAnswer> {
        Vec::new()
    }
}
