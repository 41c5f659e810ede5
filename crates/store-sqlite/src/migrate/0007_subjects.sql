-- What the entries of a row are about: 32 bits of the SHA-256 of their subject, of the request where it is an effect's. In
-- the narrow table, so that no page more is written for it; a row that is found is verified against its leaves. Rows of
-- earlier schemas have none, as their leaves have none. A row that is of no trace and has a subject has the empty
-- correlation.
ALTER TABLE ledger_trace ADD COLUMN subject INTEGER;
