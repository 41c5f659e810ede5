//! Rows become records, and records rows, in this one place.

use chimera_contracts::{Currency, DecisionId, EffectId, Money, RequestId};
use chimera_effect::step::Admitted;
use chimera_effect::{AccountKey, CallKey, Effect, EffectRecord, Progress, RequestRecord, RequestView};
use chimera_governance::{Approver, ApproverRole};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::error::{StepError, StepResult};

/// The columns of an effect, in the order that [`effect`] reads them.
const EFFECT: &str = "SELECT effect_id, request_id, position, content, decision_id, approver, approver_role,
                             price_micros, currency, call_key, progress FROM effect";

/// A value in a column is not what was once written there.
fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

pub(crate) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

fn effect(row: &Row<'_>) -> rusqlite::Result<EffectRecord> {
    let json = |column: usize| row.get::<_, String>(column);
    let content: Vec<u8> = row.get(3)?;
    let role: String = row.get(6)?;
    let role = match role.as_str() {
        "judge" => ApproverRole::Judge,
        "hitl_reviewer" => ApproverRole::HitlReviewer,
        "policy" => ApproverRole::Policy,
        _ => return Err(rusqlite::Error::InvalidColumnType(6, "approver_role".to_owned(), Type::Text)),
    };
    let currency = Currency::try_from(row.get::<_, String>(8)?).map_err(|error| unreadable(8, error))?;
    let call_key = serde_json::Value::String(json(9)?);
    Ok(EffectRecord {
        id: EffectId::from_uuid(uuid(row, 0)?),
        request: RequestId::from_uuid(uuid(row, 1)?),
        position: row.get(2)?,
        effect: Effect::from_bytes(&content).map_err(|error| unreadable(3, error))?,
        decision: DecisionId::from_uuid(uuid(row, 4)?),
        approver: Approver { id: row.get(5)?, role },
        price: Money { micros: row.get(7)?, currency },
        call_key: serde_json::from_value::<CallKey>(call_key).map_err(|error| unreadable(9, error))?,
        progress: serde_json::from_str::<Progress>(&json(10)?).map_err(|error| unreadable(10, error))?,
    })
}

pub(crate) fn request(connection: &Connection, id: RequestId) -> StepResult<Option<RequestRecord>> {
    let mut statement = connection.prepare_cached("SELECT document FROM request WHERE request_id = ?1")?;
    let document: Option<String> =
        statement.query_row([id.as_uuid().as_bytes()], |row| row.get(0)).optional()?;
    let parse =
        |text: String| serde_json::from_str(&text).map_err(|error| StepError::corrupt(error.to_string()));
    document.map(parse).transpose()
}

pub(crate) fn view(connection: &Connection, id: RequestId) -> StepResult<Option<RequestView>> {
    let Some(request) = request(connection, id)? else { return Ok(None) };
    let sql = format!("{EFFECT} WHERE request_id = ?1 ORDER BY position");
    let mut statement = connection.prepare_cached(&sql)?;
    let effects = statement.query_map([id.as_uuid().as_bytes()], effect)?.collect::<Result<_, _>>()?;
    Ok(Some(RequestView { request, effects }))
}

/// The request that an effect belongs to.
pub(crate) fn request_of(connection: &Connection, id: EffectId) -> StepResult<Option<RequestId>> {
    let mut statement = connection.prepare_cached("SELECT request_id FROM effect WHERE effect_id = ?1")?;
    let found = statement.query_row([id.as_uuid().as_bytes()], |row| uuid(row, 0)).optional()?;
    Ok(found.map(RequestId::from_uuid))
}

pub(crate) fn effect_by_id(connection: &Connection, id: EffectId) -> StepResult<Option<EffectRecord>> {
    let mut statement = connection.prepare_cached(&format!("{EFFECT} WHERE effect_id = ?1"))?;
    Ok(statement.query_row([id.as_uuid().as_bytes()], effect).optional()?)
}

