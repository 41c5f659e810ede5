//! Whether a list is whole from the first open attempt on: nothing that was made since is hidden.
//!
//! By what the profile says of completeness, or by reach: a list that shows by its own times that it is newest first, and
//! whose last item is older than the attempt or known to us from before. A short page proves nothing (Graph APIs give short
//! pages in the middle), and neither does an old item that stands first: it may be pinned.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Case, Shown, short};
use crate::classify;
use crate::normalise::Answer;
use crate::profile::{Condition, ListTool, is_yes};

/// How many items platforms let an account pin (Instagram: three).
const PINNED: usize = 3;

/// Whether the profile's word for completeness is in a page; `items` are all so far, on all pages. One that stands on two
/// pages, because something new moved it, counts once. A total beside a cursor is none: X calls the count of one page
/// `result_count`.
pub(crate) fn complete(list: &ListTool, page: &Answer, items: &[Shown]) -> bool {
    let says = list.complete.as_ref().is_some_and(|complete| says_complete(complete, page));
    let total = list.total.as_ref().and_then(|pointer| page.at(pointer)).and_then(number);
    let ids: BTreeSet<&str> = items.iter().filter_map(|item| item.id.as_deref()).collect();
    let nameless = items.iter().filter(|item| item.id.is_none()).count();
    let seen = ids.len().saturating_add(nameless) as u64;
    let all = total == Some(seen);
    let goes_on = list.next.as_ref().and_then(|next| page.at(&next.pointer)).is_some_and(is_cursor);
    // X gives an empty page without a cursor where there is more (twarc#604), and pinned posts end a page early.
    let contradicts =
        total.is_some_and(|total| total > seen) || classify::has_more(page, page.at(&list.items));
    (says || (all && !goes_on) || is_last(list, page)) && !contradicts
}

/// Whether a page says in so many words that it is the last.
pub(crate) fn says_complete(complete: &Condition, page: &Answer) -> bool {
    match &complete.equals {
        None => page.at(&complete.pointer).is_some_and(is_yes),
        Some(_) => page.says(complete),
    }
}

/// Whether what stands at `next` leads to a further page.
pub(crate) fn is_cursor(value: &Value) -> bool {
    match value {
        // X API v1.1 ends with 0.
        Value::String(cursor) => !matches!(cursor.as_str(), "" | "0" | "-1"),
        Value::Number(cursor) => cursor.as_i64().is_none_or(|cursor| cursor > 0),
        _ => false,
    }
}

/// Whether a page says that no page follows: there is no cursor where its parent stands. An empty page without a cursor says
/// nothing: X gives it where there is more (twarc#604), and a server gives it for a list that it was not allowed to read
/// (node-twitter-api-v2#145).
fn is_last(list: &ListTool, page: &Answer) -> bool {
    let Some(next) = &list.next else { return false };
    if page.at(&list.items).and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return false;
    }
    let Some((parent, _)) = next.pointer.rsplit_once('/') else { return false };
    let no_cursor = match page.at(&next.pointer) {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(cursor) => !is_cursor(cursor) && matches!(cursor, Value::String(_) | Value::Number(_)),
    };
    no_cursor && page.at(parent).is_some_and(Value::is_object)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether the items reach back behind the attempt, by their own times.
pub(crate) fn reaches(case: &Case<'_>, items: &[Shown]) -> bool {
    missing_of_reach(case, items).is_none()
}

/// What is missing to know that the list is whole; `None` when nothing is.
pub(crate) fn missing_of_whole(
    case: &Case<'_>,
    items: &[Shown],
    complete: bool,
    cut: bool,
) -> Option<String> {
    if cut {
        return Some("the list is longer than is read".to_owned());
    }
    if complete {
        return None;
    }
    if case.sought.needs_complete() {
        return Some(
            "the list does not say that it is complete, and times in it are not times of what is looked for"
                .to_owned(),
        );
    }
    missing_of_reach(case, items)
}

fn missing_of_reach(case: &Case<'_>, items: &[Shown]) -> Option<String> {
    if case.sought.needs_complete() {
        return Some("times tell nothing here".to_owned());
    }
    let Some(last) = items.last() else {
        return Some("the list is empty and does not say that it is complete".to_owned());
    };
    let times: Option<Vec<DateTime<Utc>>> = items.iter().map(|item| item.created_at).collect();
    let Some(times) = times else {
        return Some("items without a time: the list does not show how far back it reaches".to_owned());
    };
    if !is_newest_first(&times) {
        return Some("the list does not show by its times that it is newest first".to_owned());
    }
    let from = case.from();
    let older = last.created_at.is_some_and(|at| at < from);
    let owner = last.id.as_ref().and_then(|id| case.owners.get(id));
    // By our own clock: of a post that was known when the attempt began everything that the attempt made is newer. That its
    // own attempt had *begun* by then says nothing: it may have been made since.
    let known = owner.is_some_and(|owner| owner.known_at < case.look.since);
    (!older && !known).then(|| {
        let reached = last.created_at.map(short).unwrap_or_default();
        format!("the list reaches back to {reached} and the attempt began at {}", short(case.look.since))
    })
}

/// Newest first, but for a few pinned ones before: shown by at least two times, the later one first.
pub(crate) fn is_newest_first(times: &[DateTime<Utc>]) -> bool {
    (0..=PINNED).any(|pinned| {
        let (before, rest) = times.split_at(pinned.min(times.len()));
        let ordered = rest.windows(2).all(|pair| matches!(pair, [newer, older] if newer >= older));
        let shown = rest.first().zip(rest.last()).is_some_and(|(newest, oldest)| newest > oldest);
        let old = rest.first().is_none_or(|newest| before.iter().all(|pinned| pinned <= newest));
        ordered && shown && old
    })
}
