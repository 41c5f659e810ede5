-- One row for each thing that a person was, or would have been, asked about.
CREATE TABLE review (
    namespace      TEXT    NOT NULL,
    review_id      BLOB    NOT NULL,
    -- What indexes and queries need of `document`; one function writes both.
    skill          TEXT    NOT NULL,
    campaign       BLOB,
    state          TEXT    NOT NULL,
    priority       INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    deferred_until INTEGER,
    document       TEXT    NOT NULL,
    PRIMARY KEY (namespace, review_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_by_priority ON review (namespace, priority DESC, created_at, review_id);
-- What waits for a person, in the order in which it is shown.
CREATE INDEX review_open ON review (namespace, skill, priority DESC, created_at, review_id)
    WHERE state IN ('waiting', 'claimed', 'deferred');
-- What somebody has to go on with: approved and not executed, or open and over.
CREATE INDEX review_approved ON review (review_id) WHERE state = 'approved';
CREATE INDEX review_expiring ON review (expires_at, review_id) WHERE state IN ('waiting', 'claimed', 'deferred');

-- The permits that still count, oldest first, for each account and action: one row, bounded by the limit.
CREATE TABLE rate_permit (
    namespace TEXT NOT NULL,
    platform  TEXT NOT NULL,
    account   TEXT NOT NULL,
    kind      TEXT NOT NULL,
    taken     TEXT NOT NULL,                  -- JSON: [{"by": uuid, "at": time}]
    PRIMARY KEY (namespace, platform, account, kind)
) STRICT, WITHOUT ROWID;

-- Engagements of a campaign, for warm-up and counting. Publications are left out, so that they pay nothing for it.
CREATE INDEX engagement_by_campaign ON effect (
    namespace,
    CAST(content AS TEXT) ->> '$.campaign',
    platform,
    effect_id
) WHERE CAST(content AS TEXT) ->> '$.kind' <> 'publish';

-- One row for each post that is public (PUB-17); engagements have a view of their own.
DROP VIEW publication;
CREATE VIEW publication AS
SELECT
    lower(hex(e.effect_id))                              AS publication_id,
    r.document ->> '$.task'                              AS task_id,
    r.document ->> '$.campaign'                          AS campaign_id,
    e.platform                                           AS platform,
    e.external_id                                        AS external_id,
    CAST(e.content AS TEXT)                              AS content_snapshot,
    e.progress ->> '$.post.published_at'                 AS published_at,
    r.document ->> '$.correlation'                       AS correlation_id,
    e.progress ->> '$.post.url'                          AS external_url,
    e.account                                            AS account_id,
    CAST(e.content AS TEXT) ->> '$.disclosure.label'     AS disclosure_level,
    CASE e.approver_role WHEN 'hitl_reviewer' THEN 'hitl' ELSE 'auto' END AS approval_type,
    e.approver                                           AS approver,
    lower(hex(e.decision_id))                            AS decision_id,
    lower(hex(e.digest))                                 AS content_digest,
    r.key                                                AS idempotency_key
FROM effect e JOIN request r ON r.request_id = e.request_id
WHERE e.state = 'published' AND CAST(e.content AS TEXT) ->> '$.kind' = 'publish';

-- One row for each engagement that happened: replies, comments, likes, follows, shares (ENG-12).
CREATE VIEW engagement AS
SELECT
    'eng_' || lower(hex(e.request_id))                   AS engagement_id,
    CAST(e.content AS TEXT) ->> '$.kind'                 AS action,
    e.platform                                           AS platform,
    CAST(e.content AS TEXT) ->> '$.target'               AS target,
    nullif(CAST(e.content AS TEXT) ->> '$.text', '')     AS text,
    e.account                                            AS account_id,
    e.external_id                                        AS external_id,
    e.progress ->> '$.post.url'                          AS external_url,
    coalesce(e.progress ->> '$.post.published_at', e.progress ->> '$.changed_at') AS happened_at,
    r.document ->> '$.campaign'                          AS campaign_id,
    r.document ->> '$.correlation'                       AS correlation_id,
    CASE e.approver_role WHEN 'hitl_reviewer' THEN 'hitl' ELSE 'auto' END AS approval_type,
    e.approver                                           AS approver,
    lower(hex(e.decision_id))                            AS decision_id,
    lower(hex(e.digest))                                 AS content_digest,
    r.key                                                AS idempotency_key
FROM effect e JOIN request r ON r.request_id = e.request_id
WHERE e.state = 'published' AND CAST(e.content AS TEXT) ->> '$.kind' <> 'publish';
