// Journeys that go differently from the walk: without scripts, by keyboard, in a waiting browser.
import assert from "node:assert/strict";
import { cancel, claim, digits, finish, goodbye, request, tap } from "./parties.mjs";
import { DESKTOP, launch, person, tabTo } from "./browser.mjs";
import { begin, submit } from "./walk.mjs";

const browser = await launch();
const journeys = { withoutScripts, byKeyboard, onOnePhone, waitingLearnsNothing, closedAndReopened, switchedLanguage, noFrames };
for (const [name, journey] of Object.entries(journeys)) {
  if (process.env.KAZASU_JOURNEY && process.env.KAZASU_JOURNEY !== name) continue;
  const begun = Date.now();
  await journey();
  console.error(`journey ${name}: ${Date.now() - begun} ms`);
}
await browser.close();
goodbye();

/** Typing digits without any script: the page finds out by reloading. */
async function withoutScripts() {
  const someone = await begin(browser, "ja", "link", { viewport: DESKTOP, scripts: false });
  const { page } = someone;
  await submit(page, "start-other-device");
  await claim(await page.getAttribute("#ticket", "href"));
  const six = await digits();
  await page.waitForSelector("#digits");
  await page.fill("#digits", six);
  await submit(page, "pair");
  await page.waitForSelector("#waiting");
  await tap();
  await page.waitForURL(/portal\.localhost.*code=/);
  assert.equal((await finish(page.url())).identity.mode, "other-device");
  assert.deepEqual(someone.complaints, []);
  await someone.context.close();
}

/** Nothing but Tab, Enter and the digits. */
async function byKeyboard() {
  const someone = await begin(browser, "en", "link", { viewport: DESKTOP });
  const { page } = someone;
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips to the content");
  await tabTo(page, "#start-other-device button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#ticket");
  await claim(await page.getAttribute("#ticket", "href"));
  await page.waitForSelector("#digits");
  const six = await digits();
  await page.waitForSelector(".countdown");
  const focused = await page.evaluate(() => document.activeElement.id);
  assert.equal(focused, "digits", "the field has the focus already");
  await page.keyboard.type(six);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#waiting");
  await tabTo(page, "#cancel button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/portal\.localhost.*error=access_denied/);
  assert.deepEqual(someone.complaints, [], "the policy lets the form lead to the relying party");
  await someone.context.close();
}

/** The app brings the person back to the browser that started. */
async function onOnePhone() {
  const someone = await begin(browser, "ja", "recover");
  await submit(someone.page, "start-same-phone");
  await claim(await someone.page.getAttribute("#ticket", "href"));
  await someone.page.waitForSelector("#waiting");
  const returnUrl = await tap();
  const opened = await someone.context.newPage();
  // Software that only looks uses nothing up.
  const looked = await someone.page.evaluate(async (url) => (await fetch(url, { method: "HEAD" })).status, returnUrl);
  assert.equal(looked, 200);
  await opened.goto(returnUrl);
  await opened.waitForURL(/portal\.localhost.*code=/);
  assert.equal((await finish(opened.url())).identity.mode, "same-phone");
  // The page left behind says that it is over.
  await someone.page.waitForSelector("[data-reason=already_accepted]");
  await someone.context.close();
}

/** A browser that waits sees the same before and after the tap, whatever it presses. */
async function waitingLearnsNothing() {
  for (const press of ["nothing", "refresh", "cancel"]) {
    const someone = await begin(browser, "en", "recover");
    const { page } = someone;
    await submit(page, "start-same-phone");
    await claim(await page.getAttribute("#ticket", "href"));
    await page.waitForSelector("#waiting");
    const events = [];
    page.on("framenavigated", () => events.push(page.url()));
    const before = await page.locator("main").innerText();
    await tap();
    await page.reload();
    assert.equal(await page.locator("main").innerText(), before);
    assert.equal(events.length, 1, "the stream said nothing");
    if (press === "refresh") {
      await page.locator("summary").click();
      await submit(page, "refresh");
      await page.waitForSelector("#ticket");
    }
    if (press === "cancel") {
      await submit(page, "cancel");
      await page.waitForURL(/error=access_denied/);
    } else {
      await submit(page, "cancel");
    }
    await someone.context.close();
  }
}

/** Closing the page loses nothing. */
async function closedAndReopened() {
  const someone = await person(browser);
  const { url } = await request("link", {});
  await someone.page.goto(url);
  await submit(someone.page, "start-other-device");
  const address = someone.page.url();
  const ticket = await someone.page.getAttribute("#ticket", "href");
  await someone.page.close();
  const again = await someone.context.newPage();
  await again.goto(address);
  assert.equal(await again.getAttribute("#ticket", "href"), ticket);
  await again.goto(url);
  assert.equal(again.url(), address, "the relying party's link leads back, too");
  await claim(ticket);
  await cancel();
  await someone.context.close();
}

/** The language switch stays where one is, and is remembered. */
async function switchedLanguage() {
  const someone = await begin(browser, "ja", "link");
  const { page } = someone;
  const address = page.url();
  await page.locator("nav a[lang=en]").click();
  assert.equal(page.url(), address);
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await submit(page, "start-other-device");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await submit(page, "cancel");
  await someone.context.close();
}

/** Nobody can put a page into a frame and have it clicked. */
async function noFrames() {
  const someone = await begin(browser, "en", "link");
  const { page } = someone;
  const address = page.url();
  await page.goto(`${new URL(address).protocol}//${new URL((await request("link", {})).portal).host}/frame?of=${encodeURIComponent(address)}`);
  await page.waitForLoadState("load");
  const inside = page.frames().find((frame) => frame !== page.mainFrame());
  assert.equal(await inside.locator("#cancel").count().catch(() => 0), 0);
  await someone.context.close();
}
