//! `ProposalJournal`: the first answer wins, with its evidence, to the byte.

use chimera_audit::{Draft, LedgerQuery, Statement};
use chimera_contracts::{Applied, CorrelationId, Digest, Namespace};
use chimera_skill_propose::{AdmitProposal, ProposalAdmission, ProposalKey, StoredProposal};
use futures_util::future::join_all;

use super::StoreFactory;
use super::case::port_suite;
use super::ports::GivesProposals;
use super::stage::{Stage, openers};

port_suite! {
    GivesProposals:
    one_request_is_answered_once
    a_later_proposal_gets_the_first_one_back
    another_question_under_the_request_id_is_reused
    proposals_come_back_to_the_byte
    proposals_are_scoped_by_tenant
    proposals_survive_a_crash
}

/// The scene's proposal, of one event in the scene's trace.
fn proposal<P>(stage: &Stage<'_, P>, words: &str) -> AdmitProposal {
    AdmitProposal {
        key: ProposalKey { namespace: Namespace::default(), request_id: stage.scene.name.clone() },
        fingerprint: Digest::of(b"the question"),
        proposal: words.as_bytes().to_vec(),
        evidence: vec![evidence(stage, 0)],
    }
}

fn evidence<P>(stage: &Stage<'_, P>, number: u64) -> Draft {
    let correlation: CorrelationId = stage.scene.correlation;
    stage.draft("proposed", number).with_correlation(Some(correlation))
}

async fn admit<P: GivesProposals>(stage: &Stage<'_, P>, admit: &AdmitProposal) -> ProposalAdmission {
    stage.stores.proposals().admit(admit.clone()).await.expect("the journal keeps it or says why not")
}

async fn recall<P: GivesProposals>(stage: &Stage<'_, P>, key: &ProposalKey) -> Option<StoredProposal> {
    stage.stores.proposals().recall(key).await.expect("the journal is read")
}

fn stored(admit: &AdmitProposal) -> Option<StoredProposal> {
    Some(StoredProposal { fingerprint: admit.fingerprint, proposal: admit.proposal.clone() })
}

/// *Atomic*: a fresh admission keeps the proposal and appends its evidence, in order.
pub async fn an_admitted_proposal_is_kept_with_its_evidence(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "an admitted proposal is kept with its evidence").await;
    let ours = proposal(&stage, "first");
    let ours = AdmitProposal { evidence: vec![evidence(&stage, 0), evidence(&stage, 1)], ..ours };
    assert_eq!(recall(&stage, &ours.key).await, None, "nothing is kept under an unknown request");
    assert_eq!(admit(&stage, &ours).await, ProposalAdmission::Fresh);
    assert_eq!(recall(&stage, &ours.key).await, stored(&ours));
    let correlation = Some(stage.scene.correlation);
    let query = LedgerQuery { correlation, ..LedgerQuery::default() };
    let found = stage.find(&query).await;
    for (entry, draft) in found.iter().zip(&ours.evidence) {
        let leaf = String::from_utf8(entry.leaf.clone()).unwrap();
        assert!(leaf.contains(&draft.id.to_string()), "{leaf} stands where {} should", draft.id);
    }
    assert_eq!(found.len(), ours.evidence.len());
}

/// *Atomic*: where one event is refused, neither the proposal nor any other event is kept, and the request is free.
pub async fn a_proposal_whose_evidence_is_refused_is_not_kept(factory: &dyn StoreFactory) {
    let stage = Stage::open(factory, "a proposal whose evidence is refused is not kept").await;
    let taken = stage.draft("taken", 0);
    stage.stores.ledger.append(vec![taken.clone()]).await.unwrap();
    let other = Draft { statement: Statement::new().word("says", "something else"), ..taken };
    let ours = proposal(&stage, "first");
    let refused = AdmitProposal { evidence: vec![evidence(&stage, 1), other], ..ours.clone() };
    let error = stage.stores.proposals.admit(refused).await.expect_err("the evidence contradicts the log");
    assert_eq!(error.applied, Applied::NotApplied, "{error}");
    assert_eq!(recall(&stage, &ours.key).await, None);
    assert_eq!(stage.trace().await, Vec::<String>::new());
    assert_eq!(admit(&stage, &ours).await, ProposalAdmission::Fresh, "the request is free");
}

/// *Once*: of many callers in several processes one is fresh; the others get its bytes, and one event is appended.
pub async fn one_request_is_answered_once<P: GivesProposals>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "one request is answered once").await;
    let openers = openers(factory, 3).await;
    let proposals: Vec<_> = (0..24).map(|number| proposal(&stage, &format!("proposal {number}"))).collect();
    let calls = proposals.iter().enumerate();
    let calls = calls.map(|(number, ours)| openers[number % 3].proposals().admit(ours.clone()));
    let answers: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    let fresh: Vec<_> = (0..24).filter(|number| answers[*number] == ProposalAdmission::Fresh).collect();
    assert_eq!(fresh.len(), 1, "{answers:?}");
    let first = &proposals[fresh[0]];
    let existing = ProposalAdmission::Existing(first.proposal.clone());
    let others = answers.iter().enumerate().filter(|(number, _)| *number != fresh[0]);
    assert!(others.into_iter().all(|(_, answer)| *answer == existing), "{answers:?}");
    assert_eq!(recall(&stage, &first.key).await, stored(first));
    stage.tells(&["proposed"]).await;
}

