-- Switches that keep attempts from beginning: of everything, of a tenant, of an account.
CREATE TABLE pause (
    number     INTEGER NOT NULL PRIMARY KEY,
    scope      TEXT    NOT NULL,              -- 'all', 'namespace', 'account'
    first      TEXT    NOT NULL,              -- the tenant, or the platform; '' for all
    second     TEXT    NOT NULL,              -- the account; '' for the others
    cause      TEXT    NOT NULL,
    active     INTEGER NOT NULL,              -- 1 while it stops attempts
    changed_at INTEGER NOT NULL,
    document   TEXT    NOT NULL,
    UNIQUE (scope, first, second, cause)
) STRICT;
-- What every step that records an attempt asks.
CREATE INDEX pause_active ON pause (scope, first, second) WHERE active = 1;

-- Budgets of a tenant, an agent, a campaign, or by a name of the host.
CREATE TABLE new_budget (
    namespace TEXT NOT NULL,
    owner     TEXT NOT NULL,                  -- 'tenant', 'agent', 'campaign', 'named'
    name      BLOB NOT NULL,                  -- the id of the agent or campaign, the name's bytes; empty for the tenant
    currency  TEXT NOT NULL,
    ceiling   INTEGER NOT NULL CHECK (ceiling >= 0),
    spent     INTEGER NOT NULL CHECK (spent >= 0),
    committed INTEGER NOT NULL CHECK (committed >= 0),
    PRIMARY KEY (namespace, owner, name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_budget SELECT namespace, 'campaign', campaign, currency, ceiling, spent, committed FROM budget;
DROP TABLE budget;
ALTER TABLE new_budget RENAME TO budget;
