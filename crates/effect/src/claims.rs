//! What a profile claims about a tool, kept with the attempts that were made under it.
//!
//! A profile is edited, and a server replaced, while outcomes are unknown. A claim of today says nothing about a call of
//! yesterday: a tool that enforces keys now did not take one then. So an unknown effect is resolved by what both claim, and
//! not looked for by other rules before a principal has accepted them.

use chimera_governance::Approver;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::platform::{Keys, Service};

/// What of a [`Service`] makes it safe to call again and to believe a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SafetyClaims {
    /// For how many whole seconds the tool enforces a key; `None` where a key proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_for_s: Option<u32>,
    /// Whether the tool sets a state.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sets_state: bool,
    /// The rules by which what a look shows is read ([`Service::look_rules`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_rules: Option<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A principal's word that what looks show of an unknown effect may be read by the rules of its profile now. What was claimed of
/// keys and states when it was attempted stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedClaims {
    /// What it claims now.
    pub claims: SafetyClaims,
    /// Who: authenticated by the host, a person, and not the one who asked for the effect.
    pub principal: Approver,
    /// Why, for people; kept as an attachment of the evidence.
    pub note: String,
}

impl SafetyClaims {
    /// What attempts may rest on of which some were made under each. Rules of looks stay those of the first.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            keys_for_s: self.keys_for_s.zip(other.keys_for_s).map(|(one, other)| one.min(other)),
            sets_state: self.sets_state && other.sets_state,
            look_rules: self.look_rules.or(other.look_rules),
        }
    }
}

impl Service {
    /// What it claims.
    #[must_use]
    pub fn claims(&self) -> SafetyClaims {
        let keys_for_s = match self.keys {
            Keys::Enforced { retention } => u32::try_from(retention.num_seconds().max(0)).ok(),
            Keys::Advisory => None,
        };
        SafetyClaims { keys_for_s, sets_state: self.sets_state, look_rules: self.look_rules }
    }

    /// The service as far as attempts may rest on it that were made under these claims; all of it where none are known.
    #[must_use]
    pub fn under(self, claims: Option<SafetyClaims>) -> Self {
        let Some(claims) = claims else { return self };
        let keys = match (self.keys, claims.keys_for_s) {
            (Keys::Enforced { retention }, Some(seconds)) => {
                Keys::Enforced { retention: retention.min(TimeDelta::seconds(seconds.into())) }
            }
            _ => Keys::Advisory,
        };
        Self { keys, sets_state: self.sets_state && claims.sets_state, ..self }
    }

    /// Whether it reads what a look shows by other rules than those attempts were made under.
    #[must_use]
    pub fn looks_otherwise(&self, claims: Option<SafetyClaims>) -> bool {
        let before = claims.and_then(|claims| claims.look_rules);
        self.look_up && before.is_some() && before != self.look_rules
    }
}

#[cfg(test)]
mod tests {
    use chimera_contracts::Money;

    use super::*;

    fn service(keys_for: Option<i64>, sets_state: bool, look_rules: Option<u32>) -> Service {
        Service {
            keys: keys_for
                .map_or(Keys::Advisory, |seconds| Keys::Enforced { retention: TimeDelta::seconds(seconds) }),
            sets_state,
            look_up: true,
            look_rules,
            uploads: false,
            timeout: TimeDelta::seconds(10),
            settle: TimeDelta::seconds(5),
            grace: TimeDelta::zero(),
            look_every: TimeDelta::zero(),
            price: Money::usd_micros(0),
        }
    }

    #[test]
    fn both_have_to_claim_it() {
        for (then, now, expected) in [
            (Some(60), Some(60), Some(60)),
            (Some(60), Some(3_600), Some(60)),
            (Some(3_600), Some(60), Some(60)),
            (None, Some(60), None),
            (Some(60), None, None),
        ] {
            for (state_then, state_now) in [(false, false), (false, true), (true, false), (true, true)] {
                let claims = service(then, state_then, Some(1)).claims();
                let under = service(now, state_now, Some(1)).under(Some(claims));
                assert_eq!(under.claims().keys_for_s, expected, "{then:?} {now:?}");
                assert_eq!(under.sets_state, state_then && state_now);
                assert_eq!(claims.and(service(now, state_now, Some(1)).claims()), under.claims());
            }
        }
    }

    #[test]
    fn other_rules_of_looks_are_told() {
        let lists = |look_rules| service(None, false, look_rules);
        for (then, now, otherwise) in [
            (Some(1), Some(1), false),
            (Some(1), Some(2), true),
            (Some(1), None, true),
            // It had no look-up tool: a look-up tool that it has now was made for that.
            (None, Some(2), false),
        ] {
            assert_eq!(lists(now).looks_otherwise(Some(lists(then).claims())), otherwise, "{then:?} {now:?}");
        }
        assert!(!lists(Some(2)).looks_otherwise(None), "an earlier version kept none");
        let none = Service { look_up: false, ..lists(None) };
        assert!(!none.looks_otherwise(Some(lists(Some(1)).claims())), "there is nothing to look with");
    }
}
