//! Making and undoing links: one database transaction each, with its audit event and the mails that
//! tell about it.

use crate::account::AccountId;
use crate::link::{EndedBecause, Link};
use crate::mail::Kind;
use crate::procedure::Procedure;
use crate::store::links::Replacement;
use crate::store::{contacts, freezes, links, operations, procedures, turns};
use crate::telling::{Event, Teller};
use kazasu_service::audit::{self, Details};
use kazasu_service::store::{Connection, SqlError};

/// A link that somebody confirmed.
pub(crate) struct Wish {
    /// Where it was confirmed.
    pub(crate) procedure: String,
    /// Coarse description of where.
    pub(crate) browser: String,
    /// The new link's identifier.
    pub(crate) id: String,
    pub(crate) ppid: String,
    pub(crate) account: AccountId,
    /// How the names compared.
    pub(crate) name_match: &'static str,
    /// Seconds until it can be used.
    pub(crate) maturity: i64,
}

/// Why there is no new link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoLink {
    /// It is linked like that already.
    Already,
    /// The card is linked to another account.
    OtherAccount(AccountId),
    /// Somebody said "this was not me".
    Frozen,
    /// The account was recovered, or its contacts changed, a short time ago; from then on.
    NotBefore(i64),
    /// Another request changed a link of the same card or account at this moment.
    Overtaken,
}

/// What would come of a wish now, without writing anything: `Ok` is the link it would replace, or
/// the one that ended so lately that it counts as replaced: what somebody did with a sign-in alone
/// does not keep its card's holder from objecting.
pub(crate) fn look(
    c: &mut Connection<'_>,
    ppid: &str,
    account: &AccountId,
    maturity: i64,
    now: i64,
) -> Result<Result<Option<Link>, NoLink>, SqlError> {
    if let Some(link) = links::of_ppid(c, ppid)? {
        return Ok(Err(match link.account == *account {
            true => NoLink::Already,
            false => NoLink::OtherAccount(link.account),
        }));
    }
    if freezes::since(c, account)?.is_some() {
        return Ok(Err(NoLink::Frozen));
    }
    let (_, recovered_at) = operations::recoveries_since(c, account, now - maturity)?;
    let changed_at = contacts::changed_at(c, account)?;
    let last = recovered_at.max(changed_at).map(|at| at + maturity);
    if let Some(from) = last.filter(|from| *from > now) {
        return Ok(Err(NoLink::NotBefore(from)));
    }
    if let Some(active) = links::of_account(c, account)? {
        return Ok(Ok(Some(active)));
    }
    Ok(Ok(links::ended_since(c, account, ppid, now - maturity)?))
}

/// Makes a link. One that the account has is replaced: its holder can object until the new one has
/// matured.
pub(crate) fn link(
    c: &mut Connection<'_>,
    wish: &Wish,
    teller: &Teller,
    now: i64,
) -> Result<Result<Link, NoLink>, SqlError> {
    turns::take(c, &wish.account)?;
    let replaced = match look(c, &wish.ppid, &wish.account, wish.maturity, now)? {
        Ok(replaced) => replaced,
        Err(reason) => return Ok(Err(reason)),
    };
    let active = replaced.as_ref().filter(|old| old.ended.is_none());
    if let Some(old) = active
        && !links::end(c, &old.id, EndedBecause::Replaced, now)?
    {
        return Ok(Err(NoLink::Overtaken));
    }
    let link = Link {
        id: wish.id.clone(),
        ppid: wish.ppid.clone(),
        account: wish.account.clone(),
        linked_at: now,
        matures_at: now + wish.maturity,
        replaces: replaced.as_ref().map(|old| old.id.clone()),
        ended: None,
    };
    if !links::insert(c, &link, wish.name_match)? {
        if let Some(old) = active {
            links::restore(c, &old.id)?;
        }
        return Ok(Err(NoLink::Overtaken));
    }
    procedures::done(c, &wish.procedure, "linked")?;
    let kind = match active {
        Some(_) => Kind::Replaced,
        None => Kind::Linked,
    };
    let details = Details::default()
        .with("link", link.id.as_str())
        .with("name", wish.name_match)
        .with("replaces", link.replaces.as_deref());
    audit::record(c, now, kind.as_str(), &details)?;
    teller.tell(c, &event(&link, kind, &wish.browser), now)?;
    Ok(Ok(link))
}

/// Removes a link. `false` if it was not active.
pub(crate) fn unlink(
    c: &mut Connection<'_>,
    link: &Link,
    procedure: &Procedure,
    teller: &Teller,
    now: i64,
) -> Result<bool, SqlError> {
    let is_final = procedure.tap.is_some() || freezes::since(c, &link.account)?.is_some();
    let because = match is_final {
        true => EndedBecause::Unlinked,
        false => EndedBecause::UnlinkedBySignIn,
    };
    if !links::end(c, &link.id, because, now)? {
        return Ok(false);
    }
    procedures::done(c, &procedure.id, "unlinked")?;
    record(c, link, Kind::Unlinked, now)?;
    teller.tell(c, &event(link, Kind::Unlinked, &procedure.browser), now)?;
    Ok(true)
}

/// The holder of the earlier card objects to the link that took its place: that one ends, and theirs
/// is active again. `false` if it is too late.
pub(crate) fn veto(
    c: &mut Connection<'_>,
    ppid: &str,
    procedure: &Procedure,
    teller: &Teller,
    now: i64,
) -> Result<bool, SqlError> {
    let Some(Replacement { earlier, by: new }) = links::replacement_of(c, ppid, now)? else {
        return Ok(false);
    };
    turns::take(c, &new.account)?;
    if !links::end(c, &new.id, EndedBecause::Vetoed, now)? {
        return Ok(false);
    }
    links::restore(c, &earlier)?;
    procedures::done(c, &procedure.id, "vetoed")?;
    record(c, &new, Kind::Vetoed, now)?;
    teller.tell(c, &event(&new, Kind::Vetoed, &procedure.browser), now)?;
    Ok(true)
}

fn record(c: &mut Connection<'_>, link: &Link, kind: Kind, now: i64) -> Result<(), SqlError> {
    let details = Details::default().with("link", link.id.as_str());
    audit::record(c, now, kind.as_str(), &details)
}

fn event(link: &Link, kind: Kind, browser: &str) -> Event {
    let is_new = matches!(kind, Kind::Linked | Kind::Replaced);
    Event {
        id: link.id.clone(),
        kind,
        account: link.account.clone(),
        browser: browser.to_owned(),
        matures_at: is_new
            .then_some(link.matures_at)
            .filter(|at| *at > link.linked_at),
    }
}
