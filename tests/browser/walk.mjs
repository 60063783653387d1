// Every page there is, in one language, looked at closely.
import assert from "node:assert/strict";
import { cancel, claim, digits, disk, finish, request, restart, tap } from "./parties.mjs";
import { inspect, person, DESKTOP, PHONE } from "./browser.mjs";

/** Walks through every page; `look(someone, name)` is called on each. */
export async function walk(browser, language, look = inspect) {
  await sameAndOther(browser, language, look);
  await reader(browser, language, look);
  await refusals(browser, language, look);
  await ticketHost(browser, language, look);
  await timesUp(browser, language, look);
}

export const submit = (page, id) => page.locator(`#${id} button`).click();

/** Opens a fresh request in a fresh browser. */
export async function begin(browser, language, purpose, options = {}) {
  const someone = await person(browser, { language, ...options });
  const { url } = await request(purpose, { language });
  await someone.page.goto(url);
  return someone;
}

async function sameAndOther(browser, language, look) {
  const someone = await begin(browser, language, "link", { viewport: DESKTOP });
  const { page } = someone;
  assert.equal(await page.getAttribute("html", "lang"), language);
  await look(someone, "start");
  await submit(page, "start-other-device");
  await look(someone, "scan");
  const code = await page.locator("figure.code svg").boundingBox();
  assert.ok(code.width >= 240, "the code can be scanned");
  await claim(await page.getAttribute("#ticket", "href"));
  await page.waitForSelector("#digits");
  await look(someone, "digits");
  const six = await digits();
  // The page comes again with the digits' countdown.
  await page.waitForSelector(".countdown");
  await page.fill("#digits", "12");
  await submit(page, "pair");
  await page.waitForSelector("#digits-error");
  assert.equal(await page.inputValue("#digits"), "12", "what was typed is still there");
  await look(someone, "digits-slip");
  await page.fill("#digits", six === "000000" ? "000001" : "000000");
  await submit(page, "pair");
  await page.waitForSelector("[data-reason=pairing_failed]");
  await look(someone, "digits-wrong");
  await page.fill("#digits", six);
  await submit(page, "pair");
  await page.waitForSelector("#waiting");
  await look(someone, "waiting");
  await tap();
  await page.waitForURL(/portal\.localhost.*code=/);
  const { identity } = await finish(page.url());
  assert.equal(identity.mode, "other-device");
  await page.goBack();
  await page.waitForSelector("[data-reason=already_accepted]");
  await look(someone, "already-accepted");
  await someone.context.close();
}

async function reader(browser, language, look) {
  const someone = await begin(browser, language, "counter", { viewport: DESKTOP });
  await look(someone, "start-local");
  await submit(someone.page, "start-local");
  await look(someone, "reader");
  await claim(await someone.page.getAttribute("#ticket", "href"));
  await someone.page.waitForSelector("#digits");
  await look(someone, "reader-digits");
  await cancel();
  await someone.page.waitForSelector("[data-reason=cancelled]");
  await someone.context.close();
}

async function refusals(browser, language, look) {
  const someone = await begin(browser, language, "recover", { viewport: PHONE });
  const { page } = someone;
  await page.locator("summary").click();
  await look(someone, "start-phone-only");
  await submit(page, "start-same-phone");
  await look(someone, "phone");
  await claim(await page.getAttribute("#ticket", "href"));
  await page.waitForSelector("#waiting");
  await page.locator("summary").click();
  await look(someone, "waiting-phone");
  const returnUrl = await tap();

  const stranger = await person(browser, { language });
  await stranger.page.goto(page.url());
  await stranger.page.waitForSelector("[data-reason=wrong_browser], [data-reason=cookies_required]");
  await look(stranger, "cookies-required");
  await stranger.page.goto(returnUrl);
  await stranger.page.waitForSelector("[data-reason=wrong_browser]");
  await look(stranger, "wrong-browser");
  await stranger.page.goto(returnUrl);
  await stranger.page.waitForSelector("[data-reason=ticket_unknown]");
  await look(stranger, "link-unknown");
  await stranger.page.goto(new URL("/no-such-page", page.url()).href);
  await look(stranger, "not-found");
  await stranger.context.close();

  await page.waitForSelector("[data-reason=wrong_browser]");
  await look(someone, "rejected");
  const back = await page.getAttribute("#back", "href");
  assert.match(back, /error=access_denied/);
  await disk("broken");
  await page.reload();
  await page.waitForSelector("[data-reason=unavailable]");
  await look(someone, "unavailable");
  await disk("whole");
  await someone.context.close();

  const quitter = await begin(browser, language, "link");
  await submit(quitter.page, "start-same-phone");
  await claim(await quitter.page.getAttribute("#ticket", "href"));
  await cancel();
  await quitter.page.waitForSelector("[data-reason=cancelled]");
  await look(quitter, "cancelled");
  await quitter.page.locator("#back").click();
  await quitter.page.waitForURL(/portal\.localhost.*error=access_denied/);
  await quitter.context.close();
}

async function ticketHost(browser, language, look) {
  const someone = await begin(browser, language, "link");
  await submit(someone.page, "start-same-phone");
  const ticket = await someone.page.getAttribute("#ticket", "href");
  const elsewhere = await person(browser, { language });
  await elsewhere.page.goto(ticket);
  await elsewhere.page.waitForSelector("#get-the-app");
  await look(elsewhere, "get-the-app");
  assert.deepEqual(await elsewhere.context.cookies(), [], "the tickets' host sets no cookie");
  await claim(ticket);
  await cancel();
  await elsewhere.context.close();
  await someone.context.close();
}

async function timesUp(browser, language, look) {
  await restart("ticket = 8\npairing = 4");
  const slow = await begin(browser, language, "link");
  await submit(slow.page, "start-other-device");
  // The countdown ends, and the page says so by itself.
  await slow.page.waitForSelector("[data-reason=ticket_expired]");
  await look(slow, "ticket-over");
  await submit(slow.page, "refresh");
  await claim(await slow.page.getAttribute("#ticket", "href"));
  await digits();
  await slow.page.waitForSelector("[data-reason=pairing_failed]");
  await look(slow, "digits-over");
  await slow.context.close();

  await restart("transaction = 4");
  const late = await begin(browser, language, "link");
  await submit(late.page, "start-other-device");
  await late.page.waitForSelector("[data-reason=transaction_expired]");
  await look(late, "expired");
  await late.context.close();
  await restart("");
}
