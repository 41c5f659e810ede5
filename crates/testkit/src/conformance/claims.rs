//! *Claimed*: what a profile claimed is kept with the attempts that were made under it.

use chimera_contracts::StoreErrorKind;
use chimera_effect::{AcceptedClaims, Advanced, EffectState, SafetyClaims, Step, Window};

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, advance, applied, last, lost, not_done};
use crate::scene::{WINDOW, reviewer};

const CLAIMS: SafetyClaims = SafetyClaims { keys_for_s: Some(60), sets_state: true, look_rules: Some(7) };

fn begin_under(claims: SafetyClaims) -> Step {
    Step::Begin { window: Window { claims, ..WINDOW }, uploads: Vec::new() }
}

fn accept(claims: SafetyClaims, by: &str) -> Step {
    Step::ClaimsAccepted(AcceptedClaims { claims, principal: reviewer(by), note: "read it".to_owned() })
}

/// *Claimed*: of open attempts what all of them claim; of one that begins when none is open its own; also after a crash.
pub async fn attempts_keep_what_was_claimed<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "attempts keep what was claimed").await;
    let record = stage.admitted(1, false).await.effects.remove(0);
    assert_eq!(record.progress.claims, None, "nothing was attempted");
    let begun = stage.apply(&record, begin_under(CLAIMS)).await;
    assert_eq!(begun.progress.claims, Some(CLAIMS));
    let open = stage.apply(&begun, lost()).await;
    let other = SafetyClaims { keys_for_s: Some(10), sets_state: false, look_rules: Some(8) };
    let again = stage.apply(&open, begin_under(other)).await;
    assert_eq!(again.progress.claims, Some(SafetyClaims { look_rules: Some(7), ..other }));
    let stage = stage.crashed().await;
    let leased = stage.lease_one(&again).await.expect("its holder is dead");
    assert_eq!(leased.progress.claims, again.progress.claims);
    let open = stage.apply(&leased, lost()).await;
    let anns = applied(stage.advance(last(&open, accept(other, "ann@example.com"))).await);
    assert_eq!(anns.progress.claims, Some(other));
}

/// *Claimed*: a person's word makes the effect due at once, takes no lease from who works on it, and has an event; nothing but
/// an unknown effect takes it, and not from the one who asked.
pub async fn a_person_accepts_what_is_claimed_now<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a person accepts what is claimed now").await;
    let begun = stage.begun().await;
    let early = stage.stores.journal().advance(last(&begun, accept(CLAIMS, "ann@example.com"))).await;
    assert_eq!(early.unwrap_err().kind, StoreErrorKind::Misuse, "it is not unknown");
    let open = stage.apply(&begun, lost()).await;
    let asker = stage.advance(last(&open, accept(CLAIMS, "planner"))).await;
    assert!(matches!(asker, Advanced::Refused(_)), "{asker:?}");
    let accepted = applied(stage.advance(last(&open, accept(CLAIMS, "ann@example.com"))).await);
    assert_eq!((accepted.progress.state, accepted.progress.needs_human), (EffectState::Unknown, false));
    assert_eq!(accepted.progress.lease, open.progress.lease, "whoever works on it goes on");
    assert_eq!(accepted.progress.due_at, open.progress.settled_from, "not before a look means something");
    stage.tells_of("claims_accepted", 1).await;
    let refused = not_done(chimera_contracts::ErrorCode::PlatformRateLimit);
    applied(stage.advance(advance(&accepted, refused)).await);
}
