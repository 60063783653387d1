CREATE TABLE revocation_answers (
  credential_index BLOB    NOT NULL PRIMARY KEY, -- as in credentials; known there or not
  word             TEXT    NOT NULL CHECK (word IN ('good', 'on_hold', 'unknown')), -- what the OCSP responder said last; revoked stands in revoked_credentials
  this_update      INTEGER NOT NULL,             -- when the authority knew it
  asked_at         INTEGER NOT NULL,             -- when it was asked
  valid_until      INTEGER NOT NULL              -- from then on it means nothing, and the row goes
) STRICT, WITHOUT ROWID;
CREATE INDEX revocation_answers_by_end ON revocation_answers (valid_until);
