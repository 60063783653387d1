CREATE TABLE audit_events (
  sequence INTEGER PRIMARY KEY, -- order of insertion
  at       INTEGER NOT NULL,    -- when it happened, seconds since the Unix epoch
  kind     TEXT    NOT NULL,    -- what happened, one word
  details  TEXT    NOT NULL,    -- a JSON object of words; nothing in it names a person
  seal     INTEGER              -- the seal that covers it; NULL until then
) STRICT;
CREATE INDEX audit_events_by_seal ON audit_events (seal, sequence);

CREATE TABLE audit_seals (
  number    INTEGER NOT NULL PRIMARY KEY, -- 1, 2, 3 without a gap
  sealed_at INTEGER NOT NULL,             -- when
  events    INTEGER NOT NULL,             -- how many events it covers
  hash      BLOB    NOT NULL,             -- SHA-256 over the hash before and the events
  signature BLOB    NOT NULL              -- of number, time and hash, by the audit key
) STRICT;
