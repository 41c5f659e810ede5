//! The review queue: the rules are [`chimera_governance::review`]'s; here they meet one transaction.

use async_trait::async_trait;
use chimera_contracts::{Entropy, Namespace, ReviewId, StoreError};
use chimera_governance::review::{
    self, Changed, Enqueued, NewReview, Review, ReviewPage, ReviewQuery, ReviewQueue, ReviewStep,
    Stepped,
};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::error::{StepError, StepResult};
use crate::ledger;
use crate::rows;
use crate::store::SqliteStore;

/// At most so many reviews in one listing, whatever was asked for.
const LARGEST_PAGE: usize = 1024;

fn parse(document: &str) -> StepResult<Review> {
    serde_json::from_str(document).map_err(|error| StepError::corrupt(error.to_string()))
}

fn find(connection: &Connection, namespace: &Namespace, id: ReviewId) -> StepResult<Option<Review>> {
    let document: Option<String> = connection
        .prepare_cached("SELECT document FROM review WHERE namespace = ?1 AND review_id = ?2")?
        .query_row((namespace.as_str(), id.as_uuid().as_bytes()), |row| row.get(0))
        .optional()?;
    document.map(|document| parse(&document)).transpose()
}

/// Writes a review, new or moved.
fn write(connection: &Connection, review: &Review) -> StepResult<()> {
    let micros = |time: DateTime<Utc>| time.timestamp_micros();
    connection
        .prepare_cached(
            "INSERT INTO review (namespace, review_id, skill, campaign, state, priority, created_at, expires_at,
                                 deferred_until, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (namespace, review_id) DO UPDATE SET
                 state = excluded.state, priority = excluded.priority,
                 deferred_until = excluded.deferred_until, document = excluded.document",
        )?
        .execute((
            review.namespace.as_str(),
            review.id.as_uuid().as_bytes(),
            review.skill.as_str(),
            review.campaign.map(|campaign| *campaign.as_uuid().as_bytes()),
            review.state.as_str(),
            review.priority,
            micros(review.created_at),
            micros(review.expires_at),
            review.deferred_until.map(micros),
            rows::json(review)?,
        ))?;
    Ok(())
}

