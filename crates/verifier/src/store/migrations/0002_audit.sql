-- Events go on as audit events, with their words as details.
INSERT INTO audit_events (at, kind, details)
SELECT at, kind,
  '{"transaction":"' || transaction_id || '","relying_party":"' || relying_party
    || '","purpose":"' || purpose || '"'
    || CASE WHEN mode IS NULL THEN '' ELSE ',"mode":"' || mode || '"' END
    || CASE WHEN reason IS NULL THEN '' ELSE ',"reason":"' || reason || '"' END || '}'
FROM events ORDER BY sequence;
DROP TABLE events;
