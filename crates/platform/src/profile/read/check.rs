//! What is checked the same way in every section.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use regex_lite::Regex;
use serde_json::Value;

use super::Reading;
use super::raw::{Pointers, RawLimit};
use crate::limits::RateLimit;
use crate::profile::{Condition, Input, Invocation, names};

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
            self.fault::<()>(format!("`arguments`: none takes `{}`", input.as_str()));
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

    /// Pointers to an id, in order.
    pub(super) fn all_pointers(&mut self, pointers: Pointers) -> Vec<String> {
        let pointers = match pointers {
            Pointers::One(pointer) => vec![pointer],
            Pointers::Many(pointers) => pointers,
        };
        for pointer in &pointers {
            self.pointer("id", pointer);
        }
        pointers
    }

    pub(super) fn pointer(&mut self, name: &str, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.fault::<()>(format!(
                "`{name}`: `{pointer}` is no JSON pointer (RFC 6901); it has to begin with `/`"
            ));
        }
    }

    pub(super) fn pointers<'a>(
        &mut self,
        pointers: impl IntoIterator<Item = (&'static str, &'a Option<String>)>,
    ) {
        for (name, pointer) in pointers {
            if let Some(pointer) = pointer {
                self.pointer(name, pointer);
            }
        }
    }

    pub(super) fn conditions<'a>(&mut self, name: &str, conditions: impl IntoIterator<Item = &'a Condition>) {
        for condition in conditions {
            self.pointer(name, &condition.pointer);
        }
    }

    pub(super) fn pattern(&mut self, name: &str, pattern: &str) -> Option<Regex> {
        match Regex::new(pattern) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.fault(format!("`{name}`: `{pattern}` is no pattern: {error}")),
        }
    }

    /// The URL of something, with a part that tells it from others.
    pub(super) fn url_template(
        &mut self,
        name: &str,
        template: Option<&String>,
        part: &str,
        known: &[&'static str],
    ) {
        let Some(template) = template else { return };
        if !template.starts_with("https://") || !template.contains(part) {
            self.fault::<()>(format!("`{name}` has to begin with `https://` and to hold `{part}`"));
        }
        self.template(name, template, known);
    }

    /// A name that nothing fills in would stand in every id and URL as it is.
    pub(super) fn template(&mut self, name: &str, template: &str, known: &[&'static str]) {
        for unknown in names(template).filter(|name| !known.contains(name)) {
            let known: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
            let known = known.join(", ");
            self.fault::<()>(format!("`{name}`: `{{{unknown}}}` is filled in by nothing; {known} are"));
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
