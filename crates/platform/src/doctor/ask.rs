//! Calls of tools that read, and of no other.

use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::Clock;
use serde_json::Value;

use super::Observation;
use super::outline;
use super::words;
use crate::border::Border;
use crate::check;
use crate::classify;
use crate::normalise::Answer;
use crate::profile::{Delete, Input, Invocation, PlatformProfile};
use crate::targets::TargetKind;
use crate::tool::{Called, ToolCall, ToolInfo};
use crate::tool_platform::Binding;
use crate::wire::Meta;

/// How much of what a server said is told.
pub(super) const REASON: usize = 600;

/// How much of a value is told where the answer itself may say what is wrong.
const LONG_VALUE: usize = 240;
/// How much of the answer is told then: what to do stands behind it.
const LONG_ANSWER: usize = 800;

/// What to do about a tool that failed.
const FAILED: &str =
    "by the server's own reason: mend credentials, permissions or the arguments of this call";

/// What to do about a tool that asks back.
const ASKS: &str =
    "give the server what it asks for by its configuration: no question of a server is answered in a look";

/// One binding under examination.
pub(super) struct Asking<'a> {
    pub(super) binding: &'a Binding,
    pub(super) account: &'a str,
    pub(super) tools: &'a [ToolInfo],
    clock: &'a dyn Clock,
    /// The name of the profile, where it is a built-in one.
    built_in: Option<&'a str>,
    /// The tools that are never called.
    acting: BTreeSet<String>,
}

