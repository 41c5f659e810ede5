-- A row for each permit instead of a list that each of them rewrites: what a permit writes does not grow with its limit.
ALTER TABLE rate_permit RENAME TO old_rate_permit;

-- Whose permits they are: an account and an action, for a tenant.
CREATE TABLE rate_log (
    number    INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    platform  TEXT NOT NULL,
    account   TEXT NOT NULL,
    kind      TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    UNIQUE (namespace, platform, account, kind)
) STRICT;

-- The permits that still count, in the order in which they were taken; bounded by the limit.
CREATE TABLE rate_permit (
    log      INTEGER NOT NULL,                -- rate_log.number
    position INTEGER NOT NULL,                -- grows with each permit of the log
    taken_by BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (log, position)
) STRICT, WITHOUT ROWID;
