//! Faults on demand: what goes wrong, for whom, how often.
//!
//! Strikes are counted in the record, not in memory: a process that dies of a fault must not meet the same fault
//! again after its restart when the rule said once.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{call::Outcome, error::SandboxError, platform::Platform, tools::ToolName};

/// What goes wrong. In JSON a bare name (`"lost_after"`) or an object with one entry (`{"slow": {"ms": 500}}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 429, worded as the platform does. Nothing is made.
    RateLimit {
        /// What the refusal tells the caller to wait; also the length of the limit when the rule gives no other.
        retry_after_seconds: u64,
    },
    /// A 5xx. Nothing is made.
    ServerError {
        /// 500 to 599.
        status: u16,
    },
    /// The work is done, then a 5xx is answered.
    ServerErrorAfterPosting {
        /// 500 to 599.
        status: u16,
    },
    /// No answer ever; nothing is made. Other requests are served.
    LostBefore,
    /// The work is done, then no answer ever. Other requests are served.
    LostAfter,
    /// The process ends without an answer; nothing is made.
    DieBefore,
    /// The work is done, then the process ends without an answer.
    DieAfter,
    /// `isError: false` around `{"error": text}`; nothing is made. Half of the servers in the wild do this.
    SoftError {
        /// The text of the error.
        text: String,
    },
    /// 401. Nothing is made.
    Auth,
    /// 403 on content policy. Nothing is made.
    Policy,
    /// The work is done after a delay, and answered then, also when the caller cancelled: a ghost post.
    Slow {
        /// The delay in milliseconds.
        ms: u64,
    },
    /// Answers `{"draft": true}` and makes nothing public.
    DraftOnly,
}

impl Fault {
    /// The label of a call this struck.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::RateLimit { .. } => Outcome::RateLimit,
            Self::ServerError { .. } => Outcome::ServerError,
            Self::ServerErrorAfterPosting { .. } => Outcome::ServerErrorAfterPosting,
            Self::LostBefore => Outcome::LostBefore,
            Self::LostAfter => Outcome::LostAfter,
            Self::DieBefore => Outcome::DieBefore,
            Self::DieAfter => Outcome::DieAfter,
            Self::SoftError { .. } => Outcome::SoftError,
            Self::Auth => Outcome::Auth,
            Self::Policy => Outcome::Policy,
            Self::Slow { .. } => Outcome::Slow,
            Self::DraftOnly => Outcome::DraftOnly,
        }
    }

    /// Whether the call must first be acceptable: these faults are about work that is done.
    pub(crate) fn needs_the_work(&self) -> bool {
        matches!(
            self,
            Self::ServerErrorAfterPosting { .. } | Self::LostAfter | Self::DieAfter | Self::Slow { .. }
        )
    }
}

/// A fault, whom it strikes and how often. The first rule that is live for a call strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The platform it strikes on.
    pub platform: Platform,
    /// The tool it strikes. Without one: the platform's posting tool only, so that look-ups still tell the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls are struck. Without a number: always, except that a [`Fault::RateLimit`] ends with its own
    /// `retry_after_seconds` unless [`for_seconds`](Self::for_seconds) says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Ends the rule this long after its first strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
}

impl FaultRule {
    /// A rule for the posting tool of a platform that always strikes.
    #[must_use]
    pub fn new(platform: Platform, fault: Fault) -> Self {
        Self { platform, tool: None, fault, times: None, for_seconds: None }
    }

    /// Strikes that many calls and no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes another tool than the posting one.
    #[must_use]
    pub fn on(mut self, tool: ToolName) -> Self {
        self.tool = Some(tool);
        self
    }

    fn struck_tool(&self) -> ToolName {
        self.tool.unwrap_or_else(|| self.platform.post_tool())
    }

    /// How long the rule lives after its first strike.
    fn window(&self) -> Option<u64> {
        match (&self.fault, self.times, self.for_seconds) {
            (_, _, Some(seconds)) => Some(seconds),
            (Fault::RateLimit { retry_after_seconds }, None, None) => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// Refuses rules that could never strike or never mean anything.
    fn check(&self) -> Result<(), SandboxError> {
        let tool = self.struck_tool();
        if self.times == Some(0) {
            return Err(SandboxError::config("a fault with `times` 0 never strikes"));
        }
        if tool.platform().is_some_and(|own| own != self.platform) {
            let (tool, platform) = (tool.name(), self.platform);
            return Err(SandboxError::config(format!("a fault on `{platform}` never strikes `{tool}`")));
        }
        match self.fault {
            Fault::ServerError { status } | Fault::ServerErrorAfterPosting { status }
                if !(500..=599).contains(&status) =>
            {
                Err(SandboxError::config(format!("`{status}` is no server error; use 500 to 599")))
            }
            Fault::DraftOnly if !tool.posts() => {
                Err(SandboxError::config(format!("`draft_only` means nothing for `{}`", tool.name())))
            }
            _ => Ok(()),
        }
    }
}

/// How often and since when a rule has struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Strikes {
    /// Calls struck so far.
    pub(crate) count: u32,
    /// The first of them.
    pub(crate) first: Option<DateTime<Utc>>,
}

/// A rule under the name its strikes are recorded by.
#[derive(Debug, Clone)]
struct NamedRule {
    name: String,
    rule: FaultRule,
}

/// A fault that strikes now.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    /// The name to record.
    pub(crate) rule: String,
    /// What goes wrong.
    pub(crate) fault: Fault,
}

