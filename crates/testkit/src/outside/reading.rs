//! What the tools that read show: lists with their pages and times, one item, and a state.

use chimera_effect::EffectKind;
use chimera_platform::{Called, ToolAnswer};
use serde_json::{Map, Value, json};

use super::acting::text;
use super::fault::LookFault;
use super::item::Item;
use super::nature::{IdForm, ListNature, Order, Pages, Scope, TimeForm, Wraps};
use super::profile::{BEGIN, END};
use super::show::shown;
use super::world::{Sighting, World};

/// Whose account the host acts in.
pub const ACCOUNT: &str = "chimera_agent";

/// A question to a tool that reads.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The wish that it is about.
    pub(super) wish: usize,
    pub(super) tool: String,
    pub(super) kind: Option<EffectKind>,
    pub(super) target: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) id: Option<String>,
}

/// The part of a list that a page shows.
struct Page {
    items: Vec<usize>,
    next: Option<String>,
    last: bool,
}

impl World {
    /// What comes of a question.
    pub(super) fn read(&mut self, question: &Question, fault: LookFault, now_ms: i64) -> Called {
        let answer = match fault {
            LookFault::TooMany => text(true, "HTTP 429 Too Many Requests".to_owned()),
            LookFault::Internal => text(true, "HTTP 500 Internal Server Error".to_owned()),
            LookFault::Rpc => return Called::Failed { reason: "-32603: internal error".to_owned() },
            LookFault::Lost => return Called::Lost { reason: "the connection ended".to_owned() },
            LookFault::NotSent => {
                return Called::NotSent { reason: "the server does not start".to_owned() };
            }
            LookFault::EmptyWithError => {
                json_answer(json!({ "items": [], "complete": true, "error": "upstream answered HTTP 502" }))
            }
            LookFault::Garbled => text(false, "<html>Please log in</html>".to_owned()),
            LookFault::None => match question.tool.as_str() {
                "get_item" => self.one(question, now_ms),
                "get_state" => self.asked_state(question, now_ms),
                _ => self.list(question, now_ms),
            },
        };
        Called::Answered(answer)
    }

    fn asked_state(&self, question: &Question, now_ms: i64) -> ToolAnswer {
        let set = question.kind.and_then(|kind| {
            self.state(kind, question.target.as_deref(), now_ms)
                .filter(|item| self.items[*item].seen_ms <= now_ms)
        });
        json_answer(json!({ "done": set.is_some() }))
    }

    fn one(&self, question: &Question, now_ms: i64) -> ToolAnswer {
        // What no list shows is there by its id.
        let fits = |item: &&Item| {
            Some(&item.id) == question.id.as_ref() && item.seen_ms <= now_ms && item.is_there(now_ms)
        };
        let found = self.items.iter().find(fits);
        let Some(item) = found else {
            return text(true, "HTTP 404 Not Found: no such post".to_owned());
        };
        let whole = self.scenario.nature.get.as_ref().is_some_and(|get| get.whole);
        let changes = item.shown.iter().copied().filter(|show| !(whole && show.shortens()));
        let words = self.wrapped(&shown(&item.text, changes));
        json_answer(Value::Object(self.members(item, words)))
    }

    fn list(&mut self, question: &Question, now_ms: i64) -> ToolAnswer {
        let Some(list) = self.scenario.nature.list.clone().filter(|list| !list.broken) else {
            return text(true, "HTTP 503 Service Unavailable".to_owned());
        };
        let all = self.visible(&list, question, now_ms);
        let page = self.page(&list, &all, question.cursor.as_deref());
        self.sightings.push(Sighting { wish: question.wish, at_ms: now_ms, items: page.items.clone() });
        let items: Vec<Value> =
            page.items.iter().map(|item| self.listed(&list, &self.items[*item])).collect();
        if list.lone {
            return json_answer(json!({ "result": items }));
        }
        let mut answer = Map::new();
        answer.insert("items".to_owned(), items.into());
        if list.complete {
            answer.insert("complete".to_owned(), page.last.into());
        }
        if list.total {
            answer.insert("total".to_owned(), all.len().into());
        }
        match (list.pages, page.next) {
            (Pages::None, _) | (Pages::CursorThenNothing, None) => {}
            (_, next) => {
                let paging: Map<_, _> =
                    next.map(|next| ("next".to_owned(), next.into())).into_iter().collect();
                answer.insert("paging".to_owned(), paging.into());
            }
        }
        json_answer(answer.into())
    }

    /// Everything that the list has, in its order.
    fn visible(&self, list: &ListNature, question: &Question, now_ms: i64) -> Vec<usize> {
        let kind = question.kind.unwrap_or(EffectKind::Publish);
        let also = list.mixed && kind == EffectKind::Publish;
        let fits = |item: &Item| {
            (item.kind == kind || (also && super::fault::makes_items(item.kind)))
                && (list.scope != Scope::Own || !item.stranger)
                && (question.target.is_none() || item.target == question.target)
                && item.is_shown(now_ms)
        };
        let mut found: Vec<usize> = (0..self.items.len()).filter(|item| fits(&self.items[*item])).collect();
        found.sort_by_key(|item| (self.items[*item].made_ms, *item));
        if list.order != Order::Oldest {
            found.reverse();
        }
        if list.order == Order::Pinned
            && let Some(oldest) = found.pop()
        {
            // The oldest is the pinned one, so it comes first and not again.
            found.insert(0, oldest);
        }
        found
    }

