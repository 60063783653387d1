-- Which keys this database belongs to, and which verifiers use it.

CREATE TABLE key_checks (
  kind        TEXT    NOT NULL,  -- index or pairwise
  version     INTEGER NOT NULL,  -- of the key; stored credential indexes are wrapped by every index key here
  check_value BLOB    NOT NULL,  -- keyed hash of a fixed text: another key would give another one
  PRIMARY KEY (kind, version)
) STRICT;

CREATE TABLE nodes (
  id      BLOB    NOT NULL PRIMARY KEY,  -- a running verifier: 128 random bits, drawn at each start
  seen_at INTEGER NOT NULL               -- when it last said that it runs
) STRICT;

CREATE TABLE rewrapped_indexes (
  old_index BLOB NOT NULL PRIMARY KEY,  -- a credential index; rows are here only within one transaction
  new_index BLOB NOT NULL               -- the same, wrapped by one key more
) STRICT;
