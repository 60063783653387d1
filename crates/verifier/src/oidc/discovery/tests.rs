//! When keys are shown.

use super::*;

const DAY: i64 = 86_400;
const LIFETIME: i64 = 300;

#[test]
fn a_key_is_shown_before_it_is_used_and_until_its_last_token_was_looked_at() {
    let old = SigningKey::fresh(Algorithm::ES256, 0);
    let new = SigningKey::fresh(Algorithm::ES256, 10 * DAY);
    let other = SigningKey::fresh(Algorithm::RS256, 0);
    let keys = [old, new, other];
    let shown = |now| {
        let kids: Vec<_> = published(&keys, LIFETIME, now)
            .map(|key| &key.kid)
            .collect();
        keys.each_ref().map(|key| kids.contains(&&key.kid))
    };
    assert_eq!(shown(9 * DAY), [true; 3]);
    assert_eq!(shown(10 * DAY), [true; 3]);
    let last = 10 * DAY + LIFETIME + LOOKED_AT;
    assert_eq!(shown(last - 1), [true; 3]);
    assert_eq!(shown(last), [false, true, true]);
}
