-- One row for each request that was answered with a proposal: the first answer, which every repeat is given again.
CREATE TABLE proposal (
    namespace   TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,             -- in the caller's words
    fingerprint BLOB    NOT NULL,             -- of what was asked under it
    proposal    BLOB    NOT NULL,             -- the exact bytes of the answer
    admitted_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, request_id)
) STRICT, WITHOUT ROWID;
