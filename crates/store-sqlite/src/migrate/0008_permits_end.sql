DROP TABLE old_rate_permit;
