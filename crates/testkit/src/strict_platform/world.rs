//! What is there, whoever asks.

use std::collections::{BTreeMap, VecDeque};

use chimera_contracts::{EffectId, ErrorCode, PlatformName};
use chimera_effect::{Attempt, EffectKind, EffectV1, Keys, LateOutcome};
use chrono::{DateTime, TimeDelta, Utc};

use super::rules::{Fault, Post, Rules};

/// The state of the outside world.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) faults: BTreeMap<PlatformName, VecDeque<Fault>>,
    pub(super) upload_faults: BTreeMap<PlatformName, VecDeque<ErrorCode>>,
    /// What is public.
    pub(super) posts: Vec<Post>,
    /// What was public.
    pub(super) deleted: Vec<Post>,
    pub(super) performed: Vec<(EffectId, u32)>,
    pub(super) sent: usize,
    pub(super) looks: usize,
    pub(super) uploads: usize,
    pub(super) violations: Vec<String>,
    pub(super) late: Vec<LateOutcome>,
    /// Calls that arrive later.
    under_way: Vec<Call>,
    /// Accepted, not public yet.
    accepted: Vec<Call>,
    /// Keys that a tool remembers: until when, and the answer.
    keys: BTreeMap<String, (DateTime<Utc>, Post)>,
}

/// One call, as the wire carries it.
#[derive(Clone, Debug)]
struct Call {
    effect: EffectId,
    content: EffectV1,
    key: String,
    retention: Option<TimeDelta>,
    arrives: DateTime<Utc>,
}

impl Call {
    fn of(attempt: &Attempt, rules: &Rules, arrives: DateTime<Utc>) -> Self {
        let retention = match rules.keys {
            Keys::Enforced { retention } => Some(retention),
            Keys::Advisory => None,
        };
        Self {
            effect: attempt.effect_id(),
            content: attempt.effect().content().clone(),
            key: attempt.call_key().as_str().to_owned(),
            retention,
            arrives,
        }
    }
}

impl World {
    pub(super) fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Lets arrive what is due.
    pub(super) fn arrive(&mut self, now: DateTime<Utc>) {
        let (due, later) =
            std::mem::take(&mut self.under_way).into_iter().partition(|call| call.arrives <= now);
        self.under_way = later;
        let mut due: Vec<Call> = due;
        due.sort_by_key(|call| call.arrives);
        for call in due {
            self.take(&call);
        }
    }

    /// A call that arrives now.
    pub(super) fn receive(&mut self, attempt: &Attempt, rules: &Rules, now: DateTime<Utc>) -> Post {
        self.take(&Call::of(attempt, rules, now))
    }

    /// A call that arrives at `at`, though its caller has given up.
    pub(super) fn send_ghost(&mut self, attempt: &Attempt, rules: &Rules, at: DateTime<Utc>) {
        self.under_way.push(Call::of(attempt, rules, at));
    }

    /// Takes a call in for later, and gives the id to poll.
    pub(super) fn accept(&mut self, attempt: &Attempt, rules: &Rules, now: DateTime<Utc>) -> String {
        let call = Call::of(attempt, rules, now);
        let pending = format!("pending {}", call.effect);
        if self.accepted.iter().any(|other| other.effect == call.effect) {
            self.violation(format!("{} was sent again after it was accepted", call.effect));
        }
        self.accepted.push(call);
        pending
    }

    pub(super) fn finish_accepted(&mut self, now: DateTime<Utc>) {
        for call in std::mem::take(&mut self.accepted) {
            self.take(&Call { arrives: now, ..call });
        }
    }

    /// The posts since `since` that fit, the oldest first.
    pub(super) fn find(&self, content: &EffectV1, since: DateTime<Utc>) -> Vec<Post> {
        let fits = |post: &&Post| {
            (post.platform, post.kind) == (content.platform, content.kind)
                && (&post.account, &post.target, &post.text)
                    == (&content.account, &content.target, &content.text)
                && post.at >= since
        };
        self.posts.iter().filter(fits).cloned().collect()
    }

    /// The post that an undo names, where it is public.
    pub(super) fn find_target(&self, content: &EffectV1) -> Vec<Post> {
        let is_target = |post: &&Post| content.target.as_ref() == Some(&post.id);
        self.posts.iter().filter(is_target).cloned().collect()
    }

    /// Deletes the post that a call names: of its own account, and nothing where it is gone already.
    fn delete(&mut self, call: &Call) -> Post {
        let EffectV1 { platform, account, target, .. } = &call.content;
        let is_target = |post: &Post| target.as_ref() == Some(&post.id);
        if let Some(place) = self.posts.iter().position(is_target) {
            let post = self.posts.remove(place);
            if (post.platform, &post.account) != (*platform, account) {
                self.violation(format!("{} deletes {}, of another account", call.effect, post.id));
            }
            if post.effect.is_none() {
                self.violation(format!("{} deletes {}, which somebody else made", call.effect, post.id));
            }
            self.deleted.push(post.clone());
            return post;
        }
        let gone = self.deleted.iter().find(|post| is_target(post)).cloned();
        gone.unwrap_or_else(|| {
            self.violation(format!("{} deletes what was never there", call.effect));
            Post {
                id: target.clone().unwrap_or_default(),
                platform: *platform,
                kind: EffectKind::Undo,
                account: account.clone(),
                target: None,
                text: String::new(),
                effect: None,
                at: call.arrives,
            }
        })
    }

    /// Puts a post there that no effect made, and gives its id.
    pub(super) fn publish(
        &mut self,
        platform: PlatformName,
        account: &str,
        text: &str,
        at: DateTime<Utc>,
    ) -> String {
        let id = self.next_id(platform);
        let (account, text) = (account.to_owned(), text.to_owned());
        let kind = EffectKind::Publish;
        self.posts.push(Post {
            id: id.clone(),
            platform,
            kind,
            account,
            target: None,
            text,
            effect: None,
            at,
        });
        id
    }

    fn next_id(&self, platform: PlatformName) -> String {
        // The id of what was deleted is given to no other post.
        format!("{platform}-{}", self.posts.len() + self.deleted.len() + 1)
    }

    /// Posts what a call says, unless a key that is remembered says that it was posted before.
    fn take(&mut self, call: &Call) -> Post {
        let at = call.arrives;
        if call.content.kind == EffectKind::Undo {
            return self.delete(call);
        }
        let remembered = self.keys.get(&call.key).filter(|(until, _)| at < *until);
        if let (Some(_), Some((_, post))) = (call.retention, remembered) {
            return post.clone();
        }
        if self.posts.iter().any(|post| post.effect == Some(call.effect)) {
            self.violation(format!("{} was posted twice", call.effect));
        }
        if self.accepted.iter().any(|other| other.effect == call.effect) {
            self.violation(format!("{} was posted though it was accepted before", call.effect));
        }
        let EffectV1 { platform, kind, account, target, text, .. } = call.content.clone();
        let (id, effect) = (self.next_id(platform), Some(call.effect));
        let post = Post { id, platform, kind, account, target, text, effect, at };
        self.posts.push(post.clone());
        if let Some(retention) = call.retention {
            self.keys.insert(call.key.clone(), (at + retention, post.clone()));
        }
        post
    }
}
