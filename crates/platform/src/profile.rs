//! Profiles: what a server's tools are called, what they take and what they answer, as data (MCP-02).
//!
//! A profile is TOML, read once and checked whole: every section says what is wrong with it in one error. The built-in
//! profile for the tools that the seeds name is [`Profile::seeds`]; its file shows the form.

mod operation;
mod read;

use std::collections::BTreeMap;

use chimera_contracts::{Money, PlatformName};
use chimera_effect::{EffectKind, Keys, Service};
use chrono::TimeDelta;

pub(crate) use operation::{
    Condition, ErrorRule, GetTool, IdKind, Input, Invocation, ListTool, PublishTool, UploadTool,
};

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
    pub(crate) key_argument: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) price: Money,
    pub(crate) publish: PublishTool,
    pub(crate) upload: Option<UploadTool>,
    pub(crate) list: Option<ListTool>,
    pub(crate) get: Option<GetTool>,
    pub(crate) errors: Vec<ErrorRule>,
    pub(crate) soft_errors: Vec<Condition>,
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
    /// The tools that the seeds name: `post_tweet`, `post_instagram`, `post_linkedin`, `upload_media`, `list_posts`,
    /// `get_post`. It says that twitter's tool enforces keys, as the seed demands; see the file's comments.
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

    /// States what the platform's tool does with keys. Nothing can check it: say `Enforced` only where the tool promises it.
    ///
    /// # Errors
    /// When the profile does not serve the platform, or names no argument that could carry an enforced key.
    pub fn with_keys(self, platform: PlatformName, keys: Keys) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            if matches!(keys, Keys::Enforced { .. }) && profile.key_argument.is_none() {
                return Err(format!("`{platform}`: no argument carries a key that the tool could enforce"));
            }
            profile.keys = keys;
            Ok(())
        })
    }

    /// Sets how long one call may take (PUB-11).
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

    /// Sets what one effect costs (PUB-15).
    ///
    /// # Errors
    /// When the profile does not serve the platform.
    pub fn with_price(self, platform: PlatformName, price: Money) -> Result<Self, ProfileError> {
        self.change(platform, |profile| {
            profile.price = price;
            Ok(())
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

impl PlatformProfile {
    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> PlatformName {
        self.platform
    }

    /// The public page of an account, where the profile knows how it is spelled.
    #[must_use]
    pub fn account_url(&self, account: &str) -> Option<String> {
        Some(fill(self.account_url.as_ref()?, account, ""))
    }

    /// What is served for a kind of effect. Profiles describe publishing so far.
    #[must_use]
    pub fn service(&self, kind: EffectKind) -> Option<Service> {
        let takes_ids =
            self.publish.invocation.takes(Input::MediaIds) || self.publish.invocation.takes(Input::MediaId);
        (kind == EffectKind::Publish).then(|| Service {
            keys: self.keys,
            look_up: self.list.is_some(),
            uploads: self.upload.is_some() && takes_ids,
            timeout: self.timeout,
            settle: self.settle,
            price: self.price,
        })
    }

    /// Every tool that the profile calls, with the operation's name.
    pub(crate) fn invocations(&self) -> impl Iterator<Item = (&'static str, &Invocation)> {
        let publish = Some(("publish", &self.publish.invocation));
        let upload = self.upload.as_ref().map(|upload| ("upload", &upload.invocation));
        let list = self.list.as_ref().map(|list| ("list", &list.invocation));
        let get = self.get.as_ref().map(|get| ("get", &get.invocation));
        [publish, upload, list, get].into_iter().flatten()
    }
}

/// Fills a URL template. Ids and accounts come from outside, so what has a meaning in a URL is encoded.
pub(crate) fn fill(template: &str, account: &str, id: &str) -> String {
    template.replace("{account}", &encoded(account)).replace("{id}", &encoded(id))
}

/// Percent-encodes everything that is neither unreserved (RFC 3986, 2.3) nor `:`, which LinkedIn's ids hold.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_is_sound() {
        let profile = Profile::seeds().unwrap();
        let served: Vec<_> = profile.platforms().map(PlatformProfile::platform).collect();
        assert_eq!(served, [PlatformName::Twitter, PlatformName::Instagram, PlatformName::LinkedIn]);
        let service = |platform| profile.platform(platform).unwrap().service(EffectKind::Publish).unwrap();
        assert_eq!(
            service(PlatformName::Twitter).keys,
            Keys::Enforced { retention: TimeDelta::seconds(86_400) }
        );
        assert_eq!(service(PlatformName::Instagram).keys, Keys::Advisory);
        assert!(service(PlatformName::LinkedIn).uploads && service(PlatformName::LinkedIn).look_up);
        let twitter = profile.platform(PlatformName::Twitter).unwrap();
        assert_eq!(twitter.account_url("me/x").as_deref(), Some("https://twitter.com/me%2Fx"));
        assert!(twitter.service(EffectKind::Like).is_none());
    }

    #[test]
    fn a_host_may_change_what_only_it_knows() {
        let seeds = || Profile::seeds().unwrap();
        let changed = seeds()
            .with_keys(PlatformName::Twitter, Keys::Advisory)
            .and_then(|profile| profile.with_timeout(PlatformName::Twitter, TimeDelta::seconds(1)))
            .and_then(|profile| profile.with_settle(PlatformName::Twitter, TimeDelta::zero()))
            .and_then(|profile| profile.with_price(PlatformName::Twitter, Money::usd_micros(5)))
            .unwrap();
        let service = changed.platform(PlatformName::Twitter).unwrap().service(EffectKind::Publish).unwrap();
        assert_eq!(service.keys, Keys::Advisory);
        assert_eq!(service.timeout, TimeDelta::seconds(1));
        assert_eq!(service.settle, TimeDelta::zero());
        assert_eq!(service.price, Money::usd_micros(5));
        assert!(seeds().with_timeout(PlatformName::Twitter, TimeDelta::zero()).is_err());
        assert!(seeds().with_settle(PlatformName::Twitter, TimeDelta::seconds(-1)).is_err());
        assert!(seeds().with_price(PlatformName::Threads, Money::usd_micros(5)).is_err());
    }
}
