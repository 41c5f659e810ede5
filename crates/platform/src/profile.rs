//! Profiles: what a server's tools are called, what they take and what they answer, as data (MCP-02).
//!
//! A profile is TOML, read once and checked whole: every section says what is wrong with it in one error. The built-in
//! profile for the tools that the seeds name is [`Profile::seeds`]; its file shows the form.

mod change;
mod operation;
mod read;
mod template;

use std::collections::BTreeMap;

use chimera_contracts::{Money, PlatformName};
use chimera_effect::{EffectKind, Service};
use chrono::TimeDelta;

pub(crate) use operation::{
    ActTool, Condition, ErrorRule, GetTool, IdKind, Input, Invocation, ListTool, Naming, NextPage, Shape,
    StateTool, TargetTool, UploadTool, Wrap, is_no, is_set, is_yes,
};
pub(crate) use template::{Parts, names};

use crate::limits::RateLimit;
use crate::targets::{TargetFault, TargetKind};

const SEEDS: &str = include_str!("../profiles/seeds.toml");

/// The tools of one server, for each platform that it serves.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    platforms: BTreeMap<PlatformName, PlatformProfile>,
}

/// The tools of one server for one platform.
#[derive(Clone, Debug)]
pub struct PlatformProfile {
    pub(crate) platform: PlatformName,
    pub(crate) account_url: Option<String>,
    pub(crate) timeout: TimeDelta,
    pub(crate) settle: TimeDelta,
    pub(crate) price: Money,
    pub(crate) acts: BTreeMap<EffectKind, ActTool>,
    pub(crate) upload: Option<UploadTool>,
    /// The shape of each kind of target.
    pub(crate) shapes: BTreeMap<TargetKind, Shape>,
    /// The tools that show whether a target is there.
    pub(crate) look_ups: BTreeMap<TargetKind, TargetTool>,
    pub(crate) errors: Vec<ErrorRule>,
    pub(crate) soft_errors: Vec<Condition>,
    /// How long a rate limit lasts that gives no time.
    pub(crate) rate_window: TimeDelta,
}

/// A profile that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tool profile cannot be used: {}", faults.join("; "))]
pub struct ProfileError {
    /// Every fault, each with the section that it stands in.
    pub faults: Vec<String>,
}

impl ProfileError {
    fn one(fault: String) -> Self {
        Self { faults: vec![fault] }
    }
}

impl Profile {
    /// The tools that the seeds name: posts for six platforms, the seeds' matrix of engagements for four of them, and
    /// what looks all of it up. It says that twitter's publishing tool enforces keys, as the seed demands, and that of no
    /// other tool; see the file's comments.
    ///
    /// # Errors
    /// Never with the file as it is; a test holds it to that.
    pub fn seeds() -> Result<Self, ProfileError> {
        Self::parse(SEEDS)
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// With every fault that was found.
    pub fn parse(toml: &str) -> Result<Self, ProfileError> {
        read::profile(toml)
    }

    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says about a platform.
    #[must_use]
    pub fn platform(&self, platform: PlatformName) -> Option<&PlatformProfile> {
        self.platforms.get(&platform)
    }

    /// Every platform that it serves.
    pub fn platforms(&self) -> impl Iterator<Item = &PlatformProfile> {
        self.platforms.values()
    }
}

impl PlatformProfile {
    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> PlatformName {
        self.platform
    }

    /// The public page of an account, where the profile knows how it is spelled.
    #[must_use]
    pub fn account_url(&self, account: &str) -> Option<String> {
        Some(Parts { account, ..Parts::default() }.url(self.account_url.as_ref()?, ""))
    }

    /// The kinds of effect that are served.
    pub fn served(&self) -> impl Iterator<Item = EffectKind> {
        self.acts.keys().copied()
    }

    /// What is served for a kind of effect. How long its server may answer late (`grace`) is the binding's to say.
    #[must_use]
    pub fn service(&self, kind: EffectKind) -> Option<Service> {
        let act = self.acts.get(&kind)?;
        Some(Service {
            keys: act.keys,
            sets_state: act.sets_state,
            look_up: act.list.is_some() || act.state.is_some() || act.get.is_some(),
            uploads: self.upload.is_some() && act.invocation.takes_media_ids(),
            timeout: self.timeout(act),
            settle: self.settle,
            grace: TimeDelta::zero(),
            look_every: act.list.as_ref().map_or_else(TimeDelta::zero, |list| list.look_every),
            price: act.price.unwrap_or(self.price),
        })
    }

