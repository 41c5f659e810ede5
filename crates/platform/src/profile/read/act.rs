//! The sections of acts: `publish` and one for each kind of engagement.

use chimera_effect::{EffectKind, Keys};
use chrono::TimeDelta;
use regex_lite::Regex;

use super::Reading;
use super::raw::{RawAct, RawGet, RawIdempotency, RawList, RawState};
use crate::profile::{ActTool, GetTool, IdKind, Input, ListTool, Naming, NextPage, StateTool, Wrap};

/// The shortest pause between two looks where the profile names none.
const LOOK_EVERY_MS: u32 = 2_000;

impl Reading {
    /// A section of an act. For `publish` the tools that look it up stand beside it, not in it.
    pub(super) fn act(
        &mut self,
        kind: EffectKind,
        mut raw: RawAct,
        idempotency: &RawIdempotency,
    ) -> Option<ActTool> {
        if kind == EffectKind::Publish {
            self.only_in_engagements(&raw);
        } else if raw.target_kind.is_none() {
            self.fault::<()>("`target_kind` is missing");
        }
        let arguments = std::mem::take(&mut raw.arguments);
        let constants = std::mem::take(&mut raw.constants);
        let invocation = self.invocation(std::mem::take(&mut raw.tool), arguments, constants, wanted(kind));
        for input in invocation.arguments.keys().filter(|input| !has(kind, **input)) {
            self.fault::<()>(format!("`arguments`: a {} has no `{}`", kind.as_str(), input.as_str()));
        }
        let (key_argument, keys) = self.act_keys(kind, raw.idempotency.as_ref(), idempotency);
        let (list, get, state) = (raw.list.take(), raw.get.take(), raw.state.take());
        let is_state = matches!(kind, EffectKind::Like | EffectKind::Follow | EffectKind::Share);
        if !is_state && (raw.sets_state.is_some() || state.is_some()) {
            self.fault::<()>("`sets_state` and `state` are for likes, follows and shares");
        }
        let naming = self.naming(&mut raw);
        self.pointers([("url", &raw.url), ("published_at", &raw.published_at)]);
        self.url_template(
            "url_template",
            raw.url_template.as_ref(),
            "{id}",
            &["id", "account", "target", "key"],
        );
        self.conditions("not_published", &raw.not_published);
        self.conditions("confirm", &raw.confirm);
        let timeout = raw.timeout_ms.map(|timeout| self.timeout(timeout));
        let limit = raw.limit.as_ref().map(|limit| self.limit(limit));
        let mut act = ActTool {
            invocation,
            // Without one there is a fault already; reading goes on to find the others.
            naming: naming.unwrap_or(Naming::Theirs { id: Vec::new(), pattern: None }),
            id_kind: raw.id_kind,
            url: raw.url,
            url_template: raw.url_template,
            published_at: raw.published_at,
            confirm: raw.confirm,
            not_published: raw.not_published,
            target: raw.target_kind,
            limit,
            key_argument,
            keys,
            timeout,
            price: raw.price,
            reads_back: raw.reads_back.unwrap_or(true),
            sets_state: raw.sets_state.unwrap_or(false),
            state: self.within("state", state, Self::state),
            list: None,
            get: None,
        };
        act.list = self.within("list", list, |reading, raw| reading.list(kind, raw, &act));
        act.get = self.within("get", get, Self::get);
        Some(act)
    }

    fn only_in_engagements(&mut self, raw: &RawAct) {
        let given = [
            ("target_kind", raw.target_kind.is_some()),
            ("id_template", raw.id_template.is_some()),
            ("timeout_ms", raw.timeout_ms.is_some()),
            ("idempotency", raw.idempotency.is_some()),
            ("price", raw.price.is_some()),
            ("sets_state", raw.sets_state.is_some()),
            ("state", raw.state.is_some()),
            ("list", raw.list.is_some()),
            ("get", raw.get.is_some()),
        ];
        for (name, _) in given.into_iter().filter(|(_, given)| *given) {
            self.fault::<()>(format!("`{name}` is for engagements"));
        }
    }

    /// An engagement takes its key by the platform's argument, unless it says otherwise. What somebody promised of the
    /// publishing tool's keys holds for no other tool.
    fn act_keys(
        &mut self,
        kind: EffectKind,
        own: Option<&RawIdempotency>,
        idempotency: &RawIdempotency,
    ) -> (Option<String>, Keys) {
        match own {
            Some(own) => self.keys(own),
            None if kind == EffectKind::Publish => self.keys(idempotency),
            None => (idempotency.arg.clone(), Keys::Advisory),
        }
    }

    pub(super) fn keys(&mut self, raw: &RawIdempotency) -> (Option<String>, Keys) {
        let keys = match (&raw.arg, raw.enforced_for_s) {
            (Some(_), Some(seconds)) => Keys::Enforced { retention: TimeDelta::seconds(seconds.into()) },
            (None, Some(_)) => {
                self.fault::<()>("`idempotency`: without `arg` no tool can enforce a key");
                Keys::Advisory
            }
            (_, None) => Keys::Advisory,
        };
        (raw.arg.clone(), keys)
    }

