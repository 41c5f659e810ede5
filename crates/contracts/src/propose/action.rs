//! One proposed action as it is reviewed: the bytes and the digest that a decision binds (PRO-11).
//!
//! Whatever a reviewer was shown is in it, the proposal and the artifact that the action belongs to included, so that an
//! approval of one action says nothing about another. Estimates are kept as decimal texts, because hashed documents hold
//! no fraction.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::Serialize;

use super::{AlwaysTrue, Impact, ProposedAction};
use crate::canonical::{CanonicalError, to_canonical, to_statement};
use crate::digest::Digest;
use crate::id::Namespace;

/// The domain of action digests.
const DOMAIN: &str = "chimera/proposed-action/v1";

#[derive(Serialize)]
struct Reviewed<'a> {
    action: Action<'a>,
    artifact_id: &'a str,
    namespace: &'a Namespace,
    proposal_id: &'a str,
    spec_version: &'a str,
    v: u8,
}

#[derive(Serialize)]
struct Action<'a> {
    action_id: &'a str,
    action_type: &'a str,
    approval_required: AlwaysTrue,
    estimated_impact: BTreeMap<&'a str, String>,
    scheduled_time: Option<String>,
    target: &'a str,
}

/// The canonical bytes of one action of a proposal, in the restricted form that is hashed.
///
/// # Errors
/// When the action has no canonical form, which its types rule out.
pub fn action_bytes(
    namespace: &Namespace,
    proposal_id: &str,
    artifact_id: &str,
    spec_version: &str,
    action: &ProposedAction,
) -> Result<Vec<u8>, CanonicalError> {
    let impact = action.estimated_impact.iter().map(|(metric, impact)| Ok((&**metric, decimal(*impact)?)));
    let action = Action {
        action_id: &action.action_id,
        action_type: &action.action_type,
        approval_required: action.approval_required,
        estimated_impact: impact.collect::<Result<_, CanonicalError>>()?,
        scheduled_time: action.scheduled_time.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        target: &action.target,
    };
    to_statement(&Reviewed { action, artifact_id, namespace, proposal_id, spec_version, v: 1 })
}

/// The digest of one action of a proposal: what an approval of it lists.
#[must_use]
pub fn action_digest(
    namespace: &Namespace,
    proposal_id: &str,
    artifact_id: &str,
    spec_version: &str,
    action: &ProposedAction,
) -> Digest {
    // The types leave no action without canonical form: texts, and a version. Were there one, no reviewer could have been
    // shown its bytes, so that nobody would have approved this digest of the reason.
    let bytes = action_bytes(namespace, proposal_id, artifact_id, spec_version, action)
        .unwrap_or_else(|error| error.to_string().into_bytes());
    Digest::tagged(DOMAIN, &bytes)
}

/// The number as RFC 8785 prints it: the shortest decimal that reads back as the same double.
fn decimal(impact: Impact) -> Result<String, CanonicalError> {
    let bytes = to_canonical(&impact)?;
    String::from_utf8(bytes).map_err(|error| CanonicalError::NotJson(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ProposedAction {
        ProposedAction {
            action_id: "a-1".to_owned(),
            action_type: "schedule".to_owned(),
            target: "twitter".to_owned(),
            scheduled_time: Some("2026-02-10T08:00:00Z".parse().unwrap()),
            estimated_impact: [("reach", 1200.0), ("engagement_rate", 0.034)]
                .map(|(metric, number)| (metric.to_owned(), Impact::try_from(number).unwrap()))
                .into(),
            approval_required: AlwaysTrue,
        }
    }

    fn digest(action: &ProposedAction) -> Digest {
        action_digest(&Namespace::default(), "p-1", "artifact", "1.0.0", action)
    }

    #[test]
    fn estimates_are_decimal_texts() {
        let bytes = action_bytes(&Namespace::default(), "p-1", "artifact", "1.0.0", &sample()).unwrap();
        let expected = concat!(
            r#"{"action":{"action_id":"a-1","action_type":"schedule","approval_required":true,"#,
            r#""estimated_impact":{"engagement_rate":"0.034","reach":"1200"},"#,
            r#""scheduled_time":"2026-02-10T08:00:00Z","target":"twitter"},"artifact_id":"artifact","#,
            r#""namespace":"default","proposal_id":"p-1","spec_version":"1.0.0","v":1}"#,
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(digest(&sample()), Digest::tagged("chimera/proposed-action/v1", &bytes));
    }

    #[test]
    fn no_number_is_beyond_a_digest() {
        for number in [0.1, 1e300, -2.5, f64::MIN_POSITIVE, 9_007_199_254_740_993.0] {
            let impact = [("m".to_owned(), Impact::try_from(number).unwrap())].into();
            let action = ProposedAction { estimated_impact: impact, ..sample() };
            assert!(
                action_bytes(&Namespace::default(), "p", "a", "1", &action).is_ok(),
                "{number} has a canonical form"
            );
        }
    }

    #[test]
    fn one_changed_field_is_another_digest() {
        let sample = sample();
        let other_impact = [("reach".to_owned(), Impact::try_from(1200.5).unwrap())].into();
        let changed = [
            ProposedAction { action_id: "a-2".to_owned(), ..sample.clone() },
            ProposedAction { action_type: "publish".to_owned(), ..sample.clone() },
            ProposedAction { target: "threads".to_owned(), ..sample.clone() },
            ProposedAction { scheduled_time: None, ..sample.clone() },
            ProposedAction { estimated_impact: other_impact, ..sample.clone() },
        ];
        let ours = digest(&sample);
        let (tenant, other) = (Namespace::default(), "other".parse().unwrap());
        let mut digests: Vec<_> = changed.iter().map(digest).collect();
        for (namespace, proposal, artifact, version) in [
            (&other, "p-1", "artifact", "1.0.0"),
            (&tenant, "p-2", "artifact", "1.0.0"),
            (&tenant, "p-1", "artifact-2", "1.0.0"),
            (&tenant, "p-1", "artifact", "1.0.1"),
            (&tenant, "p-1artifact", "", "1.0.0"),
        ] {
            digests.push(action_digest(namespace, proposal, artifact, version, &sample));
        }
        assert!(digests.iter().all(|digest| *digest != ours));
        let count = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), count, "each change is a digest of its own");
    }
}
