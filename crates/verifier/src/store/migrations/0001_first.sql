-- Version 1. Times are seconds since the Unix epoch. A *_hash is SHA-256 of a random secret of at
-- least 128 bits. Never stored: certificates, serial numbers, names in the clear, PINs.

CREATE TABLE pushed_requests (
  request_hash   BLOB    NOT NULL PRIMARY KEY, -- of the request_uri's random part
  relying_party  TEXT    NOT NULL,             -- who pushed it
  redirect_uri   TEXT    NOT NULL,             -- where the answer goes; one of the registered ones
  request_state  TEXT,                         -- echoed to the relying party as `state`
  nonce          TEXT    NOT NULL,             -- echoed in the ID token
  code_challenge TEXT    NOT NULL,             -- PKCE, S256
  purpose        TEXT    NOT NULL,             -- what the tap is for
  wants_name     INTEGER NOT NULL,             -- 1 if the scope asked for the name
  language       TEXT,                         -- ja or en, if ui_locales named one
  prompt_none    INTEGER NOT NULL,             -- 1 if no page may be shown, so it cannot be answered
  expires_at     INTEGER NOT NULL              -- from then on it opens nothing
) STRICT;

CREATE TABLE subjects (
  id               BLOB    NOT NULL PRIMARY KEY, -- a person: 128 random bits
  pairwise_version INTEGER NOT NULL,             -- the pairwise key its PPIDs are made with
  lineage_broken   INTEGER NOT NULL,             -- 1 if an earlier credential was known but not continued
  created_at       INTEGER NOT NULL              -- first accepted tap
) STRICT;

CREATE TABLE credentials (
  credential_index BLOB    NOT NULL PRIMARY KEY,          -- keyed hash of issuer key id and serial
  subject          BLOB    NOT NULL REFERENCES subjects,  -- whose it is
  created_at       INTEGER NOT NULL                       -- first accepted tap with it
) STRICT, WITHOUT ROWID;
CREATE INDEX credentials_of_subject ON credentials (subject);

CREATE TABLE revoked_credentials (
  credential_index BLOB    NOT NULL PRIMARY KEY, -- as in credentials; known there or not
  seen_at          INTEGER NOT NULL              -- when a revocation answer first said so; it stays
) STRICT, WITHOUT ROWID;

CREATE TABLE transactions (
  id                TEXT    NOT NULL PRIMARY KEY, -- 128 random bits, in the page's URL and the statement
  request_hash      BLOB    NOT NULL UNIQUE,      -- the pushed request it grew from: one request, one transaction
  relying_party     TEXT    NOT NULL,             -- from the pushed request, as the next six
  redirect_uri      TEXT    NOT NULL,
  request_state     TEXT,
  nonce             TEXT    NOT NULL,
  code_challenge    TEXT    NOT NULL,
  purpose           TEXT    NOT NULL,
  wants_name        INTEGER NOT NULL,
  language          TEXT    NOT NULL,             -- of its pages: ja or en
  browser_hash      BLOB    NOT NULL,             -- the session cookie of the browser that started
  browser           TEXT    NOT NULL,             -- coarse description for the consent screen
  created_at        INTEGER NOT NULL,             -- shown on the consent screen
  state             TEXT    NOT NULL CHECK (state IN ('created', 'claimed', 'paired', 'accepted',
                            'redeemed', 'cancelled', 'rejected', 'expired')),
  expires_at        INTEGER NOT NULL,             -- an open state ends then; acceptance sets it anew
  delete_after      INTEGER NOT NULL,             -- the row goes then
  mode              TEXT,                         -- chosen on the start page; fixed for each ticket
  ticket_number     INTEGER NOT NULL DEFAULT 0,   -- counts minted tickets; a challenge belongs to one
  ticket_hash       BLOB    UNIQUE,               -- the current ticket
  ticket_expires_at INTEGER,                      -- from then on it cannot be claimed
  companion_hash    BLOB    UNIQUE,               -- the companion secret of the current claim
  digits            TEXT,                         -- six digits; in the clear, because they are useless without the browser's cookie
  digits_expire_at  INTEGER,                      -- from then on they count as wrong
  pairing_tries     INTEGER NOT NULL DEFAULT 0,   -- wrong digits typed, over all tickets
  assertion_hash    BLOB,                         -- the accepted assertion, to recognise it when submitted again
  subject           BLOB    REFERENCES subjects,  -- whose card was accepted
  auth_time         INTEGER,                      -- when it was accepted
  sealed_name       BLOB,                         -- encrypted; erased in every final state
  return_hash       BLOB    UNIQUE,               -- one-time code of the return URL, same-phone mode
  returned          INTEGER NOT NULL DEFAULT 0,   -- 1 once the browser that started brought the code
  reason            TEXT    CHECK (reason IN ('pairing_failed', 'wrong_browser')) -- why it was rejected
) STRICT;
CREATE INDEX transactions_by_expiry ON transactions (expires_at);
CREATE INDEX transactions_by_deletion ON transactions (delete_after);

CREATE TABLE codes (
  code_hash      BLOB    NOT NULL PRIMARY KEY,   -- authorization code
  transaction_id TEXT    NOT NULL REFERENCES transactions ON DELETE CASCADE, -- several tabs may each hold one; the first wins
  expires_at     INTEGER NOT NULL                -- from then on it redeems nothing
) STRICT;
CREATE INDEX codes_of_transaction ON codes (transaction_id);

CREATE TABLE client_assertions (
  relying_party TEXT    NOT NULL,  -- who authenticated
  jti           TEXT    NOT NULL,  -- the assertion's identifier, usable once
  expires_at    INTEGER NOT NULL,  -- the assertion is refused for its age from then on
  PRIMARY KEY (relying_party, jti)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  sequence       INTEGER PRIMARY KEY,  -- order of commit
  at             INTEGER NOT NULL,     -- when it happened
  kind           TEXT    NOT NULL,     -- accepted, refused (the transaction goes on) or rejected (it ended)
  transaction_id TEXT    NOT NULL,     -- not a reference: events outlive transactions
  relying_party  TEXT    NOT NULL,
  purpose        TEXT    NOT NULL,
  mode           TEXT,
  reason         TEXT                  -- of refused and rejected
) STRICT;