/// Effects that a condition selects; `tail` begins with `WHERE` and holds no value.
pub(crate) fn effects(
    connection: &Connection,
    tail: &str,
    values: impl rusqlite::Params,
) -> StepResult<Vec<EffectRecord>> {
    let mut statement = connection.prepare_cached(&format!("{EFFECT} {tail}"))?;
    Ok(statement.query_map(values, effect)?.collect::<Result<_, _>>()?)
}

/// As [`effects`], without rows that cannot be read: one that was damaged must not keep the others from being worked on.
pub(crate) fn readable_effects(
    connection: &Connection,
    tail: &str,
    values: impl rusqlite::Params,
) -> StepResult<Vec<EffectRecord>> {
    let mut statement = connection.prepare_cached(&format!("{EFFECT} {tail}"))?;
    let mut found = Vec::new();
    for row in statement.query_map(values, effect)? {
        match row {
            Ok(record) => found.push(record),
            Err(
                error @ (rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)),
            ) => {
                tracing::error!(%error, "an effect in the database cannot be read and is passed over");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The effect that owns a post of an account.
pub(crate) fn owner(
    connection: &Connection,
    account: &AccountKey,
    external_id: &str,
) -> StepResult<Option<EffectRecord>> {
    let sql = format!("{EFFECT} WHERE platform = ?1 AND account = ?2 AND external_id = ?3");
    let values = (account.platform.as_str(), account.account.as_str(), external_id);
    Ok(connection.prepare_cached(&sql)?.query_row(values, effect).optional()?)
}

pub(crate) fn insert(connection: &Connection, admitted: &Admitted) -> StepResult<()> {
    let RequestView { request, effects } = &admitted.view;
    connection
        .prepare_cached(
            "INSERT INTO request (request_id, namespace, skill, key, document) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            request.id.as_uuid().as_bytes(),
            request.key.namespace.as_str(),
            request.key.skill.as_str(),
            request.key.key.as_str(),
            json(request)?,
        ))?;
    effects.iter().try_for_each(|record| insert_effect(connection, record))
}

fn insert_effect(connection: &Connection, record: &EffectRecord) -> StepResult<()> {
    let content = record.effect.content();
    let progress = &record.progress;
    connection
        .prepare_cached(
            "INSERT INTO effect (effect_id, request_id, position, namespace, platform, account, digest, content,
                                 decision_id, approver, approver_role, price_micros, currency, call_key,
                                 state, epoch, version, due_at, external_id, progress)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?
        .execute(rusqlite::params![
            record.id.as_uuid().as_bytes(),
            record.request.as_uuid().as_bytes(),
            record.position,
            content.namespace.as_str(),
            content.platform.as_str(),
            content.account,
            record.effect.digest().as_bytes(),
            record.effect.bytes(),
            record.decision.as_uuid().as_bytes(),
            record.approver.id,
            record.approver.role.as_str(),
            record.price.micros,
            record.price.currency.to_string(),
            record.call_key.as_str(),
            progress.state.as_str(),
            progress.epoch,
            progress.version,
            progress.due_at.map(|due| due.timestamp_micros()),
            progress.post.as_ref().map(|post| post.id.as_str()),
            json(progress)?,
        ])?;
    Ok(())
}

/// Writes what changed about an effect.
pub(crate) fn update_progress(connection: &Connection, id: EffectId, progress: &Progress) -> StepResult<()> {
    connection
        .prepare_cached(
            "UPDATE effect SET state = ?2, epoch = ?3, version = ?4, due_at = ?5, external_id = ?6, progress = ?7
             WHERE effect_id = ?1",
        )?
        .execute((
            id.as_uuid().as_bytes(),
            progress.state.as_str(),
            progress.epoch,
            progress.version,
            progress.due_at.map(|due| due.timestamp_micros()),
            progress.post.as_ref().map(|post| post.id.as_str()),
            json(progress)?,
        ))?;
    Ok(())
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> StepResult<String> {
    serde_json::to_string(value).map_err(|error| StepError::misuse(error.to_string()))
}
