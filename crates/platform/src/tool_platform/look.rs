//! Looking for an earlier attempt: the calls behind [`crate::find`], which judges what they show.

use chimera_effect::{Finding, LookUp};
use serde_json::{Map, Value};

use super::{Binding, ToolPlatform};
use crate::classify;
use crate::find::{self, Likeness, Listed, Shown, Sight, Sought};
use crate::normalise::Answer;
use crate::profile::{ActTool, Input, Invocation, ListTool, Naming, Parts};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;

/// How many posts are looked at one by one where the list leaves doubt.
const DOUBTS: usize = 5;

/// What the whole texts of doubtful posts say.
enum Closer {
    Found(Shown),
    NoneOfThem,
    Failed,
    Doubtful,
}

impl ToolPlatform {
    /// Looks whether an earlier attempt became public.
    pub(super) async fn look_for(&self, look: &LookUp) -> Finding {
        let content = look.effect.content();
        let Ok((binding, act)) = self.acting(content.platform, content.kind) else {
            return cannot_tell("no tool is configured for the platform any more");
        };
        let Some(list) = &act.list else {
            return cannot_tell("the platform offers nothing to look it up with");
        };
        let ours = match Sought::of(content, act) {
            Ok(ours) => ours,
            Err(reason) => return cannot_tell(reason),
        };
        // Read before the look: what the list shows is at least as new.
        let looked_at = self.clock.now();
        let failed = || Finding::Unsettled {
            look_again: find::again(look, looked_at, list.look_every),
            absent: false,
        };
        let Some(listed) = self.list(binding, act, list, look).await else { return failed() };
        match find::sight(look, &ours, &listed) {
            Sight::Found(post) => post.into_finding(),
            Sight::Absent { whole } => find::absent(look, whole, looked_at, list.look_every),
            Sight::Timeless => cannot_tell(
                "the platform shows something like it whose time does not tell whether it is ours",
            ),
            Sight::Perhaps { posts, whole } => {
                match self.look_closer(binding, act, look, &ours, posts).await {
                    Closer::Found(post) => post.into_finding(),
                    Closer::NoneOfThem => find::absent(look, whole, looked_at, list.look_every),
                    Closer::Failed => failed(),
                    Closer::Doubtful => cannot_tell("the platform shows too little to tell ours from others"),
                }
            }
        }
    }

    async fn list(&self, binding: &Binding, act: &ActTool, list: &ListTool, look: &LookUp) -> Option<Listed> {
        let content = look.effect.content();
        let arguments = list.invocation.arguments(|input| match input {
            Input::Account => Some(content.account.as_str().into()),
            Input::Target => content.target.as_deref().map(Value::from),
            _ => None,
        });
        let answer = self.read(binding, &list.invocation, arguments, look).await?;
        let ours = match &act.naming {
            Naming::Ours(template) => Some(Parts::of(content, &look.call_key).id(template)),
            Naming::Theirs { .. } => None,
        };
        find::items(list, ours.as_deref(), &answer)
    }

    async fn look_closer(
        &self,
        binding: &Binding,
        act: &ActTool,
        look: &LookUp,
        ours: &Sought<'_>,
        posts: Vec<Shown>,
    ) -> Closer {
        let (Some(get), Some(ours)) = (&act.get, ours.words()) else { return Closer::Doubtful };
        let mut doubtful = posts.len() > DOUBTS;
        for post in posts.into_iter().take(DOUBTS) {
            let arguments = get.invocation.arguments(|input| match input {
                Input::Id => Some(post.id.as_str().into()),
                Input::Account => Some(look.effect.content().account.as_str().into()),
                _ => None,
            });
            let Some(answer) = self.read(binding, &get.invocation, arguments, look).await else {
                return Closer::Failed;
            };
            let Some(text) = answer.text_at(&get.text) else { return Closer::Failed };
            match ours.likeness(&text) {
                Likeness::Same | Likeness::Holds if post.created_at.is_some() => return Closer::Found(post),
                Likeness::Other => {}
                Likeness::Same | Likeness::Holds | Likeness::Doubtful => doubtful = true,
            }
        }
        if doubtful { Closer::Doubtful } else { Closer::NoneOfThem }
    }

    /// Calls a tool that only reads; `None` when that failed, however it failed.
    async fn read(
        &self,
        binding: &Binding,
        invocation: &Invocation,
        arguments: Map<String, Value>,
        look: &LookUp,
    ) -> Option<Answer> {
        let platform = binding.profile.platform;
        let deadline = self.after(binding.profile.timeout);
        let meta = Meta::new(&look.call_key, platform, "look-up", &look.trace).into_entries();
        let tool = invocation.tool.clone();
        let call = ToolCall {
            id: format!("{}/look", look.call_key),
            tool,
            arguments,
            meta,
            send_before: deadline,
            deadline,
        };
        let called = binding.client.call(call).await;
        let Called::Answered(answer) = called else {
            tracing::debug!(%platform, ?called, "a look-up failed");
            return None;
        };
        let answer = Answer::new(&answer);
        let failed = !answer.whole || classify::is_error(&binding.profile, &answer);
        (!failed).then_some(answer)
    }
}

fn cannot_tell(reason: &str) -> Finding {
    Finding::CannotTell { reason: reason.to_owned() }
}