/// The checked rules of a configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    rules: Vec<NamedRule>,
}

impl Faults {
    /// Checks the rules and names them by content and turn, so that order in the configuration may change.
    pub(crate) fn new(rules: &[FaultRule]) -> Result<Self, SandboxError> {
        let mut named: Vec<NamedRule> = Vec::new();
        for rule in rules {
            rule.check()?;
            let turn = named.iter().filter(|earlier| earlier.rule == *rule).count();
            let text =
                serde_json::to_string(rule).map_err(|error| SandboxError::config(error.to_string()))?;
            let digest = hex::encode(Sha256::digest(text.as_bytes()));
            let short: String = digest.chars().take(16).collect();
            named.push(NamedRule { name: format!("{short}-{turn}"), rule: rule.clone() });
        }
        Ok(Self { rules: named })
    }

    /// The fault that strikes this call, if any.
    pub(crate) fn strike(
        &self,
        platform: Platform,
        tool: ToolName,
        now: DateTime<Utc>,
        strikes: impl Fn(&str) -> Strikes,
    ) -> Option<Strike> {
        self.rules
            .iter()
            .filter(|named| named.rule.platform == platform && named.rule.struck_tool() == tool)
            .find_map(|named| strike_now(named, strikes(&named.name), now))
    }
}

fn strike_now(named: &NamedRule, strikes: Strikes, now: DateTime<Utc>) -> Option<Strike> {
    let NamedRule { name, rule } = named;
    if rule.times.is_some_and(|times| strikes.count >= times) {
        return None;
    }
    let left = rule.window().zip(strikes.first).map(|(window, first)| {
        let window =
            TimeDelta::try_milliseconds(i64::try_from(window.saturating_mul(1_000)).unwrap_or(i64::MAX))
                .unwrap_or(TimeDelta::MAX);
        window - now.signed_duration_since(first)
    });
    if left.is_some_and(|left| left <= TimeDelta::zero()) {
        return None;
    }
    let fault = match (&rule.fault, rule.for_seconds, left) {
        // The limit is the window itself: tell what is left of it, rounded up, so that a patient caller succeeds.
        (Fault::RateLimit { .. }, None, Some(left)) => Fault::RateLimit {
            retry_after_seconds: u64::try_from(left.num_milliseconds()).unwrap_or(0).div_ceil(1_000),
        },
        (fault, _, _) => fault.clone(),
    };
    Some(Strike { rule: name.clone(), fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap_or_default()
    }

    fn strikes(rule: &FaultRule, count: u32, now: i64) -> Option<Fault> {
        let faults = Faults::new(std::slice::from_ref(rule)).ok()?;
        let used = Strikes { count, first: (count > 0).then(|| at(0)) };
        faults.strike(rule.platform, rule.struck_tool(), at(now), |_| used).map(|strike| strike.fault)
    }

    #[test]
    fn a_rule_ends_with_its_number_or_its_window() {
        let always = FaultRule::new(Platform::Twitter, Fault::Auth);
        let twice = always.clone().times(2);
        let minute = FaultRule { for_seconds: Some(60), ..always.clone() };
        let endless = FaultRule { for_seconds: Some(u64::MAX), ..always.clone() };
        let table = [
            (&always, 1_000, 1_000_000, true),
            (&twice, 1, 5, true),
            (&twice, 2, 5, false),
            (&minute, 9, 59, true),
            (&minute, 1, 60, false),
            (&endless, 1, 1_000_000, true),
        ];
        for (rule, count, now, expected) in table {
            assert_eq!(strikes(rule, count, now).is_some(), expected, "{rule:?} after {count} at {now}");
        }
    }

    #[test]
    fn a_rate_limit_is_its_own_window_and_tells_what_is_left() {
        let limit = FaultRule::new(Platform::Twitter, Fault::RateLimit { retry_after_seconds: 30 });
        let left = |seconds| Some(Fault::RateLimit { retry_after_seconds: seconds });
        assert_eq!(strikes(&limit, 0, 0), left(30));
        assert_eq!(strikes(&limit, 1, 12), left(18));
        assert_eq!(strikes(&limit, 2, 30), None);
        let once = limit.times(1);
        assert_eq!(strikes(&once, 0, 0), left(30));
        assert_eq!(strikes(&once, 1, 1), None);
    }

    #[test]
    fn rules_that_never_strike_are_refused() {
        let refused = [
            FaultRule::new(Platform::Twitter, Fault::Auth).times(0),
            FaultRule::new(Platform::Twitter, Fault::Auth).on(ToolName::PostInstagram),
            FaultRule::new(Platform::Twitter, Fault::ServerError { status: 404 }),
            FaultRule::new(Platform::Twitter, Fault::DraftOnly).on(ToolName::GetTweet),
        ];
        for rule in refused {
            assert!(Faults::new(std::slice::from_ref(&rule)).is_err(), "{rule:?}");
        }
    }

    #[test]
    fn equal_rules_are_told_apart() {
        let rule = FaultRule::new(Platform::Twitter, Fault::Auth).times(1);
        let names: Vec<String> = Faults::new(&[rule.clone(), rule])
            .map(|faults| faults.rules.into_iter().map(|named| named.name).collect())
            .unwrap_or_default();
        assert_eq!(names.len(), 2);
        assert_ne!(names.first(), names.last());
    }
}
