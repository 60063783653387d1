-- The built-in directory. Times are seconds since the Unix epoch. Passwords are kept as hashes.

CREATE TABLE directory_accounts (
  id                 TEXT    NOT NULL PRIMARY KEY, -- the account's name, which its person types
  kind               TEXT    NOT NULL,             -- student or staff
  revoked_at         INTEGER,                      -- from then on it is revoked; may be still to come
  locked             INTEGER NOT NULL,             -- 1 if only a member of staff opens it again
  language           TEXT,                         -- ja or en, in which its person is written to
  student_account    TEXT,                         -- of a member of staff: the same person's student account
  password           TEXT,                         -- Argon2id, as a PHC string; NULL if none works
  access_pass        BLOB,                         -- SHA-256 of the random access pass issued last
  access_pass_until  INTEGER,                      -- when it stops working
  failures           INTEGER NOT NULL,             -- attempts to sign in since the last that succeeded
  refused_until      INTEGER NOT NULL,             -- no attempt is looked at before
  session_generation INTEGER NOT NULL              -- sessions begun under a lower number have ended
) STRICT;

CREATE TABLE directory_names (
  account  TEXT    NOT NULL REFERENCES directory_accounts ON DELETE CASCADE, -- whose
  position INTEGER NOT NULL, -- 0 for the name as registered; Latin and earlier ones follow
  name     TEXT    NOT NULL, -- a name that may be on its person's card
  PRIMARY KEY (account, position)
) STRICT;

CREATE TABLE directory_contacts (
  account     TEXT    NOT NULL REFERENCES directory_accounts ON DELETE CASCADE, -- whose
  address     TEXT    NOT NULL, -- an e-mail address
  outside     INTEGER NOT NULL, -- 1 if it is not the account's own mailbox
  since       INTEGER NOT NULL, -- when it became a contact; 0 if the account had it from the start
  gone_at     INTEGER,          -- when it ceased to be one; NULL while it is
  PRIMARY KEY (account, address)
) STRICT;

CREATE TABLE directory_operations (
  id      TEXT    NOT NULL PRIMARY KEY, -- under which the change was recorded before it was made
  account TEXT    NOT NULL,             -- whose; it need not exist
  kind    TEXT    NOT NULL,             -- password, access_pass or lock
  made    INTEGER NOT NULL,             -- 1 if it was; 0 if it was given up and must not be any more
  at      INTEGER NOT NULL              -- when it was made, or recorded
) STRICT;
CREATE INDEX directory_operations_of_account ON directory_operations (account);