    /// Whether words can go with a kind of effect.
    #[must_use]
    pub fn takes_text(&self, kind: EffectKind) -> bool {
        self.acts.get(&kind).is_some_and(|act| act.invocation.takes(Input::Text))
    }

    /// How often an account may do it; `None` where nothing is known.
    #[must_use]
    pub fn limit(&self, kind: EffectKind) -> Option<RateLimit> {
        self.acts.get(&kind)?.limit
    }

    /// Whether `target` has the shape of what `kind` takes here.
    ///
    /// # Errors
    /// With what was expected.
    pub fn check_target(&self, kind: EffectKind, target: &str) -> Result<TargetKind, TargetFault> {
        let platform = self.platform;
        let none = || TargetFault {
            expected: format!("an action that takes a target on `{platform}`; `{}` does not", kind.as_str()),
        };
        let wanted = self.acts.get(&kind).and_then(|act| act.target).ok_or_else(none)?;
        let shape = self.shapes.get(&wanted).ok_or_else(none)?;
        if shape.fits(target) {
            return Ok(wanted);
        }
        let expected = format!("a {} on `{platform}`: `{}`", wanted.as_str(), shape.shown);
        Err(TargetFault { expected })
    }

    /// How long one call of an acting tool may take.
    pub(crate) fn timeout(&self, act: &ActTool) -> TimeDelta {
        act.timeout.unwrap_or(self.timeout)
    }

    /// Every tool that the profile calls for a kind of effect, with the operation's name.
    pub(crate) fn invocations(&self, kind: EffectKind) -> impl Iterator<Item = (&'static str, &Invocation)> {
        let act = self.acts.get(&kind);
        let upload = self.upload.as_ref().filter(|_| kind == EffectKind::Publish);
        let look_up = act.and_then(|act| self.look_ups.get(&act.target?));
        let list = act.and_then(|act| act.list.as_ref());
        let get = act.and_then(|act| act.get.as_ref());
        let state = act.and_then(|act| act.state.as_ref());
        [
            act.map(|act| (kind.as_str(), &act.invocation)),
            upload.map(|upload| ("upload", &upload.invocation)),
            list.map(|list| ("list", &list.invocation)),
            get.map(|get| ("get", &get.invocation)),
            state.map(|state| ("state", &state.invocation)),
            look_up.map(|look_up| ("look_up", &look_up.invocation)),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use chimera_effect::Keys;

    use super::*;

    #[test]
    fn the_built_in_profile_is_sound() {
        let profile = Profile::seeds().unwrap();
        let served: Vec<_> = profile.platforms().map(PlatformProfile::platform).collect();
        let mut all = PlatformName::ALL.to_vec();
        all.sort();
        assert_eq!(served, all);
        let service = |platform| profile.platform(platform).unwrap().service(EffectKind::Publish).unwrap();
        assert_eq!(
            service(PlatformName::Twitter).keys,
            Keys::Enforced { retention: TimeDelta::seconds(86_400) }
        );
        assert_eq!(service(PlatformName::Instagram).keys, Keys::Advisory);
        assert!(service(PlatformName::LinkedIn).uploads && service(PlatformName::LinkedIn).look_up);
        let twitter = profile.platform(PlatformName::Twitter).unwrap();
        assert_eq!(twitter.account_url("me/x").as_deref(), Some("https://twitter.com/me%2Fx"));
    }

    #[test]
    fn no_engagement_of_the_built_in_profile_is_sent_again_on_a_key() {
        for profile in Profile::seeds().unwrap().platforms() {
            for kind in profile.served().filter(|kind| *kind != EffectKind::Publish) {
                let service = profile.service(kind).unwrap();
                assert_eq!(service.keys, Keys::Advisory, "{} {kind:?}", profile.platform);
                assert!(service.look_up && !service.uploads, "{} {kind:?}", profile.platform);
                assert!(profile.limit(kind).is_some(), "{} {kind:?}", profile.platform);
            }
        }
    }
}