    fn naming(&mut self, raw: &mut RawAct) -> Option<Naming> {
        match (raw.id.take(), raw.id_template.take()) {
            (id, None) if id.is_some() || raw.id_pattern.is_some() => {
                let id = id.map(|id| self.all_pointers(id)).unwrap_or_default();
                let pattern = raw.id_pattern.take().and_then(|pattern| self.id_pattern(&pattern));
                Some(Naming::Theirs { id, pattern })
            }
            (None, Some(template)) => {
                self.our_template(&template, raw);
                Some(Naming::Ours(template))
            }
            (_, None) => self.fault("neither `id`, `id_pattern` nor `id_template` tells what was made"),
            (Some(_), Some(_)) => self.fault("either `id` or `id_template`, not both"),
        }
    }

    fn id_pattern(&mut self, pattern: &str) -> Option<Regex> {
        let read = self.pattern("id_pattern", pattern)?;
        if read.captures_len() < 2 {
            return self.fault("`id_pattern` has to hold the id in a group: `posted as ([0-9]+)`");
        }
        Some(read)
    }

    /// Without an id of the platform only `confirm` tells that something was done, and only the key tells acts apart.
    fn our_template(&mut self, template: &str, raw: &RawAct) {
        if !template.contains("{key}") {
            self.fault::<()>("`id_template` has to hold `{key}`, so that no two effects share an id");
        }
        self.template("id_template", template, &["account", "target", "key"]);
        if raw.confirm.is_none() {
            self.fault::<()>("`id_template` needs `confirm`: nothing else would tell that it was done");
        }
        if raw.id_pattern.is_some() || raw.id_kind == IdKind::Pending {
            self.fault::<()>("`id_pattern` and `id_kind` are about an `id` of the platform");
        }
    }

    /// A list that an act is looked up in: it has to show all that tells one of ours from another.
    pub(super) fn list(&mut self, kind: EffectKind, raw: RawList, act: &ActTool) -> Option<ListTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[]);
        self.pointer("items", &raw.items);
        self.pointers([("id", &raw.id), ("text", &raw.text), ("target", &raw.target), ("url", &raw.url)]);
        self.pointers([("created_at", &raw.created_at), ("author", &raw.author), ("edited", &raw.edited)]);
        self.pointers([("complete", &raw.complete), ("total", &raw.total), ("next", &raw.next)]);
        self.wraps(&raw.wraps);
        if raw.next_argument.is_some() && raw.next.is_none() {
            self.fault::<()>("`next_argument` takes what stands at `next`, which is missing");
        }
        let argument = raw.next_argument.as_ref();
        let given = || invocation.arguments.values().chain(invocation.constants.keys());
        if argument.is_some_and(|argument| given().any(|name| name == argument)) {
            self.fault::<()>("`next_argument` is an argument that has another value");
        }
        let needed = [
            ("id", raw.id.is_none() && matches!(act.naming, Naming::Theirs { .. })),
            ("text", raw.text.is_none() && act.invocation.takes(Input::Text)),
            ("target", raw.target.is_none() && kind != EffectKind::Publish),
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
            url: raw.url,
            created_at: raw.created_at,
            own: raw.own,
            author: raw.author,
            edited: raw.edited,
            wraps: raw.wraps,
            complete: raw.complete,
            total: raw.total,
            next: raw.next.map(|pointer| NextPage { pointer, argument: raw.next_argument }),
            look_every: TimeDelta::milliseconds(raw.look_every_ms.unwrap_or(LOOK_EVERY_MS).into()),
        })
    }

    fn wraps(&mut self, wraps: &[Wrap]) {
        if wraps.iter().any(|wrap| wrap.begin.trim().is_empty() || wrap.end.trim().is_empty()) {
            self.fault::<()>("`wraps`: `begin` and `end` are words, not blanks");
        }
    }

    fn state(&mut self, raw: RawState) -> Option<StateTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[Input::Target]);
        self.conditions("confirm", [&raw.confirm]);
        Some(StateTool { invocation, confirm: raw.confirm })
    }

    pub(super) fn get(&mut self, raw: RawGet) -> Option<GetTool> {
        let invocation = self.invocation(raw.tool, raw.arguments, raw.constants, &[Input::Id]);
        self.pointers([("text", &raw.text), ("id", &raw.id), ("author", &raw.author)]);
        self.pointers([("target", &raw.target), ("url", &raw.url), ("created_at", &raw.created_at)]);
        self.wraps(&raw.wraps);
        Some(GetTool {
            invocation,
            text: raw.text,
            id: raw.id,
            author: raw.author,
            target: raw.target,
            url: raw.url,
            created_at: raw.created_at,
            wraps: raw.wraps,
        })
    }
}

/// The inputs without which an act is not what it is called.
fn wanted(kind: EffectKind) -> &'static [Input] {
    match kind {
        EffectKind::Publish => &[Input::Text],
        EffectKind::Reply | EffectKind::Comment => &[Input::Text, Input::Target],
        EffectKind::Like | EffectKind::Follow | EffectKind::Share => &[Input::Target],
    }
}

/// Whether an act has an input to hand over.
fn has(kind: EffectKind, input: Input) -> bool {
    match kind {
        EffectKind::Publish => input != Input::Target,
        EffectKind::Reply | EffectKind::Comment | EffectKind::Share => {
            matches!(input, Input::Text | Input::Target | Input::Account)
        }
        EffectKind::Like | EffectKind::Follow => matches!(input, Input::Target | Input::Account),
    }
}
