//! The sections of acts: `publish` and one for each kind of engagement.

use std::collections::BTreeMap;

use chimera_effect::{EffectKind, Keys};
use chrono::TimeDelta;

use super::Reading;
use super::check::RawCall;
use super::raw::{RawAct, RawByMedia, RawDelete, RawIdempotency, RawMedia, RawPrepare};
use crate::profile::{
    ActTool, Calls, Delete, DeleteTool, IdKind, Input, Invocation, MediaKind, Naming, PrepareTool,
};

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
        let prepare = raw.prepare.take();
        let prepare = self.within("prepare", prepare, |reading, raw| reading.prepare(kind, raw));
        let calls = self.act_calls(kind, &mut raw, prepare.as_ref());
        let (key_argument, keys) = self.act_keys(kind, raw.idempotency.as_ref(), idempotency);
        let (list, get, state) = (raw.list.take(), raw.get.take(), raw.state.take());
        let delete = raw.delete.take();
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
            calls,
            needs_media: raw.media == Some(RawMedia::Required),
            prepare,
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
            look_rules: None,
            delete: self.within("delete", delete, |reading, raw| reading.delete(kind, raw)),
        };
        act.list = self.within("list", list, |reading, raw| reading.list(kind, raw, &act));
        act.get = self.within("get", get, |reading, raw| reading.get(kind, raw));
        Some(act)
    }

    /// The calls of an act. Whoever has a step before it hands the words over there.
    fn act_calls(&mut self, kind: EffectKind, raw: &mut RawAct, prepare: Option<&PrepareTool>) -> Calls {
        if kind != EffectKind::Publish && (raw.media.is_some() || !raw.by_media.is_empty()) {
            self.fault::<()>("`media` and `by_media` are for `publish`");
        }
        let wanted: &[Input] = if prepare.is_some() { &[Input::Prepared] } else { wanted(kind) };
        let call = RawCall {
            tool: std::mem::take(&mut raw.tool),
            arguments: std::mem::take(&mut raw.arguments),
            json_arguments: std::mem::take(&mut raw.json_arguments),
        };
        let usual = self.invocation(call, wanted);
        if prepare.is_none() && usual.takes(Input::Prepared) {
            self.fault::<()>("`{prepared}` is what the step `prepare` makes, which is not described");
        }
        self.calls(kind, usual, std::mem::take(&mut raw.by_media))
    }

    fn calls(
        &mut self,
        kind: EffectKind,
        usual: Invocation,
        by_media: BTreeMap<MediaKind, RawByMedia>,
    ) -> Calls {
        self.inputs_of(kind, &usual);
        let read = by_media.into_iter().map(|(media, raw)| {
            let home = self.section.clone();
            self.section = format!("{home}.by_media.{}", media.as_str());
            let tool = raw.tool.unwrap_or_default();
            // Another tool has arguments of its own.
            let base = if tool.is_empty() { usual.clone() } else { Invocation::default() };
            let call = RawCall { tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
            let invocation = self.merged(base, call);
            self.inputs_of(kind, &invocation);
            let takes =
                if media.is_several() { invocation.takes_several_media() } else { invocation.takes_media() };
            // Media and words go to the step before, where this takes what that makes.
            let prepared = invocation.takes(Input::Prepared);
            if !takes && !prepared {
                self.fault::<()>("`arguments`: none takes the media");
            }
            if !invocation.takes_words() && !prepared {
                self.fault::<()>("`arguments`: none takes `{text}`");
            }
            self.section = home;
            (media, invocation)
        });
        let by_media = read.collect();
        Calls { usual, by_media }
    }

    /// What an act hands over, and the words alone: what is posted is what was approved.
    fn inputs_of(&mut self, kind: EffectKind, invocation: &Invocation) {
        let mut inputs: Vec<_> = invocation.inputs().filter(|input| !has(kind, *input)).collect();
        inputs.dedup();
        for input in inputs {
            self.fault::<()>(format!("`arguments`: a {} has no `{{{}}}`", kind.as_str(), input.as_str()));
        }
        // A title is not the post.
        let within = [Input::Text, Input::LittleText].into_iter();
        if let Some(argument) = within.filter_map(|input| invocation.holds_within(input)).next() {
            self.fault::<()>(format!(
                "`arguments.{argument}`: `{{text}}` has to stand alone; what is posted is what was approved"
            ));
        }
    }

    fn prepare(&mut self, kind: EffectKind, raw: RawPrepare) -> Option<PrepareTool> {
        let call = RawCall { tool: raw.tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
        let usual = self.invocation(call, wanted(kind));
        if usual.takes(Input::Prepared) {
            self.fault::<()>("`{prepared}` is what this step makes");
        }
        let calls = self.calls(kind, usual, raw.by_media);
        let id = self.all_pointers("id", raw.id);
        let timeout = raw.timeout_ms.map(|timeout| self.timeout(timeout));
        Some(PrepareTool { calls, id, timeout })
    }

    /// How it is taken back. What has an id of its own is deleted by it; a state by its target.
    pub(super) fn delete(&mut self, kind: EffectKind, raw: RawDelete) -> Option<Delete> {
        match (raw.tool, raw.never) {
            (Some(tool), None) => {
                let call = RawCall { tool, arguments: raw.arguments, json_arguments: raw.json_arguments };
                let invocation = self.invocation(call, &[]);
                if !invocation.takes(Input::Id)
                    && (kind == EffectKind::Publish || !invocation.takes(Input::Target))
                {
                    self.fault::<()>("`arguments`: none takes `{id}`");
                }
                self.conditions("confirm", &raw.confirm);
                Some(Delete::Tool(DeleteTool { invocation }))
            }
            (None, Some(reason)) if !reason.trim().is_empty() => Some(Delete::Never(reason)),
            _ => self.fault("either `tool`, or `never` with the reason why nothing can be taken back"),
        }
    }

    fn only_in_engagements(&mut self, raw: &RawAct) {
        let given = [
            ("target_kind", raw.target_kind.is_some()),
            ("id_template", raw.id_template.is_some()),
            ("timeout_ms", raw.timeout_ms.is_some()),
            ("limit", raw.limit.is_some()),
            ("idempotency", raw.idempotency.is_some()),
            ("price", raw.price.is_some()),
            ("sets_state", raw.sets_state.is_some()),
            ("state", raw.state.is_some()),
            ("list", raw.list.is_some()),
            ("get", raw.get.is_some()),
            ("delete", raw.delete.is_some()),
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
                let id = id.map(|id| self.all_pointers("id", id)).unwrap_or_default();
                let pattern =
                    raw.id_pattern.take().and_then(|pattern| self.group_pattern("id_pattern", &pattern));
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
}

/// The inputs without which an act is not what it is called.
fn wanted(kind: EffectKind) -> &'static [Input] {
    match kind {
        EffectKind::Publish => &[Input::Text],
        EffectKind::Reply | EffectKind::Comment => &[Input::Text, Input::Target],
        EffectKind::Like | EffectKind::Follow | EffectKind::Share | EffectKind::Undo => &[Input::Target],
    }
}

/// Whether an act has an input to hand over.
fn has(kind: EffectKind, input: Input) -> bool {
    match kind {
        EffectKind::Publish => !matches!(input, Input::Target | Input::Id),
        EffectKind::Reply | EffectKind::Comment | EffectKind::Share => {
            matches!(
                input,
                Input::Text
                    | Input::LittleText
                    | Input::FirstLine
                    | Input::Target
                    | Input::Account
                    | Input::Prepared
            )
        }
        EffectKind::Like | EffectKind::Follow | EffectKind::Undo => {
            matches!(input, Input::Target | Input::Account)
        }
    }
}
