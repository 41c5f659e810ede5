//! Requests with their effects: what never changes in one document, what changes in a row for each effect.

use chimera_contracts::{DecisionId, Digest, EffectId, Money, RequestId};
use chimera_effect::{
    AccountKey, CallKey, Effect, EffectKind, EffectQuery, EffectRecord, Progress, RequestRecord, RequestView,
    Undoes,
};
use chimera_governance::{Approver, Authority};
use chimera_store::Scan;
use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{StepError, StepResult};
use crate::filter::{Filter, LARGEST_PAGE, id, text};
use crate::keys::{Hash, Kind};
use crate::session::Tx;
use crate::{json, parse};

/// So many numbers of effects belong to one request: no request has more effects.
const EFFECTS: i64 = 64;

/// What never changes about a request.
#[derive(Serialize, Deserialize)]
struct Document<R, E> {
    request: R,
    effects: Vec<E>,
}

/// What never changes about an effect, in a form of its own, so that bytes come back as they were.
#[derive(Serialize, Deserialize)]
pub(crate) struct Fixed {
    id: EffectId,
    digest: Digest,
    decision: DecisionId,
    approver: Approver,
    price: Money,
    /// The first one: another follows each time that the post is taken back.
    call_key: CallKey,
    content: String,
    #[serde(default, skip_serializing_if = "Authority::is_listed")]
    authority: Authority,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undoes: Option<Undoes>,
}

impl Fixed {
    fn of(record: &EffectRecord) -> StepResult<Self> {
        let EffectRecord { id, effect, decision, approver, authority, undoes, price, call_key, .. } = record;
        let fixed = Self::new(*id, effect, *decision, approver.clone(), *price, call_key.clone())?;
        Ok(Self { authority: *authority, undoes: *undoes, ..fixed })
    }

    pub(crate) fn new(
        id: EffectId,
        effect: &Effect,
        decision: DecisionId,
        approver: Approver,
        price: Money,
        call_key: CallKey,
    ) -> StepResult<Self> {
        let content = String::from_utf8(effect.bytes().to_vec())
            .map_err(|error| StepError::corrupt(error.to_string()))?;
        let (authority, undoes) = (Authority::Listed, None);
        Ok(Self {
            id,
            digest: effect.digest(),
            decision,
            approver,
            price,
            call_key,
            content,
            authority,
            undoes,
        })
    }

    fn record(self, request: RequestId, position: u32, progress: Progress) -> StepResult<EffectRecord> {
        let effect = Effect::from_bytes(self.content.as_bytes())
            .map_err(|error| StepError::corrupt(error.to_string()))?;
        if effect.digest() != self.digest {
            return Err(StepError::corrupt(format!("the content of effect {} was altered", self.id)));
        }
        let Self { id, decision, approver, price, call_key, authority, undoes, .. } = self;
        let call_key = call_key.of_generation(progress.generation());
        Ok(EffectRecord {
            id,
            request,
            position,
            effect,
            decision,
            approver,
            authority,
            undoes,
            price,
            call_key,
            progress,
        })
    }
}

/// The document of a request.
pub(crate) fn document(request: &RequestRecord, effects: Vec<Fixed>) -> StepResult<String> {
    json(&Document { request, effects })
}

/// The number of a request, where it is known.
pub(crate) fn number(connection: &Tx<'_>, request: RequestId) -> StepResult<Option<i64>> {
    connection.memo().requests.get(request, || look_up_number(connection, request))
}

