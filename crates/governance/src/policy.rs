//! A policy: from where on confidence acts, what goes to a person whatever the confidence, for how long a yes holds.
//!
//! INVARIANT: a `Policy` exists only if its document was sound as a whole, so that nothing opens by a typo (GOV-06).

mod read;

use std::collections::{BTreeMap, BTreeSet};

use chimera_contracts::{CampaignId, Confidence, Fault, Faults};
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::flag::Flag;

pub use read::policy_schema;

/// The longest time that a policy may give a review or an approval: thirty days.
const LONGEST_S: u32 = 30 * 86_400;

/// A policy as it is written down, JSON or TOML. Unknown members are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// The version of this document: 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u32,
    /// Its name in evidence: 1 to 64 of `[a-z0-9_-]`.
    #[schemars(extend("pattern" = "^[a-z0-9_-]{1,64}$"))]
    pub name: String,
    /// Raised by whoever changes it.
    pub version: u32,
    /// A confidence above this acts at once.
    #[schemars(range(min = 0, max = 1))]
    pub act_above: f64,
    /// A confidence from this on, up to `act_above`, is decided by a person; below it is refused.
    #[schemars(range(min = 0, max = 1))]
    pub review_from: f64,
    /// What goes to a person whatever the confidence; `unclassified` has to be among them.
    pub always_review: BTreeSet<Flag>,
    /// What gets no automated reply when the thread shows it.
    pub never_answer: BTreeSet<Flag>,
    /// Whether the first actions of a campaign, and the first on a platform, go to a person.
    #[serde(default)]
    pub warm_up: Option<WarmUp>,
    /// Whether to pause when four fifths of a rate limit are used up (ENG-13).
    #[serde(default)]
    pub pause_near_limit: bool,
    /// How long a review may wait, in seconds.
    #[schemars(range(min = 1, max = LONGEST_S))]
    pub review_within_s: u32,
    /// How long an approval holds, in seconds.
    #[schemars(range(min = 1, max = LONGEST_S))]
    pub approval_holds_s: u32,
}

/// How many first actions a person looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// Of a campaign.
    pub campaign: u32,
    /// Of a campaign on one platform.
    pub platform: u32,
}

/// A sound policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    document: PolicyDocument,
    act_above: Confidence,
    review_from: Confidence,
}

impl Policy {
    /// The seed's rules: above 0.90 act, from 0.70 ask, below refuse; sensitive topics to a person (ENG-05, ENG-06).
    ///
    /// # Errors
    /// Never with the document as it is; a test holds it to that.
    pub fn seed() -> Result<Self, Faults> {
        Self::try_from(seed_document())
    }

    /// The seed's rules for those who begin: the first five actions of a campaign and the first on a platform go to a
    /// person, and work pauses near a limit.
    ///
    /// # Errors
    /// Never with the document as it is; a test holds it to that.
    pub fn cautious() -> Result<Self, Faults> {
        Self::try_from(PolicyDocument {
            name: "cautious".to_owned(),
            warm_up: Some(WarmUp { campaign: 5, platform: 1 }),
            pause_near_limit: true,
            ..seed_document()
        })
    }

    /// The policy as it is written down.
    #[must_use]
    pub const fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// Name and version, such as `seed@1`; the principal of decisions that the policy made.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.document.name, self.document.version)
    }

    /// A confidence above this acts at once.
    #[must_use]
    pub const fn act_above(&self) -> Confidence {
        self.act_above
    }

    /// A confidence from this on is decided by a person.
    #[must_use]
    pub const fn review_from(&self) -> Confidence {
        self.review_from
    }

    /// How long a review may wait.
    #[must_use]
    pub fn review_within(&self) -> TimeDelta {
        TimeDelta::seconds(self.document.review_within_s.into())
    }

    /// How long an approval holds.
    #[must_use]
    pub fn approval_holds(&self) -> TimeDelta {
        TimeDelta::seconds(self.document.approval_holds_s.into())
    }
}

fn seed_document() -> PolicyDocument {
    let reviewed = Flag::ALL.iter().copied().filter(|flag| *flag != Flag::Harassment);
    PolicyDocument {
        v: 1,
        name: "seed".to_owned(),
        version: 1,
        act_above: 0.90,
        review_from: 0.70,
        always_review: reviewed.collect(),
        never_answer: BTreeSet::from([Flag::Harassment]),
        warm_up: None,
        pause_near_limit: false,
        review_within_s: 86_400,
        approval_holds_s: 86_400,
    }
}

impl TryFrom<PolicyDocument> for Policy {
    type Error = Faults;

