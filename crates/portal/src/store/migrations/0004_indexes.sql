-- Who can object is looked for by the link that was replaced, what is stored by the account.
CREATE INDEX links_by_replaced ON links (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX notices_by_account ON notices (account);
