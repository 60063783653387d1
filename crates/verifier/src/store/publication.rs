//! Since when relying parties can see the keys that sign ID tokens.

use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;
use std::collections::BTreeMap;

/// A verifier publishes these keys from `now` on. Returns since when each key is published that
/// ever was, by its `kid`: of several nodes the first counts.
pub(crate) fn publish(
    c: &mut Connection<'_>,
    kids: &[String],
    now: i64,
) -> Result<BTreeMap<String, i64>, SqlError> {
    for kid in kids {
        c.execute(
            "INSERT INTO signing_keys (kid, published_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            values![kid, now],
        )?;
    }
    let all = c.query(
        "SELECT kid, published_at FROM signing_keys",
        values![],
        |row| Ok((row.get("kid")?, row.get("published_at")?)),
    )?;
    Ok(all.into_iter().collect())
}