fn enqueue(
    connection: &Connection,
    new: NewReview,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> StepResult<Enqueued> {
    if let Some(known) = find(connection, &new.namespace, new.id)? {
        let same = new.same_as(&known);
        let known = Box::new(known);
        return Ok(if same { Enqueued::Known(known) } else { Enqueued::Conflict(known) });
    }
    let Changed { review, evidence } = review::enqueue(new, now);
    write(connection, &review)?;
    ledger::append(connection, &evidence, now, entropy)?;
    Ok(Enqueued::Fresh(Box::new(review)))
}

fn step(
    connection: &Connection,
    asked: &ReviewStep,
    now: DateTime<Utc>,
    entropy: &dyn Entropy,
) -> StepResult<Stepped> {
    let Some(known) = find(connection, &asked.namespace, asked.id)? else { return Ok(Stepped::Missing) };
    if known.version != asked.version {
        return Ok(Stepped::Stale(Box::new(known)));
    }
    let Changed { review, evidence } = match review::step(&known, &asked.to, now) {
        Ok(changed) => changed,
        Err(denial) => return Ok(Stepped::Denied(denial)),
    };
    write(connection, &review)?;
    ledger::append(connection, &evidence, now, entropy)?;
    Ok(Stepped::Applied(Box::new(review)))
}

fn list(connection: &Connection, query: &ReviewQuery, page: ReviewPage) -> StepResult<Vec<Review>> {
    let mut tail = "WHERE namespace = ?".to_owned();
    let mut values = vec![Value::Text(query.namespace.as_str().to_owned())];
    if !query.states.is_empty() {
        let places = vec!["?"; query.states.len()].join(", ");
        tail.push_str(&format!(" AND state IN ({places})"));
        values.extend(query.states.iter().map(|state| Value::Text(state.as_str().to_owned())));
    }
    if let Some(skill) = query.skill {
        tail.push_str(" AND skill = ?");
        values.push(Value::Text(skill.as_str().to_owned()));
    }
    if let Some(campaign) = query.campaign {
        tail.push_str(" AND campaign = ?");
        values.push(Value::Blob(campaign.as_uuid().as_bytes().to_vec()));
    }
    if let Some(ready_at) = query.ready_at.map(|at| Value::Integer(at.timestamp_micros())) {
        tail.push_str(
            " AND state IN ('waiting', 'claimed', 'deferred') AND expires_at > ?
              AND (deferred_until IS NULL OR deferred_until <= ?)",
        );
        values.extend([ready_at.clone(), ready_at]);
    }
    let after = page.after.map(|id| find(connection, &query.namespace, id)).transpose()?.flatten();
    if let Some(after) = after {
        tail.push_str(" AND (-priority, created_at, review_id) > (?, ?, ?)");
        values.extend([
            Value::Integer(-i64::from(after.priority)),
            Value::Integer(after.created_at.timestamp_micros()),
            Value::Blob(after.id.as_uuid().as_bytes().to_vec()),
        ]);
    }
    tail.push_str(" ORDER BY priority DESC, created_at, review_id LIMIT ?");
    values.push(Value::Integer(i64::try_from(page.limit.min(LARGEST_PAGE)).unwrap_or(0)));
    documents(connection, &tail, values)?.iter().map(|document| parse(document)).collect()
}

/// Reviews that cannot be read are left out: one damaged row must not keep the others from being worked on.
fn unsettled(connection: &Connection, page: ReviewPage, now: DateTime<Utc>) -> StepResult<Vec<Review>> {
    const TAIL: &str = "WHERE state IN ('waiting', 'claimed', 'deferred', 'approved')
                          AND (state = 'approved' OR expires_at <= ?)
                          AND review_id > ? ORDER BY review_id LIMIT ?";
    let limit = page.limit.min(LARGEST_PAGE);
    let mut after = page.after.map(|id| id.as_uuid().as_bytes().to_vec()).unwrap_or_default();
    let mut found: Vec<Review> = Vec::new();
    while found.len() < limit {
        let values = vec![
            Value::Integer(now.timestamp_micros()),
            Value::Blob(after.clone()),
            Value::Integer(i64::try_from(limit).unwrap_or(0)),
        ];
        let rows = keyed_documents(connection, TAIL, values)?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        for (_, document) in &rows {
            match parse(document) {
                Ok(review) => found.push(review),
                Err(error) => tracing::error!(error = %error.into_store(), "a damaged review is left out"),
            }
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn documents(connection: &Connection, tail: &str, values: Vec<Value>) -> StepResult<Vec<String>> {
    Ok(keyed_documents(connection, tail, values)?.into_iter().map(|(_, document)| document).collect())
}

/// The ids and documents that a condition selects; `tail` begins with `WHERE` and holds no value.
fn keyed_documents(
    connection: &Connection,
    tail: &str,
    values: Vec<Value>,
) -> StepResult<Vec<(Vec<u8>, String)>> {
    let mut statement = connection.prepare_cached(&format!("SELECT review_id, document FROM review {tail}"))?;
    let rows = statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[async_trait]
impl ReviewQueue for SqliteStore {
    async fn enqueue(&self, new: NewReview) -> Result<Enqueued, StoreError> {
        let (clock, entropy) = (self.clock(), self.entropy());
        let step =
            move |connection: &Connection| enqueue(connection, new.clone(), clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn step(&self, asked: ReviewStep) -> Result<Stepped, StoreError> {
        let (clock, entropy) = (self.clock(), self.entropy());
        let step = move |connection: &Connection| step(connection, &asked, clock.now(), entropy.as_ref());
        self.write(step).await.map_err(StepError::into_store)
    }

    async fn review(&self, namespace: &Namespace, id: ReviewId) -> Result<Option<Review>, StoreError> {
        let namespace = namespace.clone();
        self.read(move |connection| find(connection, &namespace, id)).await.map_err(StepError::into_store)
    }

    async fn list(&self, query: &ReviewQuery, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let query = query.clone();
        self.read(move |connection| list(connection, &query, page)).await.map_err(StepError::into_store)
    }

    async fn unsettled(&self, page: ReviewPage) -> Result<Vec<Review>, StoreError> {
        let now = self.clock().now();
        self.read(move |connection| unsettled(connection, page, now)).await.map_err(StepError::into_store)
    }
}
