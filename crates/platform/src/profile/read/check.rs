//! What is checked the same way in every section.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use regex_lite::Regex;
use serde_json::Value;

use super::Reading;
use super::raw::{Pointers, RawLimit};
use crate::limits::RateLimit;
use crate::profile::{Condition, Input, Invocation};

/// The most that a limit may count: a store keeps the instant of each, for every account and kind, and reads them all to
/// give the next permit.
const MOST_COUNTED: u32 = 10_000;

impl Reading {
    pub(super) fn invocation(
        &mut self,
        tool: String,
        arguments: BTreeMap<Input, String>,
        constants: BTreeMap<String, Value>,
        wanted: &[Input],
    ) -> Invocation {
        if tool.is_empty() {
            self.fault::<()>("`tool` is empty");
        }
        for input in wanted.iter().filter(|input| !arguments.contains_key(input)) {
            self.fault::<()>(format!("no argument takes the input {input:?}"));
        }
        let mut names: Vec<_> = arguments.values().chain(constants.keys()).collect();
        names.sort();
        for pair in names.windows(2) {
            if let [first, second] = pair
                && first == second
            {
                self.fault::<()>(format!("the argument `{first}` is given twice"));
            }
        }
        Invocation { tool, arguments, constants }
    }

    pub(super) fn all_pointers(&mut self, pointers: Pointers) -> Vec<String> {
        let pointers = match pointers {
            Pointers::One(pointer) => vec![pointer],
            Pointers::Many(pointers) => pointers,
        };
        self.pointers(&pointers);
        pointers
    }

    pub(super) fn pointers<'a>(&mut self, pointers: impl IntoIterator<Item = &'a String>) {
        for pointer in pointers {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                self.fault::<()>(format!("`{pointer}` is no JSON pointer; it has to begin with `/`"));
            }
        }
    }

    pub(super) fn conditions<'a>(&mut self, conditions: impl IntoIterator<Item = &'a Condition>) {
        self.pointers(conditions.into_iter().map(|condition| &condition.pointer));
    }

    pub(super) fn pattern(&mut self, pattern: &str) -> Option<Regex> {
        match Regex::new(pattern) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.fault(format!("`{pattern}` is no pattern: {error}")),
        }
    }

    pub(super) fn template(&mut self, template: Option<&String>, name: &str, part: &str) {
        if template.is_some_and(|template| !template.starts_with("https://") || !template.contains(part)) {
            self.fault::<()>(format!("`{name}` has to begin with `https://` and to hold `{part}`"));
        }
    }

    pub(super) fn timeout(&mut self, milliseconds: u32) -> TimeDelta {
        if milliseconds == 0 {
            self.fault::<()>("`timeout_ms` has to be longer than nothing");
        }
        TimeDelta::milliseconds(milliseconds.into())
    }

    pub(super) fn limit(&mut self, raw: &RawLimit) -> RateLimit {
        if raw.count == 0 || raw.per_s == 0 {
            self.fault::<()>("`limit` has to allow something, in some time");
        }
        if raw.count > MOST_COUNTED {
            self.fault::<()>(format!("`limit.count` may be {MOST_COUNTED} at most"));
        }
        RateLimit { count: raw.count, window: TimeDelta::seconds(raw.per_s.into()) }
    }
}
