-- Since when relying parties can see the keys that sign ID tokens.

CREATE TABLE signing_keys (
  kid          TEXT    NOT NULL PRIMARY KEY,  -- thumbprint of the public key, as published
  published_at INTEGER NOT NULL               -- when a verifier first published it
) STRICT;
