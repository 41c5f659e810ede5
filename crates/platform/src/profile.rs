//! Profiles: what a server's tools are called, what they take and what they answer, as data (MCP-02).
//!
//! A profile is TOML or JSON, read once and checked whole: every section says what is wrong with it in one error. The built-in
//! profile for the tools that the seeds name is [`Profile::seeds`]; its file shows the form.

mod change;
mod invocation;
mod operation;
mod read;
mod template;

use std::collections::BTreeMap;

use chimera_contracts::{Money, PlatformName};
use chimera_effect::{EffectKind, Service};
use chrono::TimeDelta;

pub(crate) use invocation::{Argument, Input, Invocation, Part, Template};
pub(crate) use operation::{
    ActTool, Calls, Condition, Delete, DeleteTool, ErrorRule, GetTool, IdKind, ListTool, MediaKind, Naming,
    NextPage, PrepareTool, Shape, SignInTool, StateTool, TargetTool, UploadTool, WhoAmITool, Wrap, is_no,
    is_set, is_yes,
};
pub(crate) use template::{Parts, names};

use crate::limits::RateLimit;
use crate::targets::{TargetFault, TargetKind};

/// The profiles of this crate, each by its name: the tools that the seeds name, and those of public servers.
const BUILT_IN: [(&str, &str); 7] = [
    ("seeds", include_str!("../profiles/seeds.toml")),
    ("x-mcp-server", include_str!("../profiles/x-mcp-server.toml")),
    ("thenavidm-instagram-mcp", include_str!("../profiles/thenavidm-instagram-mcp.toml")),
    ("meta-threads-mcp", include_str!("../profiles/meta-threads-mcp.toml")),
    ("ldraney-linkedin-mcp", include_str!("../profiles/ldraney-linkedin-mcp.toml")),
    ("yt-studio-mcp", include_str!("../profiles/yt-studio-mcp.toml")),
    ("tiktok-studio-mcp", include_str!("../profiles/tiktok-studio-mcp.toml")),
];

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
    /// What one call costs that only reads.
    pub(crate) read_price: Money,
    /// What the host has to give, with what it is.
    pub(crate) settings: BTreeMap<String, String>,
    /// The largest answer that is read, in bytes.
    pub(crate) answer_limit: u32,
    pub(crate) sign_in: Option<SignInTool>,
    pub(crate) who_am_i: Option<WhoAmITool>,
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

