//! What the ports and views say about everything in a database, one line for each answer. The fixture was written by this
//! file, run with the software of the fourth schema.

use std::fmt::Write as _;
use std::sync::Arc;

use chimera_audit::{Entry, Kept, LedgerQuery, LedgerReader as _, Page};
use chimera_contracts::{CampaignId, Digest, Namespace, RequestId};
use chimera_effect::{AccountKey, EffectJournal as _, EffectQuery, EffectRecord, RequestKey};
use chimera_governance::review::{ReviewPage, ReviewQuery, ReviewQueue as _};
use chimera_governance::{ApprovalStore as _, Budget as _, BudgetScope};
use chimera_skill_propose::{ProposalJournal as _, ProposalKey};
use chimera_store_sqlite::SqliteStore;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is asked about: taken from the database when the answers were written down.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Questions {
    requests: Vec<RequestKey>,
    proposals: Vec<(Namespace, String)>,
    campaigns: BTreeSet<(Namespace, CampaignId)>,
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Members that are not there and members that are null say the same.
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.retain(|_, value| !value.is_null());
                members.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(value).unwrap();
    strip(&mut value);
    value.to_string()
}

fn effect(record: &EffectRecord) -> String {
    format!(
        "{} of {} at {}: {} decided by {} {} costs {} {} key {} progress {}",
        record.id,
        record.request,
        record.position,
        String::from_utf8_lossy(record.effect.bytes()),
        record.decision,
        json(&record.approver),
        record.price.micros,
        record.price.currency,
        record.call_key,
        json(&record.progress),
    )
}

fn entry(entry: &Entry) -> String {
    let kept = match &entry.attachment {
        Kept::None => "nothing".to_owned(),
        Kept::Erased => "erased".to_owned(),
        Kept::Present { salt, bytes } => {
            format!("{} {}", Digest::of(salt), Digest::of(bytes))
        }
    };
    format!("{} {} {kept}", entry.index, Digest::of(&entry.leaf))
}

impl Questions {
    /// For a schema that has none.
    pub(crate) fn without_proposals(self) -> Self {
        Self { proposals: Vec::new(), ..self }
    }
}

/// The rows of a view as text, in a fixed order.
fn view(connection: &Connection, name: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let mut line = String::new();
        for column in 0..columns {
            write!(line, "{:?} ", row.get::<_, Option<String>>(column)?).unwrap();
        }
        Ok(line)
    });
    let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort();
    rows
}

/// Every answer.
pub(crate) async fn answers(store: &Arc<SqliteStore>, path: &Path, questions: &Questions) -> Vec<String> {
    let mut lines = Vec::new();
    let mut accounts = BTreeMap::<AccountKey, BTreeSet<String>>::new();
    for key in &questions.requests {
        let found = store.request(key).await.unwrap().expect("it was admitted");
        lines.push(format!("request {}", json(&found.request)));
        for record in &found.effects {
            lines.push(format!("effect {}", effect(record)));
            let (content, digest) = (record.effect.content(), record.effect.digest());
            let posts = accounts.entry(AccountKey::of(content)).or_default();
            posts.extend(record.progress.post.as_ref().map(|post| post.id.clone()));
            let about = store.about_effect(&content.namespace, &digest).await.unwrap();
            for standing in about {
                lines.push(format!(
                    "decision about {digest}: {} used by {:?}",
                    json(&standing.decision),
                    standing.used_by
                ));
                let knows =
                    store.knows_artifact(&content.namespace, &standing.decision.artifact).await.unwrap();
                assert!(knows, "{}", standing.decision.artifact);
            }
        }
        let query = EffectQuery {
            namespace: key.namespace.clone(),
            request: Some(RequestId::from_uuid(*key.request_id().as_uuid())),
            ..EffectQuery::default()
        };
        let listed = store.effects(&query, chimera_effect::Page { after: None, limit: 100 }).await.unwrap();
        lines.push(format!("listed {}", listed.len()));
    }
    for (account, posts) in &accounts {
        let mut open: Vec<_> = store.open_effects(account).await.unwrap().iter().map(|one| one.id).collect();
        open.sort_unstable();
        let posts: Vec<String> = posts.iter().cloned().collect();
        let mut owners: Vec<_> =
            store.owners(account, &posts).await.unwrap().iter().map(|one| one.id).collect();
        owners.sort_unstable();
        lines.push(format!("{account:?} has open {open:?} and owns {owners:?}"));
    }
    for (namespace, campaign) in &questions.campaigns {
        let scope = BudgetScope::campaign(namespace.clone(), *campaign);
        // In the words of the schema whose answers were kept.
        let scope_then = format!("BudgetScope {{ namespace: {namespace:?}, campaign: {campaign:?} }}");
        lines.push(format!("budget {scope_then}: {:?}", store.balance(&scope).await.unwrap()));
        let query =
            EffectQuery { namespace: namespace.clone(), campaign: Some(*campaign), ..EffectQuery::default() };
        let page = chimera_effect::Page { after: None, limit: 100 };
        let mut listed: Vec<_> =
            store.effects(&query, page).await.unwrap().iter().map(|one| one.id).collect();
        listed.sort_unstable();
        lines.push(format!("campaign {campaign} has {listed:?}"));
        let query = ReviewQuery { namespace: namespace.clone(), ..ReviewQuery::default() };
        for review in store.list(&query, ReviewPage { after: None, limit: 100 }).await.unwrap() {
            lines.push(format!("review {}", json(&review)));
        }
    }
    for review in store.unsettled(ReviewPage { after: None, limit: 100 }).await.unwrap() {
        lines.push(format!("unsettled {}", review.id));
    }
    for (namespace, id) in &questions.proposals {
        let key = ProposalKey { namespace: namespace.clone(), request_id: id.clone() };
        let found = store.recall(&key).await.unwrap().expect("it was kept");
        lines.push(format!("proposal {id}: {} {}", found.fingerprint, Digest::of(&found.proposal)));
    }
    let head = store.head().await.unwrap();
    lines.push(format!("head {head}"));
    let mut from = 0;
    let mut traces = BTreeSet::new();
    loop {
        let page = store.entries(from, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        from = last.index + 1;
        lines.extend(page.iter().map(entry));
        for one in &page {
            let leaf: serde_json::Value = serde_json::from_slice(&one.leaf).unwrap();
            traces.extend(leaf["correlation"].as_str().map(str::to_owned));
        }
    }
    for trace in traces {
        let query = LedgerQuery { correlation: Some(trace.parse().unwrap()), ..LedgerQuery::default() };
        let found = store.find(&query, Page { from: 0, limit: 1_000 }).await.unwrap();
        let indexes: Vec<u64> = found.iter().map(|entry| entry.index).collect();
        lines.push(format!("trace {trace} has {indexes:?}"));
    }
    if head.size > 1 {
        let proof = store.consistency(head.size / 2, head.size).await.unwrap();
        lines.push(format!("consistency {proof:?}"));
    }
    let connection = Connection::open(path).unwrap();
    for name in ["publication", "engagement"] {
        lines.extend(view(&connection, name).into_iter().map(|line| format!("{name} {line}")));
    }
    lines
}
