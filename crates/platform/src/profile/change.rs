//! What only a host knows about a server, said over what the profile says.

use chimera_contracts::{Money, PlatformName};
use chimera_effect::{EffectKind, Keys};
use chrono::TimeDelta;

use super::{ActTool, PlatformProfile, Profile, ProfileError};
use crate::limits::RateLimit;

impl Profile {
    /// States what the platform's publishing tool does with keys. Nothing can check it: say `Enforced` only where the tool
    /// promises it.
    ///
    /// # Errors
    /// When the profile does not publish there, or names no argument that could carry an enforced key.
    pub fn with_keys(self, platform: PlatformName, keys: Keys) -> Result<Self, ProfileError> {
        self.with_keys_of(platform, EffectKind::Publish, keys)
    }

    /// States what one tool of the platform does with keys, as [`Profile::with_keys`] does.
    ///
    /// # Errors
    /// When the profile does not serve it, or names no argument that could carry an enforced key.
    pub fn with_keys_of(
        self,
        platform: PlatformName,
        kind: EffectKind,
        keys: Keys,
    ) -> Result<Self, ProfileError> {
        self.change_act(platform, kind, |act| {
            if matches!(keys, Keys::Enforced { .. }) && act.key_argument.is_none() {
                return Err(format!("`{platform}`: no argument carries a key that the tool could enforce"));
            }
            act.keys = keys;
            Ok(())
        })
    }

    /// Sets how often an account may engage so; `None` for as often as the platform lets it.
    ///
    /// # Errors
    /// When the profile does not serve it, nothing would ever be allowed, or the kind is [`EffectKind::Publish`]: posts are approved one
    /// by one, and no limit holds them up.
    pub fn with_limit(
        self,
        platform: PlatformName,
        kind: EffectKind,
        limit: Option<RateLimit>,
    ) -> Result<Self, ProfileError> {
        self.change_act(platform, kind, |act| {
            if kind == EffectKind::Publish {
                return Err(format!("`{platform}`: a limit is for engagements"));
            }
            if limit.is_some_and(|limit| limit.count == 0 || limit.window <= TimeDelta::zero()) {
                return Err(format!("`{platform}`: a limit allows something, in some time"));
            }
            act.limit = limit;
            Ok(())
        })
    }

