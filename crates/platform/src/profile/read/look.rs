//! The sections of tools that look: what an act is looked up with.

use chimera_effect::EffectKind;
use chrono::TimeDelta;
use regex_lite::Regex;

use super::Reading;
use super::check::RawCall;
use super::raw::{Complete, RawGet, RawList, RawState};
use crate::profile::{ActTool, GetTool, Input, ListTool, Naming, NextPage, StateTool, Wrap};

/// The shortest pause between two looks where the profile names none.
const LOOK_EVERY_MS: u32 = 2_000;

impl Reading {
    /// A list that an act is looked up in: it has to show all that tells one of ours from another.
    pub(super) fn list(&mut self, kind: EffectKind, raw: RawList, act: &ActTool) -> Option<ListTool> {
        let invocation = self.invocation(
            RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments },
            &[],
        );
        let known: &[Input] =
            if kind == EffectKind::Publish { &[Input::Account] } else { &[Input::Account, Input::Target] };
        self.only("a list", &invocation, known);
        let by_target = invocation.takes(Input::Target);
        self.pointer("items", &raw.items);
        self.pointers([("id", &raw.id), ("text", &raw.text), ("target", &raw.target), ("url", &raw.url)]);
        self.pointers([("created_at", &raw.created_at), ("author", &raw.author), ("edited", &raw.edited)]);
        self.pointers([("total", &raw.total), ("next", &raw.next)]);
        let complete = raw.complete.map(Complete::condition);
        self.conditions("complete", &complete);
        self.wraps(&raw.wraps);
        let author_pattern = self.author_pattern(raw.author.is_some(), raw.author_pattern.as_deref());
        if raw.next_argument.is_some() && raw.next.is_none() {
            self.fault::<()>("`next_argument` takes what stands at `next`, which is missing");
        }
        let argument = raw.next_argument.as_ref();
        if argument.is_some_and(|argument| invocation.arguments.contains_key(argument)) {
            self.fault::<()>("`next_argument` is an argument that has another value");
        }
        let needed = [
            ("id", raw.id.is_none() && matches!(act.naming, Naming::Theirs { .. })),
            ("text", raw.text.is_none() && act.takes_text()),
            ("target", raw.target.is_none() && kind != EffectKind::Publish && !by_target),
        ];
        for (name, _) in needed.into_iter().filter(|(_, missing)| *missing) {
            self.fault::<()>(format!("`{name}` is missing"));
        }
        if raw.target.is_some() && kind == EffectKind::Publish {
            self.fault::<()>("`target` is for engagements");
        }
        Some(ListTool {
            invocation,
            items: raw.items,
            id: raw.id,
            text: raw.text,
            target: raw.target,
            by_target,
            url: raw.url,
            created_at: raw.created_at,
            own: raw.own,
            leaves_out_held: raw.leaves_out_held,
            author: raw.author,
            author_pattern,
            edited: raw.edited,
            wraps: raw.wraps,
            complete,
            total: raw.total,
            next: raw.next.map(|pointer| NextPage { pointer, argument: raw.next_argument }),
            look_every: TimeDelta::milliseconds(raw.look_every_ms.unwrap_or(LOOK_EVERY_MS).into()),
            price: raw.price,
        })
    }

    fn author_pattern(&mut self, has_author: bool, pattern: Option<&str>) -> Option<Regex> {
        let pattern = pattern?;
        if !has_author {
            return self.fault("`author_pattern` is about what stands at `author`, which is missing");
        }
        self.group_pattern("author_pattern", pattern)
    }

    fn wraps(&mut self, wraps: &[Wrap]) {
        if wraps.iter().any(|wrap| wrap.begin.trim().is_empty() || wrap.end.trim().is_empty()) {
            self.fault::<()>("`wraps`: `begin` and `end` are words, not blanks");
        }
    }

    pub(super) fn state(&mut self, raw: RawState) -> Option<StateTool> {
        let invocation = self.invocation(
            RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments },
            &[Input::Target],
        );
        self.only("a state", &invocation, &[Input::Account, Input::Target]);
        self.conditions("confirm", [&raw.confirm]);
        Some(StateTool { invocation, confirm: raw.confirm, price: raw.price })
    }

    pub(super) fn get(&mut self, kind: EffectKind, raw: RawGet) -> Option<GetTool> {
        let invocation = self.invocation(
            RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments },
            &[Input::Id],
        );
        let known: &[Input] = if kind == EffectKind::Publish {
            &[Input::Account, Input::Id]
        } else {
            &[Input::Account, Input::Id, Input::Target]
        };
        self.only("a look at one post", &invocation, known);
        self.pointers([("text", &raw.text), ("id", &raw.id), ("author", &raw.author)]);
        self.pointers([("target", &raw.target), ("url", &raw.url), ("created_at", &raw.created_at)]);
        let author_pattern = self.author_pattern(raw.author.is_some(), raw.author_pattern.as_deref());
        self.wraps(&raw.wraps);
        Some(GetTool {
            invocation,
            text: raw.text,
            id: raw.id,
            author: raw.author,
            author_pattern,
            target: raw.target,
            url: raw.url,
            created_at: raw.created_at,
            wraps: raw.wraps,
            price: raw.price,
        })
    }
}
