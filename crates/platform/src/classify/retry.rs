//! When a limit ends, where the answer says so.
//!
//! Everything that says so is read, and the latest end counts: several limits may be used up at once (X counts a quarter of an
//! hour and a day), and what is asked too early is refused again. A limit of which something is left is none of them.
//! What people wrote is no word of the server, the post itself least of all.

mod sentence;
#[cfg(test)]
mod tests;
mod wait;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chimera_text::{Folded, overlap};
use chrono::{DateTime, Utc};
use regex_lite::Regex;
use serde_json::Value;

use self::wait::{Unit, moment};
use super::{Pattern, patterns};
use crate::normalise::Answer;

/// How deep members are read.
const DEPTH: usize = 8;

/// How many characters of one text are read: a server says early what it has to say.
const LOOKED_AT: usize = 8_000;

/// How many values and characters of an answer are read in all.
const MOST: usize = 50_000;

/// From this share of common 3-grams on a line may be a form of our text. Two sentences that ask to wait have fewer in common.
const ALIKE: f64 = 0.7;

/// Members that hold what people wrote.
const PEOPLE: [&str; 8] =
    ["user", "author", "parent", "quoted", "target", "caption", "commentary", "includes"];

/// What a member says about a limit, by its name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    /// How long to wait, or until when.
    Wait,
    /// When the limit of this name begins anew.
    Reset(String),
    /// How much is left of the limit of this name.
    Remaining(String),
}

/// The latest of the moments that the answer gives; `None` where it gives none that is to come. No later than 32 days from
/// now.
pub(super) fn retry_at(answer: &Answer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let ours = answer.ours();
    let reads_alike = sentence::ends(ours, now).next().is_some()
        || HEADER.as_ref().is_some_and(|pattern| pattern.is_match(ours));
    let ours = reads_alike.then(|| Folded::new(ours));
    let mut reader = Reader { answer, ours, now, left: MOST, ends: Vec::new() };
    answer.blocks().for_each(|block| reader.value(block, DEPTH));
    reader.ends.into_iter().filter(|end| *end > now).max()
}

struct Reader<'a> {
    answer: &'a Answer,
    /// Our own text, where it reads like a wait.
    ours: Option<Folded>,
    now: DateTime<Utc>,
    /// How much is still read.
    left: usize,
    /// What was found.
    ends: Vec<DateTime<Utc>>,
}

impl Reader<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        let Some(deeper) = depth.checked_sub(1).filter(|_| self.left > 0) else { return };
        self.left = self.left.saturating_sub(1);
        match value {
            Value::Object(members) => {
                self.left = self.left.saturating_sub(members.len());
                self.limits(members.iter().map(|(name, member)| (name.as_str(), Cow::Borrowed(member))));
                let inner = members.iter().filter(|(name, _)| !PEOPLE.contains(&name.as_str()));
                inner.for_each(|(_, member)| self.value(member, deeper));
            }
            Value::Array(items) => {
                self.limits(items.iter().filter_map(pair));
                items.iter().for_each(|item| self.value(item, deeper));
            }
            Value::String(text) => self.text(text, deeper),
            _ => {}
        }
    }

    /// What stands beside each other in one place: each limit with what is left of it.
    fn limits<'m>(&mut self, members: impl Iterator<Item = (&'m str, Cow<'m, Value>)>) {
        let mut resets = Vec::new();
        let mut remaining = BTreeMap::new();
        for (name, member) in members {
            let (said, unit) = match meaning(name) {
                Some(found) => found,
                None if is_policy(name) => {
                    self.policy(&member);
                    continue;
                }
                None => continue,
            };
            match said {
                Said::Wait => self.ends.extend(moment(&member, unit, self.now)),
                Said::Reset(limit) => resets.extend(moment(&member, unit, self.now).map(|end| (limit, end))),
                Said::Remaining(limit) => {
                    remaining.insert(limit, wait::count(&member));
                }
            }
        }
        let is_used_up =
            |limit: &String| remaining.get(limit).copied().flatten().is_none_or(|left| left <= 0.0);
        self.ends.extend(resets.into_iter().filter(|(limit, _)| is_used_up(limit)).map(|(_, end)| end));
    }

    /// `"default";r=0;t=30` or `limit=10, remaining=0, reset=30`: the header `RateLimit` of an IETF draft, in two of its versions.
    fn policy(&mut self, value: &Value) {
        let Some(text) = value.as_str() else { return };
        for limits in text.split(',').map(str::to_owned).chain([text.replace(',', ";")]) {
            let named = |names: [&str; 2]| {
                let mut parts = limits.split(';').filter_map(|part| part.split_once('='));
                parts
                    .find(|(name, _)| names.contains(&name.trim()))
                    .and_then(|(_, value)| value.trim().parse().ok())
            };
            let left: Option<f64> = named(["r", "remaining"]);
            if left.is_some_and(|left| left <= 0.0) {
                let end = named(["t", "reset"]).and_then(|seconds| wait::of_number(seconds, None, self.now));
                self.ends.extend(end);
            }
        }
    }

    /// A text: sentences, lines of headers, or JSON as a header holds it.
    fn text(&mut self, text: &str, depth: usize) {
        let end = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(end, _)| end);
        self.left = self.left.saturating_sub(end);
        let text = self.theirs(text.get(..end).unwrap_or_default());
        let is_json = text.trim_start().starts_with(['{', '[']);
        if let Some(json) = is_json.then(|| serde_json::from_str::<Value>(&text).ok()).flatten() {
            return self.value(&json, depth);
        }
        self.ends.extend(sentence::ends(&text, self.now));
        if let Some(pattern) = HEADER.as_ref() {
            let pairs = pattern.captures_iter(&text).filter_map(|found| {
                let value = Value::from(found.get(2)?.as_str().trim());
                Some((found.get(1)?.as_str(), Cow::Owned(value)))
            });
            let pairs: Vec<_> = pairs.collect();
            self.limits(pairs.into_iter());
        }
    }

    /// A text without our own. Where ours reads like a wait, also without each line that may be a form of it, since servers show
    /// it shortened or escaped.
    fn theirs<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(ours) = &self.ours else { return self.answer.theirs(text) };
        let quoted = Value::from(self.answer.ours()).to_string();
        let text = text.replace(quoted.trim_matches('"'), " ");
        let text = self.answer.theirs(&text);
        let other = |line: &&str| overlap(&Folded::new(line), ours) < ALIKE;
        Cow::Owned(text.lines().filter(other).collect::<Vec<_>>().join("\n"))
    }
}