/// How something is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion<'a> {
    /// By this tool.
    Tool(&'a str),
    /// Not at all; why.
    Never(&'a str),
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
        Self::named("seeds")
    }

    /// The built-in profile of a public server, by the name of its package: `x-mcp-server`, `thenavidm-instagram-mcp`,
    /// `meta-threads-mcp`, `ldraney-linkedin-mcp`, `yt-studio-mcp`, `tiktok-studio-mcp`. Which version it was written for, and
    /// what the server cannot do, stands in its file.
    ///
    /// # Errors
    /// When there is none of that name; the known names are told.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text),
            None => {
                let known: Vec<_> = Self::names().map(|name| format!("`{name}`")).collect();
                Err(ProfileError::one(format!(
                    "there is no built-in profile `{name}`; there are {}",
                    known.join(", ")
                )))
            }
        }
    }

    /// The names of the built-in profiles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Reads a profile, written as TOML or as JSON.
    ///
    /// # Errors
    /// With every fault that was found.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        read::profile(text)
    }

    /// The JSON Schema (2020-12) of a profile: every key, what it means, which have to be there.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        read::schema()
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

    /// The largest answer that is to be read from its server, in bytes: what the client of the server is given as its limit.
    #[must_use]
    pub fn answer_limit(&self) -> usize {
        let limits = self.platforms.values().map(|platform| platform.answer_limit);
        limits.max().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
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
            look_rules: act.look_rules,
            uploads: self.upload.is_some() && act.takes_media_ids(),
            timeout: self.timeout(act),
            settle: self.settle,
            grace: TimeDelta::zero(),
            look_every: act.list.as_ref().map_or_else(TimeDelta::zero, |list| list.look_every),
            price: act.price.unwrap_or(self.price),
        })
    }

    /// What one look costs at least that searches for an effect of this kind: the first call of it.
    #[must_use]
    pub fn look_price(&self, kind: EffectKind) -> Option<Money> {
        let act = self.acts.get(&kind)?;
        let state = act.state.as_ref().map(|state| state.price);
        let list = act.list.as_ref().map(|list| list.price);
        let get = act.get.as_ref().map(|get| get.price);
        Some(state.or(list).or(get)?.unwrap_or(self.read_price))
    }

    /// The tools that act for a kind of effect, each once: what is called besides makes nothing public.
    #[must_use]
    pub fn acting_tools(&self, kind: EffectKind) -> Vec<String> {
        let calls = self.acts.get(&kind).into_iter().flat_map(|act| act.calls.all());
        let tools: std::collections::BTreeSet<_> = calls.map(|call| call.tool.clone()).collect();
        tools.into_iter().collect()
    }

    /// How an effect of this kind is taken back; `None` where the profile does not say.
    #[must_use]
    pub fn deletion(&self, kind: EffectKind) -> Option<Deletion<'_>> {
        Some(match self.acts.get(&kind)?.delete.as_ref()? {
            Delete::Tool(tool) => Deletion::Tool(&tool.invocation.tool),
            Delete::Never(reason) => Deletion::Never(reason),
        })
    }

    /// What the host has to give with a binding: names, each with what it is.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, what)| (name.as_str(), what.as_str()))
    }

    /// Whether words can go with a kind of effect.
    #[must_use]
    pub fn takes_text(&self, kind: EffectKind) -> bool {
        self.acts.get(&kind).is_some_and(ActTool::takes_text)
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

    /// How long an act may take, with the steps before it.
    pub(crate) fn timeout(&self, act: &ActTool) -> TimeDelta {
        act.timeout.unwrap_or(self.timeout)
    }

    /// Every tool that the profile calls for a kind of effect, with the operation's name.
    pub(crate) fn invocations(&self, kind: EffectKind) -> Vec<(&'static str, &Invocation)> {
        let Some(act) = self.acts.get(&kind) else { return Vec::new() };
        let needs_media = act.needs_media && act.prepare.is_none();
        let mut calls: Vec<_> = act.calls.reached(needs_media).map(|call| (kind.as_str(), call)).collect();
        if let Some(prepare) = &act.prepare {
            calls.extend(prepare.calls.all().map(|call| ("prepare", call)));
        }
        let upload = self.upload.as_ref().filter(|_| kind == EffectKind::Publish);
        let look_up = act.target.and_then(|target| self.look_ups.get(&target));
        let delete = act.delete.as_ref().and_then(|delete| match delete {
            Delete::Tool(tool) => Some(&tool.invocation),
            Delete::Never(_) => None,
        });
        let others = [
            ("sign_in", self.sign_in.as_ref().map(|sign_in| &sign_in.invocation)),
            ("whoami", self.who_am_i.as_ref().map(|who_am_i| &who_am_i.invocation)),
            ("upload", upload.map(|upload| &upload.invocation)),
            ("list", act.list.as_ref().map(|list| &list.invocation)),
            ("get", act.get.as_ref().map(|get| &get.invocation)),
            ("state", act.state.as_ref().map(|state| &state.invocation)),
            ("look_up", look_up.map(|look_up| &look_up.invocation)),
            ("delete", delete),
        ];
        calls.extend(others.into_iter().filter_map(|(name, call)| Some((name, call?))));
        calls
    }

    /// Every call of every kind.
    pub(crate) fn every_call(&self) -> impl Iterator<Item = &Invocation> {
        self.acts.keys().flat_map(|kind| self.invocations(*kind)).map(|(_, call)| call)
    }
}

#[cfg(test)]
mod tests {
    use chimera_effect::Keys;

    use super::*;

    #[test]
    fn every_built_in_profile_is_read_by_its_name() {
        for name in Profile::names() {
            let profile = Profile::named(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(profile.name(), name);
            for platform in profile.platforms() {
                assert!(platform.acts.contains_key(&EffectKind::Publish), "{name}");
                assert!(name == "seeds" || platform.who_am_i.is_some(), "{name}: acts in any account");
                for kind in platform.served() {
                    let said = name == "seeds" || platform.deletion(kind).is_some();
                    assert!(said, "{name} {kind:?}: how it is taken back is not said");
                }
            }
        }
        let unknown = Profile::named("x-mcp").unwrap_err().to_string();
        assert!(unknown.contains("`x-mcp-server`"), "{unknown}");
    }

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
