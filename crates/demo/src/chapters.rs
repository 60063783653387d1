//! The story's checks.

use crate::narrator::Narrator;
use crate::world::{HANAKO, TARO, TARO_MISTYPING, World, accepted, identity, refused, return_url};
use anyhow::{Context, Result, ensure};
use kazasu_demo::browser::Browser;
use kazasu_demo::intermediary::Intermediary;
use kazasu_demo::relying_party::Identity;
use kazasu_demo::started::Started;
use kazasu_proto::companion::v1 as pb;
use kazasu_proto::companion::v1::companion_service_client::CompanionServiceClient;
use serde_json::json;
use std::time::Duration;

/// First tap, second tap, another relying party.
pub(crate) async fn identities(narrator: &mut Narrator, world: &mut World) -> Result<Identity> {
    let mut first = None;
    let first_tap = async {
        let identity = world.tap_beside_a_pc(&world.portal, "link", &TARO).await?;
        let seen = format!(
            "portal knows {} as “{}” ({}, {})",
            identity.ppid,
            identity.name.as_deref().unwrap_or_default(),
            identity.claims.purpose,
            identity.claims.mode
        );
        first = Some(identity);
        Ok(seen)
    };
    let claim = "a first tap beside a PC, six digits typed into its page, issues a PPID";
    narrator.check(claim, first_tap).await;
    let first = first.context("without a first tap there is nothing more to tell")?;
    let second = async {
        same(
            &first,
            world
                .tap_on_the_phone(&world.portal, "recover", &TARO)
                .await?,
        )
    };
    narrator
        .check(
            "a second tap, on the phone alone, gives the same PPID",
            second,
        )
        .await;
    let elsewhere = async {
        different(
            &first,
            world
                .tap_on_the_phone(&world.library, "view", &TARO)
                .await?,
        )
    };
    narrator
        .check("another relying party gets a different one", elsewhere)
        .await;
    Ok(first)
}

fn same(first: &Identity, other: Identity) -> Result<String> {
    ensure!(
        other.ppid == first.ppid,
        "{} is not {}",
        other.ppid,
        first.ppid
    );
    ensure!(!other.claims.relink_required, "a relink is required");
    Ok(format!("{} again", other.ppid))
}

fn different(first: &Identity, other: Identity) -> Result<String> {
    ensure!(other.ppid != first.ppid, "{} is the same", other.ppid);
    Ok(format!("there it is {}", other.ppid))
}

/// A wrong PIN, and a card that slips.
pub(crate) async fn at_the_card(narrator: &mut Narrator, world: &mut World, first: &Identity) {
    narrator
        .check(
            "a wrong PIN shows two tries left, and the right one goes on",
            wrong_pin(world),
        )
        .await;
    narrator
        .check(
            "a card taken away mid-read is “card lost”, and the tap resumes",
            removal(world, first),
        )
        .await;
}

async fn wrong_pin(world: &World) -> Result<String> {
    let started = Started::begin(&world.portal, "view", "same-phone").await?;
    let mut tap = world.tap(&started.ticket, &TARO_MISTYPING).await?;
    let event = tap.until("wrong_pin").await?;
    ensure!(event["retries_left"] == 2, "{event}");
    accepted(&tap.finish().await?)?;
    Ok(event["message"].as_str().unwrap_or_default().to_owned())
}

async fn removal(world: &World, first: &Identity) -> Result<String> {
    let mut started = Started::begin(&world.portal, "view", "same-phone").await?;
    world
        .emulator
        .faults(json!([{ "fault": "drop", "after": 8 }]))
        .await?;
    let mut tap = world.tap(&started.ticket, &TARO).await?;
    let event = tap.until("card_lost").await?;
    world.emulator.faults(json!([])).await?;
    world.emulator.present(TARO.id).await?;
    let end = tap.finish().await?;
    let callback = started.browser.open(&return_url(&end)?).await?.callback()?;
    let again = identity(world.portal.finish(started.request, &callback).await?)?;
    ensure!(again.ppid == first.ppid, "another PPID");
    Ok(event["message"].as_str().unwrap_or_default().to_owned())
}

/// What attackers, bad luck and time bring.
pub(crate) async fn refusals(narrator: &mut Narrator, world: &mut World) {
    narrator.check("a replayed assertion", replay(world)).await;
    narrator
        .check("a name changed on the way", changed_name(world))
        .await;
    narrator
        .check(
            "a return URL opened in a foreign browser",
            foreign_browser(world),
        )
        .await;
    narrator
        .check("a card of an unknown authority", unknown_authority(world))
        .await;
    narrator
        .check(
            "an expired ticket (and the verifier restarts in between)",
            expired_ticket(world),
        )
        .await;
}