    /// Takes a document that is sound.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    fn try_from(document: PolicyDocument) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut expect = |holds: bool, pointer: &str, expected: &str, got: String| {
            if !holds {
                faults.push(Fault::new(pointer, expected, got));
            }
        };
        let name = &document.name;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let named = (1..=64).contains(&name.len()) && name.bytes().all(plain);
        expect(named, "/name", "1 to 64 of `[a-z0-9_-]`", format!("{} bytes", name.len()));
        expect(document.v == 1, "/v", "1, the version that this software reads", document.v.to_string());
        let spans = [
            ("/review_within_s", document.review_within_s),
            ("/approval_holds_s", document.approval_holds_s),
        ];
        for (pointer, span) in spans {
            expect((1..=LONGEST_S).contains(&span), pointer, "1 to 2592000 seconds", span.to_string());
        }
        let act_above = Confidence::try_from(document.act_above);
        let review_from = Confidence::try_from(document.review_from);
        let a_number = "a finite number from 0 to 1";
        expect(act_above.is_ok(), "/act_above", a_number, document.act_above.to_string());
        expect(review_from.is_ok(), "/review_from", a_number, document.review_from.to_string());
        faults.extend(read::blind(document.always_review.contains(&Flag::Unclassified)));
        faults.extend(read::crossed(document.act_above, document.review_from));
        Faults::check(faults)?;
        match (act_above, review_from) {
            (Ok(act_above), Ok(review_from)) => Ok(Self { document, act_above, review_from }),
            _ => Err(Fault::new("", "two confidences", "none").into()),
        }
    }
}

/// Which policy counts for a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policies {
    of: BTreeMap<CampaignId, Policy>,
    others: Option<Policy>,
}

impl Policies {
    /// No policy: everything is refused with `POLICY_MISSING`.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One policy for every campaign that has none of its own.
    #[must_use]
    pub fn all(policy: Policy) -> Self {
        Self { others: Some(policy), ..Self::default() }
    }

    /// A campaign's own policy.
    #[must_use]
    pub fn of(mut self, campaign: CampaignId, policy: Policy) -> Self {
        self.of.insert(campaign, policy);
        self
    }

    /// The policy that counts for a campaign.
    #[must_use]
    pub fn policy(&self, campaign: CampaignId) -> Option<&Policy> {
        self.of.get(&campaign).or(self.others.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_sound() {
        let seed = Policy::seed().unwrap();
        assert_eq!((seed.act_above().get(), seed.review_from().get()), (0.90, 0.70));
        assert_eq!(seed.id(), "seed@1");
        assert!(seed.document().warm_up.is_none());
        let cautious = Policy::cautious().unwrap();
        assert_eq!(cautious.document().warm_up, Some(WarmUp { campaign: 5, platform: 1 }));
    }

    #[test]
    fn a_bad_policy_is_refused_whole() {
        let document = PolicyDocument {
            v: 2,
            name: "Bad Name".to_owned(),
            act_above: f64::NAN,
            review_from: 1.5,
            review_within_s: 0,
            approval_holds_s: u32::MAX,
            always_review: BTreeSet::new(),
            ..seed_document()
        };
        let faults = Policy::try_from(document).unwrap_err();
        let pointers: Vec<_> = faults.as_slice().iter().map(|fault| fault.pointer.as_str()).collect();
        let expected = [
            "/act_above",
            "/always_review",
            "/approval_holds_s",
            "/name",
            "/review_from",
            "/review_within_s",
            "/v",
        ];
        assert_eq!(pointers, expected);
        let turned = PolicyDocument { act_above: 0.5, ..seed_document() };
        assert_eq!(Policy::try_from(turned).unwrap_err().as_slice()[0].pointer, "/review_from");
    }

    #[test]
    fn a_document_has_no_other_members() {
        let mut json = serde_json::to_value(seed_document()).unwrap();
        assert_eq!(serde_json::from_value::<PolicyDocument>(json.clone()).unwrap(), seed_document());
        json["act_abov"] = 0.1.into();
        assert!(serde_json::from_value::<PolicyDocument>(json).is_err());
    }

    #[test]
    fn a_campaign_may_have_a_policy_of_its_own() {
        let campaign = |n| CampaignId::from_uuid(chimera_contracts::derive_uuid("test", &[&[n]]));
        let policies = Policies::all(Policy::seed().unwrap()).of(campaign(1), Policy::cautious().unwrap());
        assert_eq!(policies.policy(campaign(1)).map(Policy::id).as_deref(), Some("cautious@1"));
        assert_eq!(policies.policy(campaign(2)).map(Policy::id).as_deref(), Some("seed@1"));
        assert!(Policies::none().policy(campaign(1)).is_none());
    }
}
