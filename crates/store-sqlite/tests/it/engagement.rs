//! The engagement record (ENG-12): a row for each engagement that happened, beside the publications and apart from them.

use std::sync::Arc;

use chimera_contracts::{Clock, Money, PlatformName};
use chimera_effect::{
    Admission, Advance, Effect, EffectJournal as _, EffectKind, EffectV1, Evidence, ExternalPost, Step,
};
use chimera_governance::{Approver, ApproverRole, Claim, Decision, Gate};
use chimera_testkit::conformance::{StoreFactory as _, Stores};
use chimera_testkit::{Scene, admit_request, block_on, done, new_effect, sample_decision, sample_effect};

use crate::factory::Sqlite;

/// One effect, approved in this role, that happened.
async fn acted(sqlite: &Sqlite, kind: EffectKind, text: &str, role: ApproverRole) -> Scene {
    let (store, clock) = (sqlite.store(), sqlite.clock() as Arc<dyn Clock>);
    let stores = Stores::of(Arc::clone(&store));
    let scene = Scene::named(&format!("{} by {role}", kind.as_str()));
    let sample = sample_effect(&scene, PlatformName::Twitter, text).content().clone();
    let target = (kind != EffectKind::Publish).then(|| "1790000000000000001".to_owned());
    let effect = Effect::new(EffectV1 { kind, target, ..sample }).unwrap();
    let decision = sample_decision(&scene, std::slice::from_ref(&effect), clock.as_ref());
    let decision = Decision { approver: Approver { role, ..decision.approver }, ..decision };
    stores.approvals.record(decision).await.unwrap();
    stores.budget.set_limit(&scene.scope(), Money::usd_micros(1_000_000)).await.unwrap();
    let gate = Gate::new(Arc::clone(&stores.approvals), clock);
    let claim = Claim { role, ..scene.claim() };
    let id = scene.key.effect_id(&effect.digest());
    let approved = gate.check(effect, id, None, &claim).await.unwrap();
    let admission = store.admit(admit_request(&scene, vec![new_effect(approved, true)])).await.unwrap();
    let Admission::Fresh(view) = admission else { panic!("the request is new") };
    let record = &view.effects[0];
    let (epoch, version) = (record.progress.epoch, record.progress.version);
    let url = Some(format!("https://x.com/i/{}", kind.as_str()));
    let Evidence { post, said, cost } = done(kind.as_str());
    let step = Step::Done {
        evidence: Evidence { post: ExternalPost { url, ..post }, said, cost },
        found_by: chimera_effect::FoundBy::Answer,
    };
    store.advance(Advance { effect: record.id, epoch, version, step, keep: None }).await.unwrap();
    let stored = store.request(&scene.key).await.unwrap().expect("it was admitted");
    assert_eq!(stored.effects[0].approver.role, role, "each role is read back");
    scene
}

/// The columns of the rows of a view, as text, by external id.
fn rows(sqlite: &Sqlite, view: &str, columns: &[&str]) -> Vec<Vec<Option<String>>> {
    let connection = rusqlite::Connection::open(sqlite.path()).unwrap();
    let sql = format!("SELECT {} FROM {view} ORDER BY external_id", columns.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let rows =
        statement.query_map([], |row| (0..columns.len()).map(|column| row.get(column)).collect()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn engagements_and_publications_are_told_apart() {
    let sqlite = Sqlite::new();
    let scene = block_on(async {
        acted(&sqlite, EffectKind::Publish, "Hello", ApproverRole::Judge).await;
        acted(&sqlite, EffectKind::Like, "", ApproverRole::Policy).await;
        acted(&sqlite, EffectKind::Share, "Worth reading", ApproverRole::HitlReviewer).await
    });
    let some = |text: &str| Some(text.to_owned());
    let columns = ["action", "text", "approval_type", "target", "external_url"];
    let target = some("1790000000000000001");
    assert_eq!(
        rows(&sqlite, "engagement", &columns),
        [
            [some("like"), None, some("auto"), target.clone(), some("https://x.com/i/like")],
            [some("share"), some("Worth reading"), some("hitl"), target, some("https://x.com/i/share")],
        ]
    );
    let posts = rows(&sqlite, "publication", &["external_id", "approval_type"]);
    assert_eq!(posts, [[some("publish"), some("auto")]]);

    // The id is the one on the wire, and everything else traces to where it came from.
    let columns = [
        "engagement_id",
        "platform",
        "account_id",
        "external_id",
        "happened_at",
        "campaign_id",
        "correlation_id",
        "approver",
        "decision_id",
        "content_digest",
        "idempotency_key",
    ];
    let share = rows(&sqlite, "engagement", &columns).remove(1);
    assert!(share.iter().all(|value| value.as_ref().is_some_and(|value| !value.is_empty())), "{share:?}");
    assert_eq!(share[0], Some(format!("eng_{}", scene.key.request_id().as_uuid().simple())));
    assert_eq!(share[5], Some(scene.campaign.to_string()));
    assert_eq!(share[6], Some(scene.correlation.to_string()));
    assert_eq!(share[10], Some(scene.key.key));
}
