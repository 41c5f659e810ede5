//! Which rule strikes a call.
//!
//! Strikes are counted in the record, not in memory: a process that dies of a fault must not meet the same fault
//! again after its restart when the rule said once.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Fault, FaultRule};
use crate::{error::SandboxError, platform::Platform, tools::ToolName};

/// How often and since when a rule has struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Strikes {
    /// Calls struck so far.
    pub(crate) count: u32,
    /// The first of them.
    pub(crate) first: Option<DateTime<Utc>>,
}

/// What rules tell calls apart by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'call> {
    pub(crate) platform: Platform,
    pub(crate) tool: ToolName,
    pub(crate) account: Option<&'call str>,
    pub(crate) target: Option<&'call str>,
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
        mark: &Mark<'_>,
        now: DateTime<Utc>,
        strikes: impl Fn(&str) -> Strikes,
    ) -> Option<Strike> {
        self.rules
            .iter()
            .filter(|named| named.rule.fits(mark))
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
        let mark = Mark {
            platform: rule.platform,
            tool: rule.struck_tool(),
            account: rule.account.as_deref(),
            target: rule.target.as_deref(),
        };
        faults.strike(&mark, at(now), |_| used).map(|strike| strike.fault)
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
            FaultRule::new(Platform::LinkedIn, Fault::Auth).on(ToolName::FollowUser),
            FaultRule::new(Platform::Twitter, Fault::Auth).at("1"),
            FaultRule::new(Platform::Twitter, Fault::Auth).on(ToolName::UploadMedia).by("me"),
        ];
        for rule in refused {
            assert!(Faults::new(std::slice::from_ref(&rule)).is_err(), "{rule:?}");
        }
    }

    #[test]
    fn a_rule_strikes_whom_it_names() {
        let like = |account, target| Mark {
            platform: Platform::TikTok,
            tool: ToolName::LikeVideo,
            account: Some(account),
            target: Some(target),
        };
        let rule = FaultRule::new(Platform::TikTok, Fault::Auth).on(ToolName::LikeVideo);
        let table = [
            (rule.clone(), [true, true, true]),
            (rule.clone().by("me"), [true, true, false]),
            (rule.clone().at("1"), [true, false, true]),
            (rule.by("me").at("1"), [true, false, false]),
            (FaultRule::new(Platform::TikTok, Fault::Auth), [false, false, false]),
        ];
        for (rule, expected) in table {
            let struck = [like("me", "1"), like("me", "2"), like("you", "1")].map(|mark| rule.fits(&mark));
            assert_eq!(struck, expected, "{rule:?}");
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
