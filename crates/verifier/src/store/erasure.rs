//! Forgetting a person.

use crate::ppid::SubjectId;
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Connection, SqlError};
use kazasu_service::values;

/// Subjects after `last` in the order of their identifiers, with their pairwise key versions.
pub(crate) fn subjects_after(
    c: &mut Connection<'_>,
    last: &[u8],
    limit: u32,
) -> Result<Vec<(SubjectId, u32)>, SqlError> {
    c.query(
        "SELECT id, pairwise_version FROM subjects WHERE id > ?1 ORDER BY id LIMIT ?2",
        values![last, limit],
        |row| Ok((row.get("id")?, row.get("pairwise_version")?)),
    )
}

/// Erases a subject with its credentials and transactions; whether it was there. What the database
/// knows of revoked certificates stays: it belongs to nobody here, and without it a revoked card
/// could be good again.
pub(crate) fn erase(
    c: &mut Connection<'_>,
    subject: &SubjectId,
    now: i64,
) -> Result<bool, SqlError> {
    for statement in [
        "DELETE FROM codes WHERE transaction_id IN (SELECT id FROM transactions WHERE subject = ?1)",
        "DELETE FROM transactions WHERE subject = ?1",
        "DELETE FROM revocation_answers WHERE credential_index IN
           (SELECT credential_index FROM credentials WHERE subject = ?1)",
        "DELETE FROM credentials WHERE subject = ?1",
    ] {
        c.execute(statement, values![subject])?;
    }
    let erased = c.execute("DELETE FROM subjects WHERE id = ?1", values![subject])? > 0;
    if erased {
        audit::record(c, now, "subject_erased", &Details::default())?;
    }
    Ok(erased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::Fixture;
    use crate::store::oidc::redeem;
    use crate::store::subjects;
    use kazasu_statement::Mode;

    const SUBJECT: SubjectId = [8; 16];
    const CREDENTIAL: [u8; 32] = [7; 32];

    #[tokio::test]
    async fn an_erased_person_leaves_nothing_but_revocations() {
        let fixture = Fixture::accepted(Mode::OtherDevice).await;
        assert!(fixture.code_issued(20).await);
        let found = fixture.run(|c| subjects_after(c, &[], 10)).await;
        assert_eq!(found, [(SUBJECT, 1)]);
        assert!(
            fixture
                .run(|c| subjects_after(c, &SUBJECT, 10))
                .await
                .is_empty()
        );
        fixture
            .run(|c| subjects::record_revoked(c, &CREDENTIAL, 20))
            .await;
        assert!(fixture.run(|c| erase(c, &SUBJECT, 21)).await);
        assert!(!fixture.run(|c| erase(c, &SUBJECT, 21)).await);
        let left = fixture.run(|c| {
            Ok((
                subjects::of_credential(c, &CREDENTIAL)?,
                crate::store::transactions::by_id(c, "T", 21)?.is_some(),
                subjects::is_revoked(c, &CREDENTIAL)?,
            ))
        });
        assert_eq!(left.await, (None, false, true));
        let redemption = crate::store::fixture::redemption();
        assert!(
            fixture
                .run(move |c| redeem(c, &redemption, 21))
                .await
                .is_none()
        );
        let erasures = fixture.events().await;
        let erasures = erasures.iter().filter(|(kind, _)| kind == "subject_erased");
        assert_eq!(erasures.count(), 1);
    }
}
