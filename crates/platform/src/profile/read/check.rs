//! What is checked the same way in every section.

use chrono::TimeDelta;
use regex_lite::Regex;

use super::Reading;
use super::raw::{Arguments, Pointers, RawLimit};
use crate::limits::RateLimit;
use crate::profile::{Argument, Condition, Input, Invocation, Template, names};

/// The most that a limit may count: a store keeps the instant of each, for every account and kind, and reads them all to
/// give the next permit.
const MOST_COUNTED: u32 = 10_000;

/// What every section says of its tool.
pub(super) struct RawCall {
    /// Empty where it is that of another section.
    pub(super) tool: String,
    pub(super) arguments: Arguments,
    pub(super) json_arguments: Arguments,
}

impl Reading {
    /// How a tool is called; one argument at least takes each of the inputs that are `wanted`.
    pub(super) fn invocation(&mut self, raw: RawCall, wanted: &[Input]) -> Invocation {
        if raw.tool.is_empty() {
            self.fault::<()>("`tool` is empty");
        }
        let invocation = self.merged(Invocation::default(), raw);
        let takes = |input: Input| match input {
            Input::Text => invocation.takes_words(),
            input => invocation.takes(input),
        };
        for input in wanted.iter().filter(|input| !takes(**input)) {
            self.fault::<()>(format!("`arguments`: none takes `{{{}}}`", input.as_str()));
        }
        invocation
    }

    /// A call with more arguments, or other ones, and with another tool where one is named.
    pub(super) fn merged(&mut self, mut invocation: Invocation, raw: RawCall) -> Invocation {
        if !raw.tool.is_empty() {
            invocation.tool = raw.tool;
        }
        for name in raw.arguments.keys().filter(|name| raw.json_arguments.contains_key(*name)) {
            self.fault::<()>(format!("the argument `{name}` is given twice"));
        }
        let plain = raw.arguments.into_iter().map(|(name, value)| (name, value, false));
        let json = raw.json_arguments.into_iter().map(|(name, value)| (name, value, true));
        for (name, value, as_json) in plain.chain(json) {
            let mut unknown = Vec::new();
            let value = Template::read(value, &mut |name| unknown.push(name));
            for unknown in unknown {
                let known: Vec<_> =
                    Input::ALL.iter().map(|input| format!("`{{{}}}`", input.as_str())).collect();
                let known = known.join(", ");
                self.fault::<()>(format!(
                    "`arguments.{name}`: `{{{unknown}}}` is filled in by nothing; {known} and `{{settings.NAME}}` are"
                ));
            }
            invocation.arguments.insert(name, Argument { value, as_json });
        }
        invocation
    }

    /// A call that is handed nothing but `known`.
    pub(super) fn only(&mut self, what: &str, invocation: &Invocation, known: &[Input]) {
        let mut unknown: Vec<Input> = invocation.inputs().filter(|input| !known.contains(input)).collect();
        unknown.sort();
        unknown.dedup();
        for input in unknown {
            self.fault::<()>(format!("`arguments`: {what} has no `{{{}}}`", input.as_str()));
        }
    }

    /// Pointers to an id, in order.
    pub(super) fn all_pointers(&mut self, name: &str, pointers: Pointers) -> Vec<String> {
        let pointers = match pointers {
            Pointers::One(pointer) => vec![pointer],
            Pointers::Many(pointers) => pointers,
        };
        for pointer in &pointers {
            self.pointer(name, pointer);
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

    /// A pattern with what is looked for in a group.
    pub(super) fn group_pattern(&mut self, name: &str, pattern: &str) -> Option<Regex> {
        let read = self.pattern(name, pattern)?;
        if read.captures_len() < 2 {
            return self.fault(format!("`{name}` has to hold it in a group: `posted as ([0-9]+)`"));
        }
        Some(read)
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
