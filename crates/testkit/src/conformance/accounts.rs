//! What a look asks a journal about an account: its open effects, and whose its posts are, of every tenant.

use chimera_contracts::{EffectId, ErrorCode, PlatformName};
use chimera_effect::{AccountKey, EffectRecord, EffectV1, RequestKey};

use super::StoreFactory;
use super::ports::GivesJournal;
use super::stage::{Stage, accepted, lost, not_done};
use crate::scene::{Scene, published, sample_effect};

/// Effects of the scene with these texts in this account, their first attempts begun.
async fn admitted<P: GivesJournal>(
    stage: &Stage<'_, P>,
    account: &AccountKey,
    texts: &[&str],
) -> Vec<EffectRecord> {
    let effect = |text: &&str| {
        let sample = sample_effect(&stage.scene, account.platform, text).content().clone();
        stage.as_act(EffectV1 { account: account.account.clone(), ..sample })
    };
    let effects: Vec<_> = texts.iter().map(effect).collect();
    stage.admitted_acts(&effects, true).await.effects
}

/// The same scene of another tenant.
async fn of_another_tenant<'a, P: GivesJournal>(
    factory: &'a dyn StoreFactory<P>,
    name: &str,
) -> Stage<'a, P> {
    let stage = Stage::open(factory, name).await;
    let namespace: chimera_contracts::Namespace = "another-tenant".parse().expect("a tenant");
    let key = RequestKey { namespace: namespace.clone(), ..stage.scene.key.clone() };
    let scene = Scene { namespace, key, ..stage.scene.clone() };
    Stage { scene, ..stage }
}

fn ids(records: &[EffectRecord]) -> Vec<EffectId> {
    let mut ids: Vec<_> = records.iter().map(|record| record.id).collect();
    ids.sort();
    ids
}

/// `open_effects` are the effects of the account that are being attempted or unknown, of every tenant, and nothing else.
pub async fn open_effects_are_those_of_the_account<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let name = "open effects are those of the account";
    let stage = Stage::open(factory, name).await;
    let theirs = of_another_tenant(factory, &format!("{name}, of another tenant")).await;
    let account = AccountKey { platform: PlatformName::Twitter, account: name.to_owned() };
    let open = async |account: &AccountKey| stage.stores.journal().open_effects(account).await.unwrap();
    assert_eq!(open(&account).await, []);

    let texts = ["attempted", "unknown", "public", "refused", "failed", "accepted"];
    let ours = admitted(&stage, &account, &texts).await;
    let [attempted, unknown, public, refused, failed, processed] = ours.as_slice() else { panic!("six") };
    stage.apply(unknown, lost()).await;
    stage.apply(public, published("public")).await;
    stage.apply(refused, not_done(ErrorCode::PlatformRateLimit)).await;
    stage.apply(failed, not_done(ErrorCode::ContentPolicyViolation)).await;
    stage.apply(processed, accepted()).await;
    let of_theirs = admitted(&theirs, &account, &["of another tenant"]).await;
    // The same name on another platform and another name on the same one are other accounts.
    let platform = Stage::open(factory, &format!("{name}, elsewhere")).await;
    admitted(&platform, &AccountKey { platform: PlatformName::Threads, ..account.clone() }, &["there"]).await;
    let other = Stage::open(factory, &format!("{name}, of another account")).await;
    admitted(&other, &AccountKey { account: "another one".to_owned(), ..account.clone() }, &["there"]).await;

    let mut expected = vec![attempted.id, unknown.id, of_theirs[0].id];
    expected.sort();
    let found = open(&account).await;
    assert_eq!(ids(&found), expected);
    let stored = stage.view().await.unwrap().effects;
    for record in found.iter().filter(|record| record.request == attempted.request) {
        assert!(stored.contains(record), "they are as they are stored");
    }
    let stage = stage.crashed().await;
    assert_eq!(ids(&stage.stores.journal().open_effects(&account).await.unwrap()), expected);
}

/// `owners` are the effects that own posts of these ids in the account, of every tenant, and nothing else.
pub async fn owners_are_exactly_the_owners<P: GivesJournal>(factory: &dyn StoreFactory<P>) {
    let name = "owners are exactly the owners";
    let stage = Stage::open(factory, name).await;
    let theirs = of_another_tenant(factory, &format!("{name}, of another tenant")).await;
    let account = AccountKey { platform: PlatformName::Twitter, account: name.to_owned() };
    let elsewhere = AccountKey { platform: PlatformName::Threads, ..account.clone() };
    let ours = admitted(&stage, &account, &["first", "second", "lost"]).await;
    let first = stage.apply(&ours[0], published("1")).await;
    let second = stage.apply(&ours[1], published("2")).await;
    stage.apply(&ours[2], lost()).await;
    let third = admitted(&theirs, &account, &["of another tenant"]).await;
    let third = theirs.apply(&third[0], published("3")).await;
    let there = Stage::open(factory, &format!("{name}, elsewhere")).await;
    let one = admitted(&there, &elsewhere, &["there"]).await;
    let one = there.apply(&one[0], published("1")).await;

    let stage = stage.crashed().await;
    let owners = async |account: &AccountKey, asked: &[&str]| {
        let asked: Vec<String> = asked.iter().map(|id| (*id).to_owned()).collect();
        let mut found = stage.stores.journal().owners(account, &asked).await.unwrap();
        found.sort_by_key(|record| record.id);
        found
    };
    let sorted = |mut records: Vec<EffectRecord>| {
        records.sort_by_key(|record| record.id);
        records
    };
    for (account, asked, expected) in [
        (&account, ["1", "2", "3"].as_slice(), vec![first.clone(), second.clone(), third]),
        (&account, &["2"], vec![second]),
        (&account, &["4", "", "1 "], Vec::new()),
        (&account, &[], Vec::new()),
        (&elsewhere, &["1", "2", "3"], vec![one]),
    ] {
        assert_eq!(owners(account, asked).await, sorted(expected), "{asked:?} of {account:?}");
    }
    assert_eq!(first.progress.post.map(|post| post.id).as_deref(), Some("1"));
}