/// A member in the forms that headers have in lists: `["Retry-After", "120"]`, `{"name": "Retry-After", "value": "120"}`.
fn pair(item: &Value) -> Option<(&str, Cow<'_, Value>)> {
    match item {
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(name), value] => Some((name, Cow::Borrowed(value))),
            _ => None,
        },
        Value::Object(members) => {
            let name = members.get("name").or_else(|| members.get("key"))?.as_str()?;
            Some((name, Cow::Borrowed(members.get("value")?)))
        }
        _ => None,
    }
}

/// What a member means by its name, in any spelling, and the unit that the name gives.
fn meaning(name: &str) -> Option<(Said, Option<Unit>)> {
    let words = words(name);
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|found| found == wanted);
    let any = |all: &[&[&str]]| all.iter().any(|wanted| has(wanted));
    if any(&[&["max"], &["min"], &["default"], &["password"], &["policy"]]) {
        return None;
    }
    let unit = if any(&[&["regain", "access"]]) {
        // Meta counts in minutes: Graph API, *Rate limiting*, `estimated_time_to_regain_access`.
        Some(Unit::MINUTE)
    } else {
        // In the middle of a name a unit tells which limit it is: `per-minutes-reset`.
        [words.last(), words.first()].into_iter().flatten().find_map(|word| Unit::named(word))
    };
    let limit = || {
        let filler = [
            "reset",
            "resets",
            "remaining",
            "left",
            "at",
            "in",
            "on",
            "after",
            "time",
            "timestamp",
            "date",
            "delay",
        ];
        let kept =
            words.iter().filter(|word| !filler.contains(&word.as_str()) && Unit::named(word).is_none());
        kept.map(String::as_str).collect::<Vec<_>>().join("-")
    };
    if any(&[&["reset"], &["resets"]]) {
        Some((Said::Reset(limit()), unit))
    } else if any(&[
        &["retry", "after"],
        &["retry", "in"],
        &["retry", "at"],
        &["retry", "delay"],
        &["retry", "time"],
        &["retry", "date"],
        &["retry", "wait"],
        &["again", "in"],
        &["again", "at"],
        &["again", "after"],
        &["available", "at"],
        &["available", "in"],
        &["allowed", "at"],
        &["regain", "access"],
        &["retryafter"],
        &["wait"],
        &["blocked", "until"],
        &["limited", "until"],
        &["locked", "until"],
        &["banned", "until"],
        &["paused", "until"],
        &["suspended", "until"],
        &["restricted", "until"],
        &["throttled", "until"],
        &["cooldown"],
        &["cool", "down"],
        &["backoff"],
        &["back", "off"],
    ]) {
        Some((Said::Wait, unit))
    } else if any(&[&["remaining"], &["left"]]) {
        Some((Said::Remaining(limit()), None))
    } else {
        None
    }
}

fn is_policy(name: &str) -> bool {
    matches!(words(name).join("").as_str(), "ratelimit" | "xratelimit")
}

/// The words of a name: `x-rate-limit-reset`, `retry_after_ms`, `retryAfterMs`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars().take(100) {
        if (was_small && letter.is_ascii_uppercase()) || !letter.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        was_small = letter.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_ascii_alphanumeric()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

patterns! {
    /// A line of headers, or a member of what a program prints: `x-rate-limit-reset: 1800000900`, `'retryDelay': '58s'`.
    HEADER r#"(?i)([a-z0-9_-]*(?:retry|reset|remaining|wait|ratelimit|cool_?down|until)[a-z0-9_-]*)["']?\s*[:=]\s*["'\[]*((?:[a-z]{3,9}, )?[^\n,"'}\])]{1,60})"#;
}
