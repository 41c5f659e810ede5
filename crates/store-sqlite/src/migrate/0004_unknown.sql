-- Which outcomes of an account are unknown: asked before every attempt (an equal text waits) and when a person looks. Rows
-- enter only when an outcome is unknown, so that a post that goes well writes nothing here.
CREATE INDEX effect_unknown ON effect (platform, account, effect_id) WHERE state = 'unknown';