fn look_up_number(connection: &Tx<'_>, request: RequestId) -> StepResult<Option<i64>> {
    let id = request.as_uuid();
    for number in connection.find(Hash::id(Kind::Request, id))? {
        let mut statement = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM request WHERE number = ?1 AND request_id = ?2)")?;
        if statement.query_row((number, id.as_bytes()), |row| row.get(0))? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// What changes about the effects of a request, by position.
fn progresses(connection: &Tx<'_>, number: i64) -> StepResult<Vec<Progress>> {
    let mut statement = connection
        .prepare_cached("SELECT progress FROM effect WHERE number >= ?1 AND number < ?2 ORDER BY number")?;
    let first = number.saturating_mul(EFFECTS);
    let rows = statement.query_map((first, first.saturating_add(EFFECTS)), |row| row.get::<_, String>(0))?;
    rows.map(|row| parse(&row?)).collect()
}

pub(crate) fn find(connection: &Tx<'_>, request: RequestId) -> StepResult<Option<RequestView>> {
    match number(connection, request)? {
        Some(number) => view(connection, number).map(Some),
        None => Ok(None),
    }
}

fn view(connection: &Tx<'_>, number: i64) -> StepResult<RequestView> {
    let document: String = connection
        .prepare_cached("SELECT document FROM request WHERE number = ?1")?
        .query_row([number], |row| row.get(0))?;
    let Document { request, effects } = parse::<Document<RequestRecord, Fixed>>(&document)?;
    let progresses = progresses(connection, number)?;
    if progresses.len() != effects.len() {
        return Err(StepError::corrupt(format!("request {} lacks effects", request.id)));
    }
    let records = (0..).zip(effects).zip(progresses);
    let effects = records
        .map(|((position, fixed), progress)| fixed.record(request.id, position, progress))
        .collect::<StepResult<_>>()?;
    Ok(RequestView { request, effects })
}

/// The sum that every step of the request raises; `None` where there is no such request.
pub(crate) fn revision(connection: &Tx<'_>, request: RequestId) -> StepResult<Option<u64>> {
    let Some(number) = number(connection, request)? else { return Ok(None) };
    let first = number.saturating_mul(EFFECTS);
    let mut statement = connection
        .prepare_cached("SELECT sum(epoch + version) FROM effect WHERE number >= ?1 AND number < ?2")?;
    Ok(statement.query_row((first, first.saturating_add(EFFECTS)), |row| row.get(0))?)
}

/// Writes a request, new or moved.
///
/// Gives its number.
pub(crate) fn put(connection: &Tx<'_>, view: &RequestView) -> StepResult<i64> {
    if let Some(number) = number(connection, view.request.id)? {
        view.effects.iter().try_for_each(|record| update(connection, number, record))?;
        return Ok(number);
    }
    let effects = view.effects.iter().map(Fixed::of).collect::<StepResult<Vec<_>>>()?;
    let document = document(&view.request, effects)?;
    let number = insert(connection, "request", view.request.id, &document)?;
    view.effects.iter().try_for_each(|record| {
        let content = record.effect.content();
        let account = AccountKey::of(content);
        let campaign = campaign(connection, content.namespace.as_str(), content.campaign.as_uuid())?;
        let owner = account_number(connection, account.platform.as_str(), &account.account)?;
        let place = Placed { number, position: record.position, account: owner, campaign };
        insert_effect(
            connection,
            "effect",
            &place,
            record.id.as_uuid(),
            content.kind.as_str(),
            &record.progress,
        )
    })?;
    Ok(number)
}

/// The number of an effect of a request.
pub(crate) fn effect_number(request: i64, position: u32) -> i64 {
    request.saturating_mul(EFFECTS).saturating_add(i64::from(position))
}

/// The canonical bytes of an effect's content.
pub(crate) fn content(connection: &Tx<'_>, number: i64) -> StepResult<Vec<u8>> {
    let (request, position) = (number.div_euclid(EFFECTS), number.rem_euclid(EFFECTS));
    let sql = "SELECT document ->> format('$.effects[%d].content', ?2) FROM request WHERE number = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((request, position), |row| row.get::<_, String>(0))?.into_bytes())
}

/// Writes the document of a new request; gives its number.
pub(crate) fn insert(
    connection: &Tx<'_>,
    table: &str,
    request: RequestId,
    document: &str,
) -> StepResult<i64> {
    let id = request.as_uuid();
    connection
        .prepare_cached(&format!("INSERT INTO {table} (request_id, document) VALUES (?1, ?2)"))?
        .execute((id.as_bytes(), document))?;
    let number = connection.last_insert_rowid();
    connection.name(Hash::id(Kind::Request, id), number)?;
    connection.memo().requests.set(request, Some(number));
    Ok(number)
}

/// Where an effect belongs.
pub(crate) struct Placed {
    pub(crate) number: i64,
    pub(crate) position: u32,
    pub(crate) account: i64,
    pub(crate) campaign: i64,
}

pub(crate) fn insert_effect(
    connection: &Tx<'_>,
    table: &str,
    place: &Placed,
    id: &Uuid,
    kind: &str,
    progress: &Progress,
) -> StepResult<()> {
    let position = i64::from(place.position);
    if position >= EFFECTS {
        return Err(StepError::misuse(format!("a request has at most {EFFECTS} effects")));
    }
    let number = place.number.saturating_mul(EFFECTS).saturating_add(position);
    connection
        .prepare_cached(&format!(
            "INSERT INTO {table} (number, account, campaign, kind, state, epoch, version, due_at, external_id, progress)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        ))?
        .execute(rusqlite::params![
            number,
            place.account,
            place.campaign,
            kind,
            progress.state.as_str(),
            progress.epoch,
            progress.version,
            progress.due_at.map(|due| due.timestamp_micros()),
            progress.post.as_ref().map(|post| post.id.as_str()),
            json(progress)?,
        ])?;
    connection.name(Hash::id(Kind::Effect, id), number)
}

fn update(connection: &Tx<'_>, request: i64, record: &EffectRecord) -> StepResult<()> {
    let progress = &record.progress;
    connection
        .prepare_cached(
            "UPDATE effect SET state = ?2, epoch = ?3, version = ?4, due_at = ?5, external_id = ?6, progress = ?7
             WHERE number = ?1 AND (epoch <> ?3 OR version <> ?4 OR due_at IS NOT ?5)",
        )?
        .execute((
            request.saturating_mul(EFFECTS).saturating_add(i64::from(record.position)),
            progress.state.as_str(),
            progress.epoch,
            progress.version,
            progress.due_at.map(|due| due.timestamp_micros()),
            progress.post.as_ref().map(|post| post.id.as_str()),
            json(progress)?,
        ))?;
    Ok(())
}

/// The number of an account, which is given one where it has none.
pub(crate) fn account_number(connection: &Tx<'_>, platform: &str, account: &str) -> StepResult<i64> {
    if let Some(number) = known_account(connection, platform, account)? {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO account (platform, account) VALUES (?1, ?2)")?
        .execute((platform, account))?;
    let number = connection.last_insert_rowid();
    connection.memo().accounts.set((platform.to_owned(), account.to_owned()), Some(number));
    Ok(number)
}

fn known_account(connection: &Tx<'_>, platform: &str, account: &str) -> StepResult<Option<i64>> {
    connection.memo().accounts.get((platform.to_owned(), account.to_owned()), || {
        let mut statement =
            connection.prepare_cached("SELECT number FROM account WHERE platform = ?1 AND account = ?2")?;
        Ok(statement.query_row((platform, account), |row| row.get(0)).optional()?)
    })
}

/// The number of a campaign, which is given one where it has none.
pub(crate) fn campaign(connection: &Tx<'_>, namespace: &str, campaign: &Uuid) -> StepResult<i64> {
    let values = (namespace, campaign.as_bytes());
    let key = || (namespace.to_owned(), *campaign);
    let known: Option<i64> = connection.memo().campaigns.get(key(), || {
        let mut statement = connection
            .prepare_cached("SELECT number FROM campaign WHERE namespace = ?1 AND campaign = ?2")?;
        Ok(statement.query_row(values, |row| row.get(0)).optional()?)
    })?;
    if let Some(number) = known {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO campaign (namespace, campaign) VALUES (?1, ?2)")?
        .execute(values)?;
    let number = connection.last_insert_rowid();
    connection.memo().campaigns.set(key(), Some(number));
    Ok(number)
}

/// An effect's number and what changes about it.
type Placing = (i64, String);

fn placing(row: &Row<'_>) -> rusqlite::Result<Placing> {
    Ok((row.get(0)?, row.get(1)?))
}

fn record(connection: &Tx<'_>, (number, progress): Placing) -> StepResult<EffectRecord> {
    let (request, position) = (number.div_euclid(EFFECTS), number.rem_euclid(EFFECTS));
    let document: String = connection
        .prepare_cached("SELECT document FROM request WHERE number = ?1")?
        .query_row([request], |row| row.get(0))?;
    let Document { request, effects } = parse::<Document<RequestRecord, Fixed>>(&document)?;
    let place = u32::try_from(position).map_err(|error| StepError::corrupt(error.to_string()))?;
    let fixed = (0_u32..).zip(effects).find(|(at, _)| *at == place).map(|(_, fixed)| fixed);
    let fixed = fixed.ok_or_else(|| StepError::corrupt("an effect is not of its request"))?;
    fixed.record(request.id, place, parse(&progress)?)
}

/// The effects that a condition selects; `tail` begins with what follows the table and holds no value.
fn select(connection: &Tx<'_>, tail: &str, values: impl rusqlite::Params) -> StepResult<Vec<EffectRecord>> {
    placings(connection, tail, values)?.into_iter().map(|placing| record(connection, placing)).collect()
}

fn placings(connection: &Tx<'_>, tail: &str, values: impl rusqlite::Params) -> StepResult<Vec<Placing>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT effect.number, progress FROM effect {tail}"))?;
    Ok(statement.query_map(values, placing)?.collect::<Result<_, _>>()?)
}

/// The effect with this id.
fn by_id(connection: &Tx<'_>, id: EffectId) -> StepResult<Option<EffectRecord>> {
    for number in connection.find(Hash::id(Kind::Effect, id.as_uuid()))? {
        let found = select(connection, "WHERE number = ?1", [number])?;
        if let Some(record) = found.into_iter().find(|record| record.id == id) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

pub(crate) fn holding(connection: &Tx<'_>, effect: EffectId) -> StepResult<Option<RequestView>> {
    match by_id(connection, effect)? {
        Some(record) => find(connection, record.request),
        None => Ok(None),
    }
}

/// The number of an effect, for a listing that begins after it.
fn number_of(connection: &Tx<'_>, effect: EffectId) -> StepResult<Option<i64>> {
    let Some(record) = by_id(connection, effect)? else { return Ok(None) };
    let request = number(connection, record.request)?;
    Ok(request.map(|number| number.saturating_mul(EFFECTS).saturating_add(i64::from(record.position))))
}

/// The end of the statement that a listing asks, and its values.
pub(crate) fn listing(query: &EffectQuery, place: &Listed, limit: usize) -> (String, Vec<Value>) {
    let states: Vec<_> = query.states.iter().map(|state| state.as_str()).collect();
    let kinds: Vec<_> = query.kinds.iter().map(|kind| kind.as_str()).collect();
    let integer = |number: i64| Value::Integer(number);
    let campaigns = "campaign IN (SELECT number FROM campaign WHERE namespace = ?";
    let mut filter = match query.campaign {
        Some(campaign) => Filter::default().and(
            &format!("{campaigns} AND campaign = ?)"),
            [text(query.namespace.as_str()), id(campaign.as_uuid())],
        ),
        None => Filter::default().and(&format!("{campaigns})"), [text(query.namespace.as_str())]),
    };
    filter = filter
        .and_if("effect.number > ?", place.after.map(integer))
        .and_if("effect.number >= ?", place.request.map(|number| integer(number.saturating_mul(EFFECTS))))
        .and_if(
            "effect.number < ?",
            place.request.map(|number| integer(number.saturating_add(1).saturating_mul(EFFECTS))),
        )
        .and_if(
            "account IN (SELECT number FROM account WHERE platform = ?)",
            query.platform.map(|platform| text(platform.as_str())),
        )
        .and_one_of("kind", &kinds);
    if let Some(numbers) = &place.ids {
        let places = vec!["?"; numbers.len()].join(", ");
        filter = filter.and(&format!("effect.number IN ({places})"), numbers.iter().copied().map(integer));
    }
    filter = match states.as_slice() {
        // As the partial index says it, so that SQLite sees that the index holds all of them.
        ["unknown"] => filter.and("state = 'unknown'", []),
        states => filter.and_one_of("state", states),
    };
    if !kinds.is_empty() && !query.kinds.contains(&EffectKind::Publish) {
        // Said once more as the index says it, so that SQLite sees that the index holds all of them.
        filter = filter.and("kind <> 'publish'", []);
    }
    filter.ordered("effect.number", limit)
}

/// Where a listing looks.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// After this effect.
    after: Option<i64>,
    /// Within this request.
    request: Option<i64>,
    /// Among these effects.
    ids: Option<Vec<i64>>,
}

fn list(
    connection: &Tx<'_>,
    query: &EffectQuery,
    after: Option<EffectId>,
    limit: usize,
) -> StepResult<Vec<EffectRecord>> {
    let mut place = Listed::default();
    if let Some(after) = after {
        place.after = number_of(connection, after)?;
    }
    if let Some(request) = query.request {
        let Some(number) = number(connection, request)? else { return Ok(Vec::new()) };
        place.request = Some(number);
    }
    if !query.ids.is_empty() {
        let numbers =
            query.ids.iter().map(|id| number_of(connection, *id)).collect::<StepResult<Vec<_>>>()?;
        place.ids = Some(numbers.into_iter().flatten().collect());
    }
    let (tail, values) = listing(query, &place, limit);
    select(connection, &tail, params_from_iter(values))
}

/// Effects of an account that are being attempted or unknown; of one target, where one is given.
fn open(
    connection: &Tx<'_>,
    account: &AccountKey,
    target: Option<&Option<String>>,
    unknown: bool,
    limit: usize,
) -> StepResult<Vec<EffectRecord>> {
    const TARGET: &str = "(?2 OR (SELECT document ->> format('$.effects[%d].content', effect.number % 64)
                                  FROM request WHERE number = effect.number / 64) ->> '$.target' IS ?3)";
    let Some(number) = known_account(connection, account.platform.as_str(), &account.account)? else {
        return Ok(Vec::new());
    };
    let mut open = Vec::new();
    // First what is being attempted, since it is little: each is in some host's hands.
    let states = if unknown { ["unknown"].as_slice() } else { &["attempting", "unknown"] };
    for state in states {
        let rest = i64::try_from(limit.saturating_sub(open.len())).unwrap_or(0);
        let tail = format!("WHERE state = '{state}' AND account = ?1 AND {TARGET} ORDER BY number LIMIT ?4");
        open.extend(select(connection, &tail, (number, target.is_none(), target.cloned().flatten(), rest))?);
    }
    Ok(open)
}

fn owners(connection: &Tx<'_>, account: &AccountKey, posts: &[String]) -> StepResult<Vec<EffectRecord>> {
    let Some(number) = known_account(connection, account.platform.as_str(), &account.account)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for post in posts {
        let owner = select(connection, "WHERE account = ?1 AND external_id = ?2", (number, post))?;
        found.extend(owner);
    }
    Ok(found)
}

/// Effects that are due, without rows that cannot be read: one that was damaged must not keep the others from being worked
/// on.
fn due(
    connection: &Tx<'_>,
    by: DateTime<Utc>,
    after: Option<EffectId>,
    limit: usize,
) -> StepResult<Vec<EffectRecord>> {
    const PAGE: &str = "SELECT number, due_at FROM effect
                        WHERE due_at IS NOT NULL AND due_at <= ?1 AND (due_at, number) > (?2, ?3)
                        ORDER BY due_at, number LIMIT ?4";
    let mut from = (i64::MIN, i64::MIN);
    if let Some(after) = after
        && let (Some(record), Some(number)) = (by_id(connection, after)?, number_of(connection, after)?)
    {
        from = (record.progress.due_at.map_or(i64::MIN, |due| due.timestamp_micros()), number);
    }
    let mut found = Vec::new();
    while found.len() < limit {
        let rest = i64::try_from(limit.saturating_sub(found.len())).unwrap_or(0);
        let page: Vec<(i64, i64)> = connection
            .prepare_cached(PAGE)?
            .query_map((by.timestamp_micros(), from.0, from.1, rest), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let Some((last, due_at)) = page.last() else { break };
        from = (*due_at, *last);
        for (number, _) in page {
            let (request, position) = (number.div_euclid(EFFECTS), number.rem_euclid(EFFECTS));
            // Whoever leases it needs its whole request.
            match view(connection, request) {
                Ok(view) => {
                    found.extend(view.effects.into_iter().find(|one| i64::from(one.position) == position));
                }
                Err(StepError::Store(error)) => {
                    tracing::error!(%error, "an effect in the database cannot be read and is passed over");
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

/// The rows of a scan over effects; `None` where it is over something else.
pub(crate) fn scan(connection: &Tx<'_>, scan: &Scan) -> StepResult<Option<Vec<EffectRecord>>> {
    let limit = scan.limit().min(LARGEST_PAGE);
    Ok(Some(match scan {
        Scan::Effects { query, after, .. } => list(connection, query, *after, limit)?,
        Scan::Open { account, target, unknown, .. } => {
            open(connection, account, target.as_ref(), *unknown, limit)?
        }
        Scan::Owners { account, posts } => owners(connection, account, posts)?,
        Scan::Due { by, after, .. } => due(connection, *by, *after, limit)?,
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use chimera_effect::EffectState;

    use super::*;
    use crate::filter::plan;

    #[test]
    fn engagements_of_a_campaign_are_found_among_engagements() {
        let query = EffectQuery {
            campaign: Some(chimera_contracts::CampaignId::from_uuid(Uuid::nil())),
            kinds: vec![EffectKind::Like, EffectKind::Reply],
            ..EffectQuery::default()
        };
        let found = plan("effect", listing(&query, &Listed::default(), 10));
        assert!(found.contains("engagement_by_campaign"), "{found}");
    }

    #[test]
    fn what_is_unknown_is_found_among_what_is_unknown() {
        let query = EffectQuery { states: vec![EffectState::Unknown], ..EffectQuery::default() };
        let found = plan("effect", listing(&query, &Listed::default(), 10));
        assert!(found.contains("effect_unknown"), "{found}");
    }
}
