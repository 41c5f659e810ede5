//! What a look asks and who owns what, for the tests of looks.

use chimera_contracts::{EffectId, StoreError};
use chimera_effect::{Candidate, LookUp, OwnedPost, PostOwners};

use super::*;

/// A journal's answers about owners.
#[derive(Debug, Default)]
pub(super) struct Owners(pub(super) Vec<OwnedPost>);

#[async_trait]
impl PostOwners for Owners {
    async fn owners(&self, ids: &[String]) -> Result<Vec<OwnedPost>, StoreError> {
        Ok(self.0.iter().filter(|owned| ids.contains(&owned.external_id)).cloned().collect())
    }
}

/// Another effect's post.
pub(super) fn owned(id: &str, text: &str) -> OwnedPost {
    OwnedPost {
        external_id: id.to_owned(),
        effect: EffectId::from_uuid(Uuid::from_u128(99)),
        kind: EffectKind::Publish,
        target: None,
        text: text.to_owned(),
        known_at: at(-50),
    }
}

/// The question about an effect whose first attempt began 60 seconds ago and could act until 9 seconds ago.
pub(super) fn question(effect: &Effect) -> LookUp {
    LookUp {
        call_key: key(effect),
        effect: effect.clone(),
        effect_id: effect_id(),
        since: at(-60),
        until: at(-9),
        candidates: Vec::new(),
        doubted: Vec::new(),
        has_lookalike: false,
        equals: 1,
        place: 0,
        trace: trace(),
    }
}

pub(super) fn named(id: &str) -> Vec<Candidate> {
    vec![Candidate { id: id.to_owned(), url: None, may_be_older: false }]
}

pub(super) fn look(world: &World, look: &LookUp, owners: &Owners) -> Finding {
    world.platform.find(look, owners).now_or_never().unwrap()
}

/// A look for an effect of whose attempts nothing is known.
pub(super) fn looking(world: &World, effect: &Effect) -> Finding {
    look(world, &question(effect), &Owners::default())
}

/// What a look came to: `there ID`, `absent`, `doubt IDS`, `open`, `blind`.
pub(super) fn told(finding: &Finding) -> String {
    match finding {
        Finding::There(evidence) => format!("there {}", evidence.post.id),
        Finding::Absent(_) => "absent".to_owned(),
        Finding::InDoubt(report) => {
            assert!(report.missing.is_some(), "{report:?}");
            let ids = report.in_doubt.iter().map(|item| item.id.clone().unwrap_or_else(|| "-".to_owned()));
            format!("doubt {}", ids.collect::<Vec<_>>().join(" ")).trim().to_owned()
        }
        Finding::Open(report) => {
            assert!(report.missing.is_some(), "{report:?}");
            "open".to_owned()
        }
        Finding::Blind { .. } => "blind".to_owned(),
    }
}
