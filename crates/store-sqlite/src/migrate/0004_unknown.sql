-- Which outcomes are unknown: of an account, asked before every attempt (an equal text waits); of a tenant, listed for a
-- person. Rows enter only when an outcome is unknown, so that a post that goes well writes nothing here.
CREATE INDEX effect_unknown_of_account ON effect (platform, account) WHERE state = 'unknown';
CREATE INDEX effect_unknown ON effect (namespace, effect_id) WHERE state = 'unknown';