    /// Sets how long one call may take (PUB-11), but for acts with a time of their own.
    ///
    /// # Errors
    /// When the profile does not serve the platform, or the time is not positive.
    pub fn with_timeout(self, platform: PlatformName, timeout: TimeDelta) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            if timeout <= TimeDelta::zero() {
                return Err(format!("`{platform}`: the timeout has to be longer than nothing"));
            }
            profile.timeout = timeout;
            Ok(())
        })
    }

    /// Sets how long after a call's last moment the platform may still act on it.
    ///
    /// # Errors
    /// When the profile does not serve the platform, or the time is negative.
    pub fn with_settle(self, platform: PlatformName, settle: TimeDelta) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            if settle < TimeDelta::zero() {
                return Err(format!("`{platform}`: the settle time cannot be negative"));
            }
            profile.settle = settle;
            Ok(())
        })
    }

    /// Sets the shortest pause between two looks in a list of the platform.
    ///
    /// # Errors
    /// When the profile does not serve the platform, or the pause is negative.
    pub fn with_look_every(self, platform: PlatformName, pause: TimeDelta) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            if pause < TimeDelta::zero() {
                return Err(format!("`{platform}`: the pause cannot be negative"));
            }
            for list in profile.acts.values_mut().filter_map(|act| act.list.as_mut()) {
                list.look_every = pause;
            }
            Ok(())
        })
    }

    /// Sets what one effect costs (PUB-15), but for acts with a price of their own.
    ///
    /// # Errors
    /// When the profile does not serve the platform.
    pub fn with_price(self, platform: PlatformName, price: Money) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            profile.price = price;
            Ok(())
        })
    }

    fn change_act(
        self,
        platform: PlatformName,
        kind: EffectKind,
        change: impl FnOnce(&mut ActTool) -> Result<(), String>,
    ) -> Result<Self, ProfileError> {
        self.change(platform, |profile| match profile.acts.get_mut(&kind) {
            Some(act) => change(act),
            None => Err(format!("`{platform}`: the profile has no `{}`", kind.as_str())),
        })
    }

    fn change(
        mut self,
        platform: PlatformName,
        change: impl FnOnce(&mut PlatformProfile) -> Result<(), String>,
    ) -> Result<Self, ProfileError> {
        let Some(profile) = self.platforms.get_mut(&platform) else {
            return Err(ProfileError::one(format!("`{platform}` is not in the profile `{}`", self.name)));
        };
        change(profile).map_err(ProfileError::one)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"
        name = "one"
        [platforms.twitter]
        timeout_ms = 9_000
        settle_ms = 9_000
        price = { micros = 1, currency = "USD" }
        [platforms.twitter.targets]
        post = "^[0-9]+$"
        [platforms.twitter.like]
        tool = "like"
        arguments = { id = "{target}" }
        target_kind = "post"
        id_template = "like:{key}"
        confirm = { pointer = "/liked" }
    "#;

    fn enforced() -> Keys {
        Keys::Enforced { retention: TimeDelta::hours(1) }
    }

    #[test]
    fn a_host_may_change_what_only_it_knows() {
        let limit = RateLimit { count: 3, window: TimeDelta::hours(1) };
        let changed = Profile::seeds()
            .and_then(|profile| profile.with_keys(PlatformName::Twitter, Keys::Advisory))
            .and_then(|profile| profile.with_keys_of(PlatformName::Twitter, EffectKind::Like, enforced()))
            .and_then(|profile| profile.with_timeout(PlatformName::Twitter, TimeDelta::seconds(1)))
            .and_then(|profile| profile.with_settle(PlatformName::Twitter, TimeDelta::zero()))
            .and_then(|profile| profile.with_price(PlatformName::Twitter, Money::usd_micros(5)))
            .and_then(|profile| profile.with_look_every(PlatformName::Twitter, TimeDelta::seconds(7)))
            .and_then(|profile| profile.with_limit(PlatformName::Twitter, EffectKind::Like, Some(limit)))
            .and_then(|profile| profile.with_limit(PlatformName::Twitter, EffectKind::Reply, None))
            .unwrap();
        let twitter = changed.platform(PlatformName::Twitter).unwrap();
        for (kind, keys) in [(EffectKind::Publish, Keys::Advisory), (EffectKind::Like, enforced())] {
            let service = twitter.service(kind).unwrap();
            assert_eq!(service.keys, keys);
            assert_eq!(service.timeout, TimeDelta::seconds(1));
            assert_eq!(service.settle, TimeDelta::zero());
            assert_eq!(service.price, Money::usd_micros(5));
            assert_eq!(service.look_every, TimeDelta::seconds(7));
        }
        assert_eq!(twitter.limit(EffectKind::Like), Some(limit));
        assert_eq!(twitter.limit(EffectKind::Reply), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let one = || Profile::parse(ONE).unwrap();
        let limit = |count, seconds| Some(RateLimit { count, window: TimeDelta::seconds(seconds) });
        let like = |limit| one().with_limit(PlatformName::Twitter, EffectKind::Like, limit);
        for refused in [
            one().with_timeout(PlatformName::Twitter, TimeDelta::zero()),
            one().with_settle(PlatformName::Twitter, TimeDelta::seconds(-1)),
            one().with_price(PlatformName::Threads, Money::usd_micros(5)),
            one().with_look_every(PlatformName::Twitter, TimeDelta::seconds(-1)),
            one().with_keys(PlatformName::Twitter, Keys::Advisory),
            one().with_keys_of(PlatformName::Twitter, EffectKind::Like, enforced()),
            like(limit(0, 5)),
            like(limit(5, 0)),
            one().with_limit(PlatformName::Twitter, EffectKind::Publish, limit(5, 5)),
        ] {
            assert_eq!(refused.unwrap_err().faults.len(), 1);
        }
        assert!(like(limit(1, 1)).is_ok());
    }
}
