//! Look-ups: what the record and the world hold, without changing either.

use serde_json::{Value, json};

use super::Rules;
use crate::{
    engagement::{Engagement, TargetKind, present},
    platform::Platform,
    post::Post,
    refusal::Refusal,
    state::State,
    tools::Listed,
    world::{Thing, is_plausible},
};

/// Something that can be looked up.
enum Found<'held> {
    Post(&'held Post),
    Engagement(&'held Engagement),
    Thing(&'held Thing),
}

impl Rules {
    /// One post, with everything that is known of it.
    pub(super) fn get(&self, state: &State, platform: Platform, id: &str) -> Result<Value, Refusal> {
        let found = self.find(state, platform, TargetKind::Post, id);
        let view = found.map(|found| match found {
            Found::Post(post) => post.view(),
            Found::Engagement(engagement) => engagement.view(),
            Found::Thing(Thing { id, text, author }) => {
                present(json!({ "id": id, "text": text, "account": author }))
            }
        });
        view.ok_or_else(|| Refusal::not_found(platform))
    }

    /// The same for a post that somebody else may have made: without a world it is there, and nothing is known of it.
    pub(super) fn get_anybodys(&self, state: &State, platform: Platform, id: &str) -> Result<Value, Refusal> {
        match self.get(state, platform, id) {
            Err(_) if self.is_there(state, platform, TargetKind::Post, id) => Ok(json!({ "id": id })),
            shown => shown,
        }
    }

    /// Whether a target is there, and who said what.
    pub(super) fn target(
        &self,
        state: &State,
        platform: Platform,
        kind: TargetKind,
        id: &str,
    ) -> Result<Value, Refusal> {
        if !self.is_there(state, platform, kind, id) {
            return Err(Refusal::no_such(kind));
        }
        let (text, author) = match self.find(state, platform, kind, id) {
            Some(Found::Post(post)) => (Some(&post.text), Some(&post.account)),
            Some(Found::Engagement(engagement)) => (engagement.text.as_ref(), Some(&engagement.account)),
            Some(Found::Thing(thing)) => (thing.text.as_ref(), thing.author.as_ref()),
            None => (None, None),
        };
        Ok(present(json!({ "id": id, "exists": true, "text": text, "author": author })))
    }

    /// Whether there is something to engage with. Without a world there is, wherever somebody points.
    pub(super) fn is_there(&self, state: &State, platform: Platform, kind: TargetKind, id: &str) -> bool {
        (self.world.is_none() && is_plausible(id)) || self.find(state, platform, kind, id).is_some()
    }

    fn find<'held>(
        &'held self,
        state: &'held State,
        platform: Platform,
        kind: TargetKind,
        id: &str,
    ) -> Option<Found<'held>> {
        kind.aliases(platform).iter().find_map(|kind| {
            let post = (*kind == TargetKind::Post).then(|| state.post(platform, id)).flatten();
            let made = || state.made(platform, *kind, id).map(Found::Engagement);
            let thing = || self.world.as_ref()?.thing(platform, *kind, id).map(Found::Thing);
            post.map(Found::Post).or_else(made).or_else(thing)
        })
    }
}

/// The newest of a platform, as many as asked for, and whether that is all.
pub(super) fn list(
    state: &State,
    platform: Platform,
    listed: Listed,
    account: Option<&str>,
    limit: u64,
) -> Value {
    let wanted = |by: &str| account.is_none_or(|account| by == account);
    let (shown, complete) = match listed {
        Listed::Posts => {
            up_to(limit, state.newest(platform).filter(|post| wanted(&post.account)).map(Post::view))
        }
        Listed::Comments | Listed::Likes | Listed::Follows | Listed::Shares => {
            let engagements = state.newest_engagements(platform);
            let engagements = engagements.filter(|found| listed.shows(found.kind) && wanted(&found.account));
            up_to(limit, engagements.map(Engagement::item))
        }
    };
    json!({ listed.name(): shown, "complete": complete })
}

fn up_to(limit: u64, mut items: impl Iterator<Item = Value>) -> (Vec<Value>, bool) {
    let shown = (0..limit).map_while(|_| items.next()).collect();
    (shown, items.next().is_none())
}
