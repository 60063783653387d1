//! The people of the demo, as the portal's built-in directory imports them.

use crate::cast::{Person, PersonsAccount};
use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};
use std::time::SystemTime;

/// One account a line. `before`: nobody has left yet.
pub(super) fn lines(people: &[Person], before: bool) -> String {
    let accounts = people.iter().flat_map(|person| &person.accounts);
    let lines = accounts.map(|account| format!("{}\n", line(account, before)));
    lines.collect()
}

fn line(account: &PersonsAccount, before: bool) -> Value {
    let mut line = json!({
        "account": account.id,
        "kind": account.kind,
        "names": account.names,
        "contacts": [
            { "address": format!("{}@univ.example", account.id), "outside": false },
            { "address": account.outside, "outside": true },
        ],
        "language": account.language,
        "password": account.password,
    });
    if let Some(student) = &account.student_account {
        line["student_account"] = json!(student);
    }
    let left = account.left_days_ago.filter(|_| !before);
    if let Some(days) = left {
        let then = DateTime::<Utc>::from(SystemTime::now()) - Days::new(days.into());
        line["revoked_at"] = json!(then.to_rfc3339());
    }
    line
}