/// What a call is about.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) target: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        binding: &'a Binding,
        account: &'a str,
        tools: &'a [ToolInfo],
        clock: &'a dyn Clock,
    ) -> Self {
        Self { binding, account, tools, clock, built_in: None, acting: acting(&binding.profile) }
    }

    /// Where the profile is the built-in one of that name.
    pub(super) fn built_in(self, name: Option<&'a str>) -> Self {
        Self { built_in: name, ..self }
    }

    /// The pointers within a value; with more of each where it is no longer the profile that is doubted.
    pub(super) fn leaves(&self, value: &Value) -> String {
        outline::leaves(self.border(), value, self.built_in.map_or(outline::VALUE, |_| LONG_VALUE))
    }

    /// What to do where a pointer fits nothing: how to mend it, and what is there. A built-in profile fits the server that it
    /// was written for, so that the server is doubted first.
    pub(super) fn mending(&self, advice: &str, there: &str) -> String {
        match self.built_in {
            None => format!("{advice}; {there}"),
            Some(name) => {
                let there = self.border().shown(there, LONG_ANSWER);
                format!(
                    "{there}; this is a built-in profile: the server may be set up otherwise, see the head of \
                     `profiles/{name}.toml`; only where it is not, {advice}"
                )
            }
        }
    }

    pub(super) fn border(&self) -> Border<'_> {
        self.binding.border()
    }

    pub(super) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Calls a tool that reads, as the profile calls it.
    ///
    /// # Errors
    /// With why it was not called, or how it failed.
    pub(super) async fn ask(
        &self,
        step: &str,
        invocation: &Invocation,
        about: About<'_>,
    ) -> Result<Answer, Observation> {
        self.may_ask(step, invocation, about)?;
        let profile = &self.binding.profile;
        let arguments = invocation.arguments(|part| {
            self.binding.part(part, self.account, |input| match input {
                Input::Target => about.target.map(Value::from),
                Input::Id => about.id.map(Value::from),
                _ => None,
            })
        });
        let now = self.clock.now();
        let deadline = now.checked_add_signed(profile.timeout).unwrap_or(now);
        let call = ToolCall {
            id: "profile-doctor".to_owned(),
            tool: invocation.tool.clone(),
            arguments,
            meta: Meta::without_request(profile.platform(), "profile-doctor").into_entries(),
            send_before: deadline,
            deadline,
            life: None,
        };
        let failed = |how: &str, reason: &str| {
            let reason = self.border().shown(reason, REASON);
            Observation::mend(step, format!("the tool `{}` {how}: {reason}", invocation.tool), FAILED)
        };
        let answer = match self.binding.client.call(call).await {
            Called::Answered(answer) => Answer::new(&answer),
            Called::Failed { reason } => return Err(failed("failed", &reason)),
            Called::NotSent { reason } => return Err(failed("could not be asked", &reason)),
            Called::Lost { reason } => return Err(failed("did not answer", &reason)),
        };
        if !answer.whole {
            let text = format!("the tool `{}` asks for something before it answers", invocation.tool);
            return Err(Observation::mend(step, text, ASKS));
        }
        if classify::read_failed(profile, &answer) {
            return Err(failed("failed", &answer.shown(self.border(), REASON)));
        }
        Ok(answer)
    }

    /// Whether a tool may be called for a step.
    fn may_ask(&self, step: &str, invocation: &Invocation, about: About<'_>) -> Result<(), Observation> {
        let tool = &invocation.tool;
        if self.acting.contains(tool) {
            let text =
                format!("`{tool}` is a tool that acts in this profile; it is never called in order to read");
            let fix = "name a tool that reads, or take the section out";
            return Err(Observation::mend(step, text, fix));
        }
        if let Some(word) = acts_by_name(tool).filter(|_| step != "sign_in") {
            let text =
                format!("not called: by its name `{tool}` may {word} something; nothing here could be tried");
            return Err(Observation::untried(step, text));
        }
        if !check::call_fits(invocation, self.tools) {
            return Err(Observation::untried(step, format!("not called: `{tool}` does not fit the server")));
        }
        let missing: BTreeSet<&str> =
            invocation.settings().filter(|name| !self.binding.has_setting(name)).collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().collect::<Vec<_>>().join("`, `");
            return Err(Observation::untried(
                step,
                format!("not called: the setting `{missing}` is missing"),
            ));
        }
        if invocation.takes(Input::Id) && about.id.is_none() {
            return Err(Observation::untried(step, "not called: none is listed that it could be asked for"));
        }
        Ok(())
    }

    /// The target to ask about, where the call takes one.
    ///
    /// # Errors
    /// When the call takes one and none is known.
    pub(super) fn target<'b>(
        step: &str,
        invocation: &Invocation,
        kind: Option<TargetKind>,
        targets: &'b BTreeMap<TargetKind, String>,
    ) -> Result<Option<&'b str>, Observation> {
        let known = kind.and_then(|kind| targets.get(&kind)).map(String::as_str);
        match kind {
            Some(kind) if invocation.takes(Input::Target) && known.is_none() => {
                let kind = kind.as_str();
                let text = format!(
                    "not called: it is about a {kind}, and none is known; give one (`--target {kind}=…`)"
                );
                Err(Observation::untried(step, text))
            }
            _ => Ok(known),
        }
    }
}

/// Every tool that the profile names for an act, an upload, a step before an act or a deletion.
fn acting(profile: &PlatformProfile) -> BTreeSet<String> {
    let mut acting = BTreeSet::new();
    for act in profile.acts.values() {
        acting.extend(act.every_call().map(|call| call.tool.clone()));
        if let Some(Delete::Tool(delete)) = &act.delete {
            acting.insert(delete.invocation.tool.clone());
        }
    }
    acting.extend(profile.upload.iter().map(|upload| upload.invocation.tool.clone()));
    acting
}

/// What a tool may do by its name, where no word of it says that it reads. Names promise nothing: this keeps a slip of the pen
/// in a profile from deleting something.
fn acts_by_name(tool: &str) -> Option<&'static str> {
    const READS: [&str; 10] =
        ["get", "list", "read", "show", "find", "fetch", "search", "lookup", "check", "is"];
    const ACTS: [&str; 12] = [
        "delete", "remove", "create", "publish", "upload", "send", "update", "edit", "unlike", "unfollow",
        "follow", "retweet",
    ];
    let words = words(tool);
    if words.iter().any(|word| READS.contains(&word.as_str())) {
        return None;
    }
    ACTS.into_iter().find(|act| words.iter().any(|word| word == act))
}
