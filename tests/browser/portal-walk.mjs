// Every page of the account portal. One part after the other: what one links the next uses.
import assert from "node:assert/strict";
import { person } from "./browser.mjs";
import { ACCOUNTS, addAccount, another, bySignIn, noticeTo, portal, prove, signIn, signInAs, submit, tap } from "./accounts.mjs";
import { refusals, waiting } from "./portal-refusals.mjs";

/** Walks through every page; `look(someone, name)` is called on each. */
export async function walk(browser, options, look) {
  const someone = await person(browser, options);
  const seen = async (name) => look(someone, name);
  const begun = Date.now();
  for (const part of [start, linking, stops, states, recovering, unlinking, objecting, erasing]) {
    await part(someone, seen, { browser, options, look });
    console.error(`${part.name}: ${Date.now() - begun} ms`);
  }
  await refusals(browser, options, look);
  await waiting(browser, options, look);
  await someone.context.close();
}

async function start({ page }, seen, { options }) {
  await page.goto(portal);
  assert.equal(await page.getAttribute("html", "lang"), options.language);
  await seen("home");
  for (const kind of ["link", "state", "unlink", "recover"]) {
    await page.goto(portal);
    await page.locator(`.doors a[href='/${kind}']`).click();
    await seen(`begin-${kind}`);
  }
}

async function linking({ page }, seen) {
  await tap(page, "link", "taro");
  await seen("link-sign-in");
  await leaving(page, seen);
  await signInAs(page, "taro");
  await seen("link-confirm");
  await submit(page, "link");
  await page.waitForSelector("a[href='/unlink']");
  await seen("linked");

  // The certificate of the first card is revoked; the new card replaces it.
  await tap(page, "link", "momoko");
  await seen("link-sign-in-again");
  await submit(page, "sign-in");
  await signInAs(page, "momoko");
  await seen("link-confirm-replaces");
  await submit(page, "link");
  await page.waitForSelector("a[href='/unlink']");
}

/** The page that leads on by itself, kept from doing so. */
async function leaving(page, seen) {
  let stays;
  const left = new Promise((resolve) => (stays = resolve));
  const nowhere = async (route) => {
    await route.fulfill({ status: 204 });
    stays();
  };
  await page.route(`${signIn}/authorize?**`, nowhere);
  await submit(page, "sign-in");
  await left;
  await seen("leave");
  await page.unroute(`${signIn}/authorize?**`);
  await page.locator("#leave").click();
}

async function stops({ page }, seen) {
  await addAccount("near", "1000000011", ["見本　太朗", "MIHON TARO"]);
  const stop = async (card, key, reason) => {
    await prove(page, card, key);
    await page.waitForSelector(`[data-reason=${reason}]`);
    await seen(`stop-${reason}`);
  };
  await stop("taro", "taro", "already");
  await stop("taro", "near", "other_account");
  await stop("kazasu", "staff", "use_student_account");
  await stop("kazasu", "near", "name");
}

async function states({ page }, seen) {
  await tap(page, "state", "taro");
  await seen("state-linked");
  await page.locator("#stored summary").click();
  await seen("state-stored");
  await tap(page, "state", "kazasu");
  await seen("state-not-linked");
  await bySignIn(page, "state", "taro");
  await seen("state-signed-in");
  await bySignIn(page, "state", "near");
  await seen("state-signed-in-not-linked");
}

async function recovering({ page }, seen) {
  await tap(page, "recover", "kazasu");
  await seen("recover-not-linked");
  // Who left a short time ago.
  await tap(page, "recover", "hanako");
  assert.equal(await page.locator(".door.off").count(), 2);
  await seen("recover-revoked");

  await tap(page, "recover", "jiro");
  await seen("recover-options");
  await page.locator("#remedy-password").click();
  await page.locator("summary").click();
  await seen("password");
  await wrongPasswords(page, seen);
  await submit(page, "random");
  await page.waitForSelector("#secret");
  await seen("secret-password");
  await page.emulateMedia({ media: "print" });
  await seen("secret-password-printed");
  await page.emulateMedia({ media: "screen" });
  await submit(page, "saved");
  await page.waitForSelector("#done");
  await seen("saved");

  await tap(page, "recover", "jiro");
  await page.locator("#remedy-password").click();
  await page.locator("summary").click();
  const chosen = "Jiros-0wn-choice";
  await page.fill("#password", chosen);
  await page.fill("#again", chosen);
  await submit(page, "own");
  await page.waitForSelector("#saved");
  ACCOUNTS.jiro[1] = chosen;
  await seen("secret-chosen");
  const address = new URL(page.url()).pathname;
  await page.goto(portal + address);
  await page.waitForSelector("[data-reason=not-issued-asked_before]");
  await seen("asked-before");
  await page.locator("a.button").click();
  await page.waitForSelector("#remedy-password.off");
  await seen("recover-issued");
  await page.locator("#remedy-access-pass").click();
  await seen("access-pass");
  await submit(page, "access-pass");
  await page.waitForSelector("#secret");
  await seen("secret-access-pass");
  await submit(page, "saved");
}

async function wrongPasswords(page, seen) {
  const type = async (one, other) => {
    await page.fill("#password", one);
    await page.fill("#again", other);
    await submit(page, "own");
    await page.waitForSelector("#problems");
    assert.equal(await page.inputValue("#password"), "", "a password is never sent back");
  };
  await type("　", "　");
  assert.equal(await page.locator("#problems li").count(), 6);
  await seen("password-every-breach");
  await type("Jiros-0wn-choice", "Jiros-0wn-chioce");
  await seen("password-differs");
}

async function unlinking({ page }, seen) {
  await tap(page, "unlink", "kazasu");
  await seen("nothing-linked");
  await bySignIn(page, "unlink", "taro");
  await seen("unlink-signed-in");
  await tap(page, "unlink", "momoko");
  await seen("unlink-confirm");
  await submit(page, "unlink");
  await page.waitForSelector("#done");
  await seen("unlinked");
}

async function objecting(someone, seen, { browser, options, look }) {
  const { page } = someone;
  // What was begun before the freeze is over with it; so is this.
  await another(browser, options, async (victim) => {
    await victim.page.goto(await noticeTo(victim, "saburo@mail.example"));
    await look(victim, "objection");
    await submit(victim.page, "freeze");
    await victim.page.waitForSelector("[role=status]");
    await look(victim, "frozen");
  });
  await tap(page, "recover", "saburo");
  await seen("recover-frozen");
  await tap(page, "state", "saburo");
  await seen("state-frozen");
  // A look is not enough to erase.
  await page.locator("#stored summary").click();
  await page.locator("#to-erase").click();
  await page.waitForURL(`${portal}/unlink`);
  await tap(page, "unlink", "saburo");
  await page.locator("#to-erase").click();
  await submit(page, "erase");
  await page.waitForSelector("#done");
  await seen("erase-frozen");
}

async function erasing({ page }, seen) {
  await tap(page, "unlink", "taro");
  await page.locator("#to-erase").click();
  await page.waitForSelector("#erase");
  await seen("erase");
  await submit(page, "erase");
  await page.waitForSelector("#done");
  await seen("erased");
  await prove(page, "taro", "near");
  await page.waitForSelector("#link");
  await seen("link-confirm-near");
}
