-- Mails to send and mails sent. A row is written together with what it tells.
CREATE TABLE mails (
  number         INTEGER PRIMARY KEY,          -- the order in which people are told
  id             TEXT    NOT NULL UNIQUE,      -- 128 random bits, and the Message-ID: receivers know a mail that comes twice
  event          TEXT    NOT NULL,             -- what happened: the identifier of a link or an operation
  kind           TEXT    NOT NULL,             -- what is told about it
  recipient_hash BLOB    NOT NULL,             -- HMAC of event and address: nobody is told the same twice
  recipient      TEXT,                         -- the address; NULL from the end on
  language       TEXT,                         -- ja or en; NULL for both, and from the end on
  details        TEXT,                         -- what the mail says, JSON; NULL from the end on
  state          TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up')),
  queued_at      INTEGER NOT NULL,             -- when it happened
  due_at         INTEGER NOT NULL,             -- not tried before; while it is tried, when somebody else may
  claims         INTEGER NOT NULL DEFAULT 0,   -- how often a node took it to send
  deferrals      INTEGER NOT NULL DEFAULT 0,   -- how often it was put off by the recipient's side
  ended_at       INTEGER,                      -- when it was sent or given up
  reason         TEXT,                         -- why it was given up, one word
  UNIQUE (event, kind, recipient_hash)
) STRICT;
CREATE INDEX mails_waiting ON mails (claims, queued_at DESC, number) WHERE state = 'waiting';
CREATE INDEX mails_ended ON mails (ended_at) WHERE state <> 'waiting';
