//! The review queue.

use chimera_contracts::{Namespace, ReviewId, StoreError};
use chimera_governance::review::{Review, ReviewQuery};
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::filter::{Filter, LARGEST_PAGE, id, text};
use crate::session::Tx;
use crate::{json, parse};

pub(crate) fn find(connection: &Tx<'_>, namespace: &Namespace, id: ReviewId) -> StepResult<Option<Review>> {
    let document: Option<String> = connection
        .prepare_cached("SELECT document FROM review WHERE namespace = ?1 AND review_id = ?2")?
        .query_row((namespace.as_str(), id.as_uuid().as_bytes()), |row| row.get(0))
        .optional()?;
    document.map(|document| parse::<Review>(&document)).transpose()
}

/// Writes a review, new or moved.
pub(crate) fn put(connection: &Tx<'_>, review: &Review) -> StepResult<()> {
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
            json(review)?,
        ))?;
    Ok(())
}

/// The end of the statement that a listing asks, and its values; `after` is the last review of the page before.
fn listing(query: &ReviewQuery, after: Option<&Review>, limit: usize) -> (String, Vec<Value>) {
    let states: Vec<_> = query.states.iter().map(|state| state.as_str()).collect();
    let mut filter = Filter::default()
        .and("namespace = ?", [text(query.namespace.as_str())])
        .and_one_of("state", &states)
        .and_if("skill = ?", query.skill.map(|skill| text(skill.as_str())))
        .and_if("campaign = ?", query.campaign.map(|campaign| id(campaign.as_uuid())));
    if let Some(at) = query.ready_at.map(|at| Value::Integer(at.timestamp_micros())) {
        filter = filter
            .and("state IN ('waiting', 'claimed', 'deferred')", [])
            .and("expires_at > ?", [at.clone()])
            .and("(deferred_until IS NULL OR deferred_until <= ?)", [at]);
    }
    if let Some(after) = after {
        let place = [
            Value::Integer(-i64::from(after.priority)),
            Value::Integer(after.created_at.timestamp_micros()),
            id(after.id.as_uuid()),
        ];
        filter = filter.and("(-priority, created_at, review_id) > (?, ?, ?)", place);
    }
    filter.ordered("priority DESC, created_at, review_id", limit)
}

pub(crate) fn list(
    connection: &Tx<'_>,
    query: &ReviewQuery,
    after: Option<ReviewId>,
    limit: usize,
) -> StepResult<Vec<Review>> {
    let after = after.map(|id| find(connection, &query.namespace, id)).transpose()?.flatten();
    let (tail, values) = listing(query, after.as_ref(), limit);
    documents(connection, &format!("review {tail}"), values)?.iter().map(Document::review).collect()
}

/// Where a part of what is unsettled stands, and the values of that.
fn sweep(after: Option<Uuid>, now: DateTime<Utc>, limit: usize) -> (String, Vec<Value>) {
    // In the words of two indexes, each of which holds what its half is after and nothing else.
    let approved = Filter::default()
        .and("state = 'approved'", [])
        .and_if("review_id > ?", after.map(|after| id(&after)))
        .ordered("review_id", limit);
    let over = Filter::default()
        .and("state IN ('waiting', 'claimed', 'deferred')", [])
        .and("expires_at <= ?", [Value::Integer(now.timestamp_micros())])
        .and_if("review_id > ?", after.map(|after| id(&after)))
        .ordered("review_id", limit);
    let half = |tail: &str| format!("SELECT * FROM (SELECT review_id, document FROM review {tail})");
    let union = format!("{} UNION ALL {}", half(&approved.0), half(&over.0));
    let (tail, rest) = Filter::default().ordered("review_id", limit);
    (format!("({union}) {tail}"), [approved.1, over.1, rest].concat())
}

/// Reads on over rows that cannot be read: one that was damaged must not keep the others from being worked on.
pub(crate) fn unsettled(
    connection: &Tx<'_>,
    after: Option<ReviewId>,
    limit: usize,
    now: DateTime<Utc>,
) -> StepResult<Vec<Review>> {
    let limit = limit.min(LARGEST_PAGE);
    let mut after = after.map(|id| *id.as_uuid());
    let mut found = Vec::new();
    while found.len() < limit {
        let (source, values) = sweep(after, now, limit.saturating_sub(found.len()));
        let rows = documents(connection, &source, values)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        found.extend(rows.iter().filter_map(readable));
    }
    Ok(found)
}

fn readable(row: &Document) -> Option<Review> {
    let read = row.review().map_err(StepError::into_store);
    let passed_over = |error: &StoreError| {
        tracing::error!(review = %row.id, %error, "a review in the database cannot be read and is passed over");
    };
    read.inspect_err(passed_over).ok()
}

/// A row that was not read yet.
struct Document {
    id: Uuid,
    /// Bytes, so that one that is no text keeps no other from being read.
    document: Vec<u8>,
}

impl Document {
    fn review(&self) -> StepResult<Review> {
        let text =
            std::str::from_utf8(&self.document).map_err(|error| StepError::corrupt(error.to_string()))?;
        parse(text)
    }
}

/// The rows of a source, which is what follows `FROM`; it holds no value.
fn documents(connection: &Tx<'_>, source: &str, values: Vec<Value>) -> StepResult<Vec<Document>> {
    let mut statement = connection.prepare_cached(&format!("SELECT review_id, document FROM {source}"))?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok(Document { id: Uuid::from_bytes(row.get(0)?), document: row.get_ref(1)?.as_bytes()?.to_vec() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::plan;

    #[test]
    fn a_listing_reads_in_the_order_of_its_index() {
        let found = plan("review", listing(&ReviewQuery::default(), None, 10));
        assert!(found.contains("USING INDEX review_by_priority (namespace=?)"), "{found}");
        assert!(!found.contains("TEMP B-TREE"), "{found}");
    }

    #[test]
    fn what_waits_for_a_person_is_found_among_what_is_open() {
        let query = ReviewQuery {
            skill: Some(chimera_contracts::SkillName::Engage),
            ready_at: Some(DateTime::UNIX_EPOCH),
            ..ReviewQuery::default()
        };
        let found = plan("review", listing(&query, None, 10));
        assert!(found.contains("USING INDEX review_open (namespace=? AND skill=?)"), "{found}");
        assert!(!found.contains("TEMP B-TREE"), "{found}");
    }

    #[test]
    fn the_sweep_reads_what_is_over_or_approved_and_nothing_else() {
        let after = Some(Uuid::from_u128(7));
        let found = plan("", sweep(after, DateTime::UNIX_EPOCH, 10));
        assert!(found.contains("USING INDEX review_approved (review_id>?)"), "{found}");
        assert!(found.contains("USING INDEX review_expiring (expires_at<?"), "{found}");
    }
}
