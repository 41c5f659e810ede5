-- Rows in order of arrival: a b-tree under random keys dirties a page for each row, in the log and again in the checkpoint.
-- What has to be found by a random id is found through a narrow table of 64-bit hashes (the first eight bytes of the id),
-- and verified against the row.

-- An account on a platform: what posts belong to, whatever the tenant.
CREATE TABLE account (
    number   INTEGER NOT NULL PRIMARY KEY,
    platform TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    UNIQUE (platform, account)
) STRICT;

-- A campaign of a tenant.
CREATE TABLE campaign (
    number    INTEGER NOT NULL PRIMARY KEY,
    namespace TEXT    NOT NULL,
    campaign  BLOB    NOT NULL,
    UNIQUE (namespace, campaign)
) STRICT;

CREATE TABLE new_request (
    number     INTEGER NOT NULL PRIMARY KEY,  -- in order of arrival
    request_id BLOB    NOT NULL,              -- derived from (namespace, skill, key): its uniqueness is the key's
    -- What never changes: {"request": {...}, "effects": [{"id", "decision", "approver", "price", "call_key", "content"}]},
    -- effects by position; `content` is the text whose bytes the digest is over.
    document   TEXT    NOT NULL
) STRICT;
CREATE TABLE request_key (
    hash    INTEGER NOT NULL,                 -- of the request's id
    request INTEGER NOT NULL,
    PRIMARY KEY (hash, request)
) STRICT, WITHOUT ROWID;

-- What changes about an effect.
CREATE TABLE new_effect (
    number      INTEGER NOT NULL PRIMARY KEY, -- 64 times the request's number, plus the position
    account     INTEGER NOT NULL,
    campaign    INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    -- The columns repeat what indexes need of `progress`; one function writes both.
    state       TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    due_at      INTEGER,
    external_id TEXT,
    progress    TEXT    NOT NULL
) STRICT;
CREATE TABLE effect_key (
    hash   INTEGER NOT NULL,                  -- of the effect's id
    effect INTEGER NOT NULL,
    PRIMARY KEY (hash, effect)
) STRICT, WITHOUT ROWID;

CREATE TABLE new_decision (
    number      INTEGER NOT NULL PRIMARY KEY,
    decision_id BLOB    NOT NULL,
    namespace   TEXT    NOT NULL,
    revoked_at  INTEGER,
    uses        TEXT    NOT NULL,             -- {digest: id of the effect that used the decision for it}
    document    TEXT    NOT NULL              -- as recorded; revocation and uses are beside it
) STRICT;
CREATE TABLE decision_key (
    hash     INTEGER NOT NULL,                -- of the decision's id
    decision INTEGER NOT NULL,
    PRIMARY KEY (hash, decision)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision_digest (
    hash     INTEGER NOT NULL,                -- of a digest that the decision lists
    decision INTEGER NOT NULL,
    PRIMARY KEY (hash, decision)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision_artifact (
    hash     INTEGER NOT NULL,                -- of SHA-256 over tenant, 0x00, artifact
    decision INTEGER NOT NULL,
    PRIMARY KEY (hash, decision)
) STRICT, WITHOUT ROWID;

CREATE TABLE new_proposal (
    number      INTEGER NOT NULL PRIMARY KEY,
    namespace   TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,             -- in the caller's words
    fingerprint BLOB    NOT NULL,             -- of what was asked under it
    proposal    BLOB    NOT NULL              -- the exact bytes of the answer
) STRICT;
CREATE TABLE proposal_key (
    hash     INTEGER NOT NULL,                -- of SHA-256 over tenant, 0x00, request id
    proposal INTEGER NOT NULL,
    PRIMARY KEY (hash, proposal)
) STRICT, WITHOUT ROWID;

ALTER TABLE rate_permit ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- One row for the events of one step: they share tenant, trace and time.
CREATE TABLE new_ledger (
    first       INTEGER NOT NULL PRIMARY KEY, -- the position of its first entry; positions begin at 0 and have no gaps
    entries     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    namespace   TEXT    NOT NULL,
    correlation BLOB,
    leaves      TEXT    NOT NULL,             -- a JSON array of the exact bytes that the tree is over
    hashes      BLOB    NOT NULL              -- of each entry its own hash and that of each subtree it completes, 32 bytes each
) STRICT;
-- What is kept beside an entry. An entry that names an attachment and has none here was erased.
CREATE TABLE attachment (
    position INTEGER NOT NULL PRIMARY KEY,
    salt     BLOB    NOT NULL,
    content  BLOB    NOT NULL
) STRICT;
-- Events whose author may append them again, by id.
CREATE TABLE ledger_event (
    event_id BLOB    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    sameness BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
