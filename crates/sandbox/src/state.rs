//! What all lines of a record add up to.

use std::collections::BTreeMap;

use crate::{
    call::Call,
    engagement::{Engagement, EngagementKind, TargetKind},
    entry::{Entry, Media},
    fault::Strikes,
    platform::Platform,
    post::Post,
};

/// What a key made before.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Earlier<'state> {
    Post(&'state Post),
    Engagement(&'state Engagement),
}

/// The world as the record tells it. Built only by [`apply`](State::apply), so that a restart ends up where the
/// process was that wrote the lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) posts: Vec<Post>,
    /// Every engagement that came in, repetitions included.
    pub(crate) engagements: Vec<Engagement>,
    pub(crate) calls: Vec<Call>,
    media: Vec<Media>,
    strikes: BTreeMap<String, Strikes>,
    last_number: BTreeMap<Platform, u64>,
}

impl State {
    /// Adds one line.
    pub(crate) fn apply(&mut self, entry: Entry) {
        let Entry { call, post, engagement, media, strike } = entry;
        if let Some(strike) = strike {
            let strikes = self.strikes.entry(strike.rule).or_default();
            strikes.count = strikes.count.saturating_add(1);
            strikes.first.get_or_insert(strike.at);
        }
        if let Some(media) = media {
            self.note_number(media.platform, &media.media_id);
            self.media.push(media);
        }
        if let Some(post) = post {
            self.note_number(post.platform, &post.id);
            self.posts.push(post);
        }
        if let Some(engagement) = engagement {
            if let Some(id) = &engagement.id {
                self.note_number(engagement.platform, id);
            }
            self.engagements.push(engagement);
        }
        self.calls.extend(call);
    }

    fn note_number(&mut self, platform: Platform, id: &str) {
        if let Some(number) = platform.number_of(id) {
            let last = self.last_number.entry(platform).or_default();
            *last = number.max(*last);
        }
    }

    /// How often a rule has struck.
    pub(crate) fn strikes(&self, rule: &str) -> Strikes {
        self.strikes.get(rule).copied().unwrap_or_default()
    }

    /// The highest number given out on a platform.
    pub(crate) fn last_number(&self, platform: Platform) -> Option<u64> {
        self.last_number.get(&platform).copied()
    }

    /// Whether media was uploaded to a platform.
    pub(crate) fn knows_media(&self, platform: Platform, media_id: &str) -> bool {
        self.media.iter().any(|media| media.platform == platform && media.media_id == media_id)
    }

    /// What a key made first on a platform.
    pub(crate) fn by_key(&self, platform: Platform, key: &str) -> Option<Earlier<'_>> {
        let post = self
            .posts
            .iter()
            .find(|post| post.platform == platform && post.idempotency_key.as_deref() == Some(key));
        let mut engagements = self.on(platform);
        post.map(Earlier::Post).or_else(|| {
            engagements
                .find(|engagement| engagement.idempotency_key.as_deref() == Some(key))
                .map(Earlier::Engagement)
        })
    }

    /// A post by its id.
    pub(crate) fn post(&self, platform: Platform, id: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.platform == platform && post.id == id)
    }

    /// The posts of a platform, newest first.
    pub(crate) fn newest(&self, platform: Platform) -> impl Iterator<Item = &Post> {
        self.posts.iter().rev().filter(move |post| post.platform == platform)
    }

    /// A comment or share by its id, when it is of that kind.
    pub(crate) fn made(&self, platform: Platform, kind: TargetKind, id: &str) -> Option<&Engagement> {
        self.on(platform)
            .find(|engagement| engagement.kind.makes() == Some(kind) && engagement.id.as_deref() == Some(id))
    }

    /// The like or follow of an account that is there already.
    pub(crate) fn standing(
        &self,
        platform: Platform,
        kind: EngagementKind,
        account: &str,
        target: &str,
    ) -> Option<&Engagement> {
        self.on(platform).find(|engagement| {
            engagement.kind == kind && engagement.account == account && engagement.target == target
        })
    }

    /// The public engagements of a platform, newest first.
    pub(crate) fn newest_engagements(&self, platform: Platform) -> impl Iterator<Item = &Engagement> {
        self.on(platform).rev().filter(|engagement| !engagement.again)
    }

    fn on(&self, platform: Platform) -> impl DoubleEndedIterator<Item = &Engagement> {
        self.engagements.iter().filter(move |engagement| engagement.platform == platform)
    }
}