/// Submits the assertion of one transaction to another one, as the companion that claimed it.
async fn replay(world: &World) -> Result<String> {
    let intermediary = Intermediary::start(&world.verifier.origin).await?;
    let first = Started::begin(&world.portal, "view", "same-phone").await?;
    let tap = world
        .tap_at(&world.emulator, &first.ticket, &TARO, Some(&intermediary))
        .await?;
    accepted(&tap.finish().await?)?;
    let recorded = intermediary.submitted().context("nothing passed through")?;

    let second = Started::begin(&world.portal, "recover", "same-phone").await?;
    let mut verifier = CompanionServiceClient::connect(world.verifier.origin.clone()).await?;
    let ticket = second
        .ticket
        .rsplit('/')
        .next()
        .context("a ticket")?
        .to_owned();
    let claimed = verifier
        .claim_ticket(pb::ClaimTicketRequest { ticket })
        .await?
        .into_inner();
    let replayed = pb::SubmitAssertionRequest {
        companion_secret: claimed.companion_secret,
        ..recorded
    };
    let reason = match verifier.submit_assertion(replayed).await {
        Ok(response) => match response.into_inner().outcome {
            Some(pb::submit_assertion_response::Outcome::Rejected(reason)) => {
                reason.try_into().ok()
            }
            _ => None,
        },
        Err(status) => kazasu_proto::reason_of(&status),
    };
    let reason = reason.context("the replayed assertion was not refused")?;
    ensure!(
        reason.to_string() == "statement_mismatch",
        "refused with {reason}"
    );
    Ok(reason.to_string())
}

async fn changed_name(world: &World) -> Result<String> {
    let intermediary = Intermediary::start(&world.verifier.origin).await?;
    intermediary.change_name("別人　太郎");
    let started = Started::begin(&world.portal, "link", "same-phone").await?;
    let tap = world
        .tap_at(&world.emulator, &started.ticket, &TARO, Some(&intermediary))
        .await?;
    refused(&tap.finish().await?, "signature_invalid")
}

async fn foreign_browser(world: &World) -> Result<String> {
    let mut started = Started::begin(&world.portal, "recover", "same-phone").await?;
    let end = world.tap(&started.ticket, &TARO).await?.finish().await?;
    let url = return_url(&end)?;
    let page = Browser::new().open(&url).await?.page()?;
    ensure!(
        page.reason().as_deref() == Some("wrong_browser"),
        "{} {:?}",
        page.status,
        page.reason()
    );
    // The code died with it: the browser that started gets nothing for it either.
    let own = started.browser.open(&url).await?.page()?;
    ensure!(
        own.reason().is_some(),
        "the return URL still works: {}",
        own.status
    );
    Ok("wrong_browser: nothing is disclosed, and the code is dead".to_owned())
}

async fn unknown_authority(world: &World) -> Result<String> {
    let started = Started::begin(&world.portal, "link", "same-phone").await?;
    let tap = world
        .tap_at(&world.stranger, &started.ticket, &TARO, None)
        .await?;
    refused(&tap.finish().await?, "issuer_unknown")
}

async fn expired_ticket(world: &mut World) -> Result<String> {
    world.verifier.restart("ticket = 1").await?;
    let started = Started::begin(&world.portal, "view", "same-phone").await?;
    // The ticket's own second has to pass: there is nothing else to wait for.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let end = world.tap(&started.ticket, &TARO).await?.finish().await;
    world.verifier.restart("").await?;
    refused(&end?, "ticket_expired")
}

/// Renewal keeps the PPID; revocation ends it.
pub(crate) async fn over_time(narrator: &mut Narrator, world: &mut World, first: &Identity) {
    narrator
        .check("a renewed card keeps the PPID", renewed(world, first))
        .await;
    narrator
        .check("a revoked certificate is refused", revoked(world))
        .await;
}

async fn renewed(world: &World, first: &Identity) -> Result<String> {
    let before = world.emulator.certificate(TARO.id).await?;
    world.emulator.authority("renew", TARO.id).await?;
    ensure!(
        world.emulator.certificate(TARO.id).await? != before,
        "the certificate is the same"
    );
    world.emulator.present(TARO.id).await?;
    same(
        first,
        world.tap_on_the_phone(&world.portal, "view", &TARO).await?,
    )
}

async fn revoked(world: &World) -> Result<String> {
    world.emulator.present(HANAKO.id).await?;
    world
        .tap_on_the_phone(&world.portal, "view", &HANAKO)
        .await
        .context("before the revocation")?;
    world.emulator.authority("revoke", HANAKO.id).await?;
    let started = Started::begin(&world.portal, "view", "same-phone").await?;
    let end = world.tap(&started.ticket, &HANAKO).await?.finish().await?;
    refused(&end, "certificate_revoked")
}