/// *Once*: what comes later for the same question changes nothing and appends nothing, whatever it brings.
pub async fn a_later_proposal_gets_the_first_one_back<P: GivesProposals>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "a later proposal gets the first one back").await;
    let first = proposal(&stage, "first");
    assert_eq!(admit(&stage, &first).await, ProposalAdmission::Fresh);
    let later = AdmitProposal { evidence: vec![evidence(&stage, 7)], ..proposal(&stage, "later") };
    for again in [&first, &later] {
        let existing = ProposalAdmission::Existing(first.proposal.clone());
        assert_eq!(admit(&stage, again).await, existing);
    }
    assert_eq!(recall(&stage, &first.key).await, stored(&first));
    stage.tells(&["proposed"]).await;
}

/// *Once*: another fingerprint under the key is `Reused`; nothing changes and nothing is appended.
pub async fn another_question_under_the_request_id_is_reused<P: GivesProposals>(
    factory: &dyn StoreFactory<P>,
) {
    let stage = Stage::open(factory, "another question under the request id is reused").await;
    let first = proposal(&stage, "first");
    assert_eq!(admit(&stage, &first).await, ProposalAdmission::Fresh);
    let other = AdmitProposal {
        fingerprint: Digest::of(b"another question"),
        evidence: vec![evidence(&stage, 7)],
        ..first.clone()
    };
    assert_eq!(admit(&stage, &other).await, ProposalAdmission::Reused);
    assert_eq!(recall(&stage, &first.key).await, stored(&first));
    stage.tells(&["proposed"]).await;
}

/// *Exact*: bytes come back as they were given, whatever they are.
pub async fn proposals_come_back_to_the_byte<P: GivesProposals>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "proposals come back to the byte").await;
    let odd =
        [&b""[..], b"\0", b"{\"a\": 1.50,\t\"a\":1}\r\n", "gr\u{fc}n \u{1f600}".as_bytes(), b"\xff\xfe"];
    for (number, bytes) in (0_u64..).zip(odd) {
        let ours = proposal(&stage, "");
        let request_id = format!("{} {number} \u{e4}/~", ours.key.request_id);
        let ours = AdmitProposal {
            key: ProposalKey { request_id, ..ours.key },
            proposal: bytes.to_vec(),
            evidence: vec![evidence(&stage, number)],
            ..ours
        };
        assert_eq!(admit(&stage, &ours).await, ProposalAdmission::Fresh);
        assert_eq!(admit(&stage, &ours).await, ProposalAdmission::Existing(bytes.to_vec()));
        assert_eq!(recall(&stage, &ours.key).await, stored(&ours));
    }
}

/// *Scoped*: one request id of two tenants is two requests, and two ids of one tenant are.
pub async fn proposals_are_scoped_by_tenant<P: GivesProposals>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "proposals are scoped by tenant").await;
    let first = proposal(&stage, "first");
    let namespace: Namespace = "another-tenant".parse().unwrap();
    let tenant = ProposalKey { namespace, ..first.key.clone() };
    let id = ProposalKey { request_id: format!("{} again", first.key.request_id), ..first.key.clone() };
    let others = [(tenant, 1), (id, 2)].map(|(key, number)| AdmitProposal {
        key,
        fingerprint: Digest::of(b"another question"),
        evidence: vec![evidence(&stage, number)],
        ..proposal(&stage, "another")
    });
    assert_eq!(admit(&stage, &first).await, ProposalAdmission::Fresh);
    for other in &others {
        assert_eq!(recall(&stage, &other.key).await, None);
        assert_eq!(admit(&stage, other).await, ProposalAdmission::Fresh);
        assert_eq!(recall(&stage, &other.key).await, stored(other));
    }
    assert_eq!(recall(&stage, &first.key).await, stored(&first));
}

/// *Durable*: a proposal and its evidence survive a crash, and the first answer still wins.
pub async fn proposals_survive_a_crash<P: GivesProposals>(factory: &dyn StoreFactory<P>) {
    let stage = Stage::open(factory, "proposals survive a crash").await;
    let first = proposal(&stage, "first");
    assert_eq!(admit(&stage, &first).await, ProposalAdmission::Fresh);
    let stage = stage.crashed().await;
    assert_eq!(recall(&stage, &first.key).await, stored(&first));
    let later = proposal(&stage, "later");
    assert_eq!(admit(&stage, &later).await, ProposalAdmission::Existing(first.proposal));
    stage.tells(&["proposed"]).await;
}
