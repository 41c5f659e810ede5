-- Rows in order of arrival: a b-tree under random keys dirties a page for each row, in the log and again in the checkpoint.
-- What has to be found by a random id is found through 64 bits of it, and verified against the row.

-- Keys in order of arrival. They are looked up in memory.
CREATE TABLE key (
    number INTEGER NOT NULL PRIMARY KEY,
    hash   INTEGER NOT NULL,                  -- 64 bits of what the row is found by, and of what kind that is
    row    INTEGER NOT NULL                   -- the number of the row, in the table of that kind
) STRICT;
-- Keys that are not in memory any more, moved here in their order.
CREATE TABLE sorted_key (
    hash INTEGER NOT NULL,
    row  INTEGER NOT NULL,
    PRIMARY KEY (hash, row)
) STRICT, WITHOUT ROWID;
-- One row: the number of the last key that stands in `sorted_key`, as do all before it.
CREATE TABLE sorted_up_to (
    number INTEGER NOT NULL
) STRICT;
INSERT INTO sorted_up_to VALUES (0);

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

CREATE TABLE new_decision (
    number      INTEGER NOT NULL PRIMARY KEY,
    decision_id BLOB    NOT NULL,
    namespace   TEXT    NOT NULL,
    revoked_at  INTEGER,
    uses        TEXT    NOT NULL,             -- {digest: id of the effect that used the decision for it}
    document    TEXT    NOT NULL              -- as recorded; revocation and uses are beside it
) STRICT;

CREATE TABLE new_proposal (
    number      INTEGER NOT NULL PRIMARY KEY,
    namespace   TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,             -- in the caller's words
    fingerprint BLOB    NOT NULL,             -- of what was asked under it
    proposal    BLOB    NOT NULL              -- the exact bytes of the answer
) STRICT;

ALTER TABLE rate_permit ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- One row for the events of one step: they share tenant, trace and time.
CREATE TABLE new_ledger (
    first      INTEGER NOT NULL PRIMARY KEY,  -- the position of its first entry; positions begin at 0 and have no gaps
    entries    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    namespace  TEXT    NOT NULL,
    leaves     TEXT    NOT NULL,              -- a JSON array of the exact bytes that the tree is over
    hashes     BLOB    NOT NULL,              -- of each entry its own hash and that of each subtree it completes, 32 bytes each
    -- What is kept beside the first entry that has an attachment; see `attachment`.
    attached   INTEGER,
    salt       BLOB,
    content    BLOB,
    content_of INTEGER
) STRICT;
-- Which rows are of a trace: narrow, so that all of them can be read.
CREATE TABLE ledger_trace (
    first       INTEGER NOT NULL PRIMARY KEY,
    correlation BLOB    NOT NULL
) STRICT;
-- What is kept beside further entries of a row. An entry that names an attachment and has none was erased.
CREATE TABLE attachment (
    position   INTEGER NOT NULL PRIMARY KEY,
    salt       BLOB    NOT NULL,
    content    BLOB,                          -- NULL where it is the content of an effect, which stands with its request
    content_of INTEGER                        -- the number of that effect
) STRICT;
-- Events whose author may append them again.
CREATE TABLE ledger_event (
    number   INTEGER NOT NULL PRIMARY KEY,
    event_id BLOB    NOT NULL,
    position INTEGER NOT NULL,
    sameness BLOB    NOT NULL
) STRICT;
