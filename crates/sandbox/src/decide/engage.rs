//! Comments, likes, follows, shares.

use chrono::{DateTime, Utc};

use super::{
    Rules, next_number,
    performed::{Made, Performed},
};
use crate::{
    call::Outcome,
    engagement::Engagement,
    platform::Platform,
    refusal::Refusal,
    request::{Intent, Request},
    state::{Earlier, State},
};

impl Rules {
    pub(super) fn engage(
        &self,
        state: &State,
        request: &Request,
        intent: &Intent,
        now: DateTime<Utc>,
    ) -> Performed {
        let platform = request.platform;
        if let Some(refusal) = too_long(platform, intent) {
            return Performed::refused(Outcome::ContentRefused, refusal);
        }
        if let Some(earlier) = self.earlier(state, platform, intent.idempotency_key.as_deref()) {
            return replay(earlier, intent);
        }
        if !self.is_there(state, platform, intent.on, &intent.target) {
            return Performed::refused(Outcome::TargetMissing, Refusal::no_such(intent.on));
        }
        let standing = intent
            .kind
            .is_state()
            .then(|| state.standing(platform, intent.kind, &intent.account, &intent.target))
            .flatten();
        match standing {
            Some(first) => again(first, request, intent),
            None => made(state, request, intent, now),
        }
    }
}

fn too_long(platform: Platform, intent: &Intent) -> Option<Refusal> {
    let (what, limit) = if intent.kind.is_comment() {
        ("comment", platform.comment_limit())
    } else {
        ("caption", platform.text_limit())
    };
    let length = intent.text.as_ref()?.chars().count();
    (length > limit).then(|| Refusal::too_long(platform, what, limit))
}

/// A known key: the first answer for the same content, a conflict for other content.
fn replay(earlier: Earlier<'_>, intent: &Intent) -> Performed {
    match earlier {
        Earlier::Engagement(first) if is_same(first, intent) => {
            Performed::replayed(first.answer(), first.id.clone())
        }
        Earlier::Engagement(_) | Earlier::Post(_) => Performed::key_conflict(),
    }
}

fn is_same(first: &Engagement, intent: &Intent) -> bool {
    first.kind == intent.kind
        && first.account == intent.account
        && first.target == intent.target
        && first.text == intent.text
}

/// A like or follow that is there already: noted, and answered as the first one.
fn again(first: &Engagement, request: &Request, intent: &Intent) -> Performed {
    let engagement = Engagement {
        again: true,
        idempotency_key: intent.idempotency_key.clone(),
        call_meta_key: request.call_meta_key.clone(),
        ..first.clone()
    };
    performed(engagement, Outcome::Again)
}

fn made(state: &State, request: &Request, intent: &Intent, now: DateTime<Utc>) -> Performed {
    let platform = request.platform;
    let number = intent.kind.makes().map(|_| next_number(state, platform, now));
    let linked = intent.kind.is_comment() && platform.replies_are_posts();
    let engagement = Engagement {
        platform,
        account: intent.account.clone(),
        kind: intent.kind,
        target: intent.target.clone(),
        id: number.map(|number| platform.post_id(number)),
        url: number.filter(|_| linked).map(|number| platform.post_url(&intent.account, number)),
        text: intent.text.clone(),
        created_at: now,
        again: false,
        idempotency_key: intent.idempotency_key.clone(),
        call_meta_key: request.call_meta_key.clone(),
    };
    performed(engagement, Outcome::Engaged)
}

fn performed(engagement: Engagement, outcome: Outcome) -> Performed {
    Performed {
        reply: Ok(engagement.answer()),
        outcome: Some(outcome),
        id: engagement.id.clone(),
        made: Made::Engagement(engagement),
    }
}
