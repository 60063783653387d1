-- Version 1. Times are seconds since the Unix epoch. A *_hash is SHA-256 of a random secret of at
-- least 128 bits. Never stored: passwords, access passes, names in the clear, anything of a card
-- but the pseudonym.

CREATE TABLE sessions (
  id          TEXT    NOT NULL PRIMARY KEY, -- 128 random bits
  cookie_hash BLOB    NOT NULL UNIQUE,      -- of the browser's cookie; changes with each tap and sign-in
  expires_at  INTEGER NOT NULL              -- the row goes then, and everything of the session
) STRICT;

CREATE TABLE procedures (
  id              TEXT    NOT NULL PRIMARY KEY,     -- 128 random bits, in the pages' URLs
  session         TEXT    NOT NULL REFERENCES sessions ON DELETE CASCADE, -- whose browser
  kind            TEXT    NOT NULL,                 -- link, state, unlink or recover
  started_at      INTEGER NOT NULL,                 -- a sign-in from before does not count
  expires_at      INTEGER NOT NULL,                 -- from then on it can do nothing
  browser         TEXT    NOT NULL,                 -- coarse description, for notices
  ppid            TEXT,                             -- who tapped in it
  sealed_name     BLOB,                             -- the name on the card; only the cookie opens it
  tapped_at       INTEGER,                          -- when
  relink_required INTEGER NOT NULL DEFAULT 0,       -- 1 if the card could not be tied to its predecessor
  account         TEXT,                             -- who signed in in it
  signed_in_at    INTEGER,                          -- when
  done            TEXT                              -- what it did, one word; from then on it only shows that
) STRICT;
CREATE INDEX procedures_of_session ON procedures (session);

CREATE TABLE requests (
  state_hash    BLOB    NOT NULL PRIMARY KEY,       -- of the state that comes back with the answer
  procedure     TEXT    NOT NULL REFERENCES procedures ON DELETE CASCADE, -- which procedure asked
  provider      TEXT    NOT NULL,                   -- tap or sign-in
  nonce         TEXT    NOT NULL,                   -- is in the ID token
  code_verifier TEXT    NOT NULL                    -- PKCE; worthless without the code
) STRICT;
CREATE INDEX requests_of_procedure ON requests (procedure);

CREATE TABLE links (
  id            TEXT    NOT NULL PRIMARY KEY, -- 128 random bits; what the audit knows it by
  ppid          TEXT    NOT NULL,             -- who tapped
  account       TEXT    NOT NULL,             -- who signed in
  linked_at     INTEGER NOT NULL,             -- when
  matures_at    INTEGER NOT NULL,             -- from then on it can be used to recover
  name_match    TEXT    NOT NULL,             -- by which rule the names compared, one word
  replaces      TEXT,                         -- the link of the same account that it took the place of
  ended_at      INTEGER,                      -- NULL while it is active
  ended_because TEXT                          -- unlinked, unlinked_by_sign_in, replaced, vetoed, frozen, account_removed or erased
) STRICT;
CREATE UNIQUE INDEX active_links_by_ppid ON links (ppid) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX active_links_by_account ON links (account) WHERE ended_at IS NULL;
CREATE INDEX links_by_ppid ON links (ppid);
CREATE INDEX links_by_account ON links (account);

CREATE TABLE operations (
  id          TEXT    NOT NULL PRIMARY KEY, -- 128 random bits; the directory knows it, too
  kind        TEXT    NOT NULL,             -- password, access_pass or lock
  account     TEXT    NOT NULL,             -- whose
  link        TEXT,                         -- the link that allowed it
  procedure   TEXT,                         -- where it was asked for: one of a kind in each
  browser     TEXT    NOT NULL,             -- coarse description, for notices
  state       TEXT    NOT NULL CHECK (state IN ('recorded', 'done', 'not_done', 'unknown')),
                                            -- recorded before the directory is asked; the rest after
  recorded_at INTEGER NOT NULL,             -- when it was asked for
  leased_until INTEGER NOT NULL,            -- until then whoever works on it is left alone
  finished_at INTEGER                       -- when its outcome was known
) STRICT;
CREATE UNIQUE INDEX operations_of_procedure ON operations (procedure, kind) WHERE state <> 'not_done';
CREATE INDEX operations_by_account ON operations (account, recorded_at);
CREATE INDEX operations_open ON operations (leased_until) WHERE state = 'recorded';

CREATE TABLE contacts (
  account  TEXT    NOT NULL,           -- whose
  address  TEXT    NOT NULL,           -- an e-mail address, as the directory says it
  outside  INTEGER NOT NULL,           -- 1 if it is not the account's own mailbox
  since    INTEGER NOT NULL,           -- a contact since, as far as is known
  seen_at  INTEGER NOT NULL,           -- last seen in the directory
  gone_at  INTEGER,                    -- first missed there; it is still told for a while
  PRIMARY KEY (account, address)
) STRICT;

CREATE TABLE watched_accounts (
  account   TEXT    NOT NULL PRIMARY KEY, -- an account whose contacts are read from time to time
  looked_at INTEGER NOT NULL,             -- when they were
  language  TEXT                          -- ja or en, if the directory says which its person reads
) STRICT;

CREATE TABLE notices (
  event      TEXT    NOT NULL PRIMARY KEY, -- what happened: the identifier of a link or an operation
  token_hash BLOB    NOT NULL UNIQUE,      -- of the token in the mails about it
  account    TEXT    NOT NULL,             -- whose
  kind       TEXT    NOT NULL,             -- what happened, one word
  browser    TEXT    NOT NULL,             -- coarse description of where
  at         INTEGER NOT NULL,             -- when
  expires_at INTEGER NOT NULL              -- from then on nobody can object
) STRICT;

CREATE TABLE freezes (
  account   TEXT    NOT NULL PRIMARY KEY, -- nothing can be recovered or linked
  frozen_at INTEGER NOT NULL,             -- since when
  event     TEXT    NOT NULL              -- what its person objected to
) STRICT;
