-- Times are microseconds since 1970 (UTC). Ids are 16 bytes, digests 32. Documents are JSON and carry their version.

CREATE TABLE request (
    request_id BLOB NOT NULL PRIMARY KEY,   -- derived from (namespace, skill, key): its uniqueness is the key's
    namespace  TEXT NOT NULL,
    skill      TEXT NOT NULL,
    key        TEXT NOT NULL,
    document   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE effect (
    effect_id     BLOB    NOT NULL PRIMARY KEY,
    request_id    BLOB    NOT NULL REFERENCES request (request_id),
    position      INTEGER NOT NULL,
    namespace     TEXT    NOT NULL,
    platform      TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    digest        BLOB    NOT NULL,
    content       BLOB    NOT NULL,          -- canonical bytes that the digest is over
    decision_id   BLOB    NOT NULL,
    approver      TEXT    NOT NULL,
    approver_role TEXT    NOT NULL,
    price_micros  INTEGER NOT NULL CHECK (price_micros >= 0),
    currency      TEXT    NOT NULL,
    call_key      TEXT    NOT NULL,
    -- What changes. The columns repeat what indexes need of `progress`; one function writes both.
    state         TEXT    NOT NULL,
    epoch         INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    due_at        INTEGER,
    external_id   TEXT,
    progress      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX effect_by_request ON effect (request_id, position);
CREATE INDEX effect_due ON effect (due_at) WHERE due_at IS NOT NULL;
-- A post that another effect owns is not ours.
CREATE UNIQUE INDEX effect_post ON effect (platform, account, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE decision (
    namespace   TEXT NOT NULL,
    decision_id BLOB NOT NULL,
    artifact    TEXT NOT NULL,
    revoked_at  INTEGER,
    document    TEXT NOT NULL,               -- as recorded; revocation is beside it
    PRIMARY KEY (namespace, decision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_by_artifact ON decision (namespace, artifact);

CREATE TABLE decision_effect (
    namespace   TEXT NOT NULL,
    digest      BLOB NOT NULL,
    decision_id BLOB NOT NULL,
    used_by     BLOB,                        -- the one effect that used the decision for this digest
    PRIMARY KEY (namespace, digest, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (
    namespace TEXT NOT NULL,
    campaign  BLOB NOT NULL,
    currency  TEXT NOT NULL,
    ceiling   INTEGER NOT NULL CHECK (ceiling >= 0),
    spent     INTEGER NOT NULL CHECK (spent >= 0),
    committed INTEGER NOT NULL CHECK (committed >= 0),
    PRIMARY KEY (namespace, campaign)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
    position    INTEGER NOT NULL PRIMARY KEY, -- from 0, without gaps
    event_id    BLOB    NOT NULL UNIQUE,
    type        TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    correlation BLOB,
    at          INTEGER NOT NULL,
    sameness    BLOB    NOT NULL,
    leaf        BLOB    NOT NULL,             -- the exact bytes that the tree is over
    hashes      BLOB    NOT NULL,             -- the leaf's hash and that of each subtree it completes, 32 bytes each
    attached    INTEGER NOT NULL,             -- whether there is, or was, an attachment
    salt        BLOB,
    attachment  BLOB
) STRICT;
CREATE INDEX ledger_by_correlation ON ledger (correlation, position) WHERE correlation IS NOT NULL;

-- One row for each post that is public (PUB-17): a view, because everything in it stands in the journal already.
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
    CASE e.approver_role WHEN 'judge' THEN 'auto' ELSE 'hitl' END AS approval_type,
    e.approver                                           AS approver,
    lower(hex(e.decision_id))                            AS decision_id,
    lower(hex(e.digest))                                 AS content_digest,
    r.key                                                AS idempotency_key
FROM effect e JOIN request r ON r.request_id = e.request_id
WHERE e.state = 'published';