    /// The page of a cursor. Cursors name the item that the page begins after, so that what is new moves none of them.
    fn page(&self, list: &ListNature, all: &[usize], cursor: Option<&str>) -> Page {
        let stuck = list.pages == Pages::CursorStuck;
        let (after, turn) = match cursor.filter(|_| !stuck).and_then(|cursor| cursor.split_once('-')) {
            Some((after, turn)) => (after.parse::<usize>().ok(), turn.parse::<usize>().unwrap_or_default()),
            None => (None, 0),
        };
        let begin =
            after.and_then(|after| all.iter().position(|item| *item == after)).map_or(0, |place| place + 1);
        // Every second page is empty, with more behind it.
        let empty = list.pages == Pages::CursorShort && turn % 2 == 1;
        let size = if empty { 0 } else { list.page };
        let rest = all.get(begin..).unwrap_or_default();
        let items: Vec<usize> = rest.iter().copied().take(size).collect();
        let last = items.len() == rest.len();
        let end = items.last().copied().or(after);
        let next = match list.pages {
            Pages::CursorStuck => Some("again".to_owned()),
            _ if last => None,
            _ => Some(format!("{}-{}", end.unwrap_or_default(), turn + 1)),
        };
        Page { items, next, last: last && !stuck }
    }

    fn listed(&self, list: &ListNature, item: &Item) -> Value {
        let words = self.wrapped(&shown(&item.text, item.shown.iter().copied()));
        let mut members = self.members(item, words);
        members.remove("created_at");
        if !matches!(list.times, TimeForm::None | TimeForm::Missing) {
            members.insert(
                "created_at".to_owned(),
                list.times.value(item.made_ms + self.scenario.nature.clock_ms),
            );
        }
        if list.edited {
            members.insert("edited".to_owned(), item.shown.contains(&super::show::Show::Rewritten).into());
        }
        if list.item_errors && item.made_ms < 0 {
            let error = json!({ "code": 190, "message": "the thumbnail cannot be loaded: rate limited" });
            members.insert("error".to_owned(), error);
        }
        members.into()
    }

    /// An item without the oddities of lists.
    fn members(&self, item: &Item, words: String) -> Map<String, Value> {
        let author = if item.stranger { "another_account" } else { ACCOUNT };
        let mut members = Map::new();
        if super::fault::makes_items(item.kind) {
            let id = match self.scenario.nature.ids {
                IdForm::Integer => {
                    item.id.parse::<u64>().map_or_else(|_| item.id.clone().into(), Value::from)
                }
                _ => item.id.clone().into(),
            };
            members.insert("id".to_owned(), id);
            members.insert("text".to_owned(), words.into());
            members.insert("url".to_owned(), format!("https://social.example/p/{}", item.id).into());
        }
        members.insert("author".to_owned(), author.into());
        if let Some(target) = &item.target {
            members.insert("target".to_owned(), target.clone().into());
        }
        let at = item.made_ms + self.scenario.nature.clock_ms;
        members.insert("created_at".to_owned(), TimeForm::Rfc3339.value(at));
        members
    }

    fn wrapped(&self, words: &str) -> String {
        match self.scenario.nature.list.as_ref().map_or(Wraps::None, |list| list.wraps) {
            Wraps::None => words.to_owned(),
            Wraps::Named => format!("{BEGIN}\n{words}\n{END}"),
            Wraps::Unnamed => format!("[content of other people follows]\n{words}\n[end of the content]"),
        }
    }

    /// Whether a list showed an item to a look for a wish, at the latest at a time.
    #[must_use]
    pub fn was_shown(&self, wish: usize, item: usize, now_ms: i64) -> bool {
        let latest = self.sightings.iter().rev().find(|seen| seen.wish == wish && seen.at_ms <= now_ms);
        latest.is_some_and(|latest| {
            let round = |seen: &&Sighting| seen.wish == wish && latest.at_ms - seen.at_ms < 10_000;
            self.sightings.iter().filter(round).any(|seen| seen.items.contains(&item))
        })
    }
}

impl TimeForm {
    /// A time as JSON.
    fn value(self, at_ms: i64) -> Value {
        let at = World::time(at_ms);
        let (seconds, millis) = (at.timestamp(), at.timestamp_millis());
        match self {
            Self::Rfc3339 | Self::None | Self::Missing => at.format("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
            Self::Millis => at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into(),
            Self::Offset => at.format("%Y-%m-%dT%H:%M:%S+0000").to_string().into(),
            Self::Twitter => at.format("%a %b %d %H:%M:%S +0000 %Y").to_string().into(),
            Self::Seconds => seconds.into(),
            Self::Float => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "milliseconds of this century fit a double exactly"
                )]
                let seconds = millis as f64 / 1_000.0;
                seconds.into()
            }
            Self::SecondsText => seconds.to_string().into(),
            Self::EpochMillis => millis.into(),
            Self::Zoneless => at.format("%Y-%m-%dT%H:%M:%S").to_string().into(),
        }
    }
}

fn json_answer(value: Value) -> ToolAnswer {
    ToolAnswer { texts: vec![value.to_string()], structured: Some(value), ..ToolAnswer::default() }
}
