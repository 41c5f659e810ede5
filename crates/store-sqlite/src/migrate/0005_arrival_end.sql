-- The rows stand in the new tables by now. Their keys need not come into memory.
INSERT OR IGNORE INTO sorted_key (hash, row) SELECT hash, row FROM key ORDER BY hash, row;
UPDATE sorted_up_to SET number = (SELECT coalesce(max(number), 0) FROM key);

DROP VIEW publication;
DROP VIEW engagement;
DROP TABLE effect;
DROP TABLE request;
DROP TABLE decision;
DROP TABLE decision_effect;
DROP TABLE proposal;
DROP TABLE ledger;
ALTER TABLE new_request RENAME TO request;
ALTER TABLE new_effect RENAME TO effect;
ALTER TABLE new_decision RENAME TO decision;
ALTER TABLE new_proposal RENAME TO proposal;
ALTER TABLE new_ledger RENAME TO ledger;

CREATE INDEX effect_due ON effect (due_at) WHERE due_at IS NOT NULL;
-- A post that another effect owns is not ours. Ids of one account grow.
CREATE UNIQUE INDEX effect_post ON effect (account, external_id) WHERE external_id IS NOT NULL;
-- What is open: small indexes, for an effect leaves them when its outcome is known.
CREATE INDEX effect_attempting ON effect (account) WHERE state = 'attempting';
CREATE INDEX effect_unknown ON effect (account) WHERE state = 'unknown';
CREATE INDEX effect_unknown_of_campaign ON effect (campaign) WHERE state = 'unknown';
-- Engagements of a campaign, for warm-up and counting. Publications are left out, so that they pay nothing for it.
CREATE INDEX engagement_by_campaign ON effect (campaign, account) WHERE kind <> 'publish';

-- One row for each post that is public (PUB-17): a view, because everything in it stands in the journal already.
CREATE VIEW publication AS
SELECT
    replace(r.document ->> format('$.effects[%d].id', s.number % 64), '-', '')              AS publication_id,
    r.document ->> '$.request.task'                      AS task_id,
    r.document ->> '$.request.campaign'                  AS campaign_id,
    a.platform                                           AS platform,
    s.external_id                                        AS external_id,
    r.document ->> format('$.effects[%d].content', s.number % 64)                           AS content_snapshot,
    s.progress ->> '$.post.published_at'                 AS published_at,
    r.document ->> '$.request.correlation'               AS correlation_id,
    s.progress ->> '$.post.url'                          AS external_url,
    a.account                                            AS account_id,
    (r.document ->> format('$.effects[%d].content', s.number % 64)) ->> '$.disclosure.label' AS disclosure_level,
    CASE r.document ->> format('$.effects[%d].approver.role', s.number % 64) WHEN 'hitl_reviewer' THEN 'hitl' ELSE 'auto' END AS approval_type,
    r.document ->> format('$.effects[%d].approver.id', s.number % 64)                       AS approver,
    replace(r.document ->> format('$.effects[%d].decision', s.number % 64), '-', '')        AS decision_id,
    r.document ->> format('$.effects[%d].digest', s.number % 64)                            AS content_digest,
    r.document ->> '$.request.key.key'                   AS idempotency_key
FROM effect s
JOIN request r ON r.number = s.number / 64
JOIN account a ON a.number = s.account
WHERE s.state = 'published' AND s.kind = 'publish';

-- One row for each engagement that happened: replies, comments, likes, follows, shares (ENG-12).
CREATE VIEW engagement AS
SELECT
    'eng_' || lower(hex(r.request_id))                   AS engagement_id,
    s.kind                                               AS action,
    a.platform                                           AS platform,
    (r.document ->> format('$.effects[%d].content', s.number % 64)) ->> '$.target'          AS target,
    nullif((r.document ->> format('$.effects[%d].content', s.number % 64)) ->> '$.text', '') AS text,
    a.account                                            AS account_id,
    s.external_id                                        AS external_id,
    s.progress ->> '$.post.url'                          AS external_url,
    coalesce(s.progress ->> '$.post.published_at', s.progress ->> '$.changed_at') AS happened_at,
    r.document ->> '$.request.campaign'                  AS campaign_id,
    r.document ->> '$.request.correlation'               AS correlation_id,
    CASE r.document ->> format('$.effects[%d].approver.role', s.number % 64) WHEN 'hitl_reviewer' THEN 'hitl' ELSE 'auto' END AS approval_type,
    r.document ->> format('$.effects[%d].approver.id', s.number % 64)                       AS approver,
    replace(r.document ->> format('$.effects[%d].decision', s.number % 64), '-', '')        AS decision_id,
    r.document ->> format('$.effects[%d].digest', s.number % 64)                            AS content_digest,
    r.document ->> '$.request.key.key'                   AS idempotency_key
FROM effect s
JOIN request r ON r.number = s.number / 64
JOIN account a ON a.number = s.account
WHERE s.state = 'published' AND s.kind <> 'publish';
