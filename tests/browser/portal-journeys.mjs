// Journeys through the account portal that go differently from the walk: by keyboard, without
// scripts, with the pages' own buttons, back and forth.
import assert from "node:assert/strict";
import { DESKTOP, inspect, launch, person, tabTo } from "./browser.mjs";
import { goodbye } from "./parties.mjs";
import { ACCOUNTS, hold, portal, prove, signIn, submit, tap } from "./accounts.mjs";

const browser = await launch();
const journeys = {
  byKeyboard, withoutScripts, aSecretIsShownOnce, aSecretIsPrinted, twoClicks, switchedLanguage, focusGoesToProblems,
  whoeverComesNextFindsNothing,
};
for (const [name, journey] of Object.entries(journeys)) {
  if (process.env.KAZASU_JOURNEY && process.env.KAZASU_JOURNEY !== name) continue;
  const begun = Date.now();
  await journey();
  console.error(`journey ${name}: ${Date.now() - begun} ms`);
}
await browser.close();
goodbye();

/** As `person`, and in the end nothing happened that must not happen. */
async function as(options, visit) {
  const someone = await person(browser, options);
  await visit(someone);
  assert.deepEqual(someone.complaints, []);
  await someone.context.close();
}

/** A whole link and a recovery with nothing but Tab, Enter and letters. */
async function byKeyboard() {
  await as({ language: "en", viewport: DESKTOP }, async ({ page }) => {
    const press = async (selector) => {
      await page.waitForSelector(selector);
      await tabTo(page, selector);
      await page.keyboard.press("Enter");
    };
    await page.goto(portal);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips to the content");
    await press(".doors a[href='/link']");
    await press("#begin-tap button");
    await hold(page, "taro");
    await press("#sign-in button");
    await page.waitForSelector("#account:focus");
    const [account, password] = ACCOUNTS.taro;
    await page.keyboard.type(account);
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await press("#approve button");
    await press("#link button");
    await press("a[href='/unlink']");
    await press("a[href='/']");
    await press(".doors a[href='/recover']");
    await press("#begin-tap button");
    await hold(page, "taro");
    await press("#remedy-password");
    await press("summary");
    await tabTo(page, "#password");
    await page.keyboard.type("Taros-0wn-choice");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Taros-0wn-chioce");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#problems");
    await press("#random button");
    await page.waitForSelector("#secret");
    await tabTo(page, "[data-copy]");
    await press("#saved button");
    await page.waitForSelector("#done");
    await press("#end button");
    await page.waitForURL(`${portal}/`);
  });
}

/** The same without any script. */
async function withoutScripts() {
  await as({ language: "ja", scripts: false }, async ({ page }) => {
    await prove(page, "kazasu", "kazasu");
    await submit(page, "link");
    await page.locator("a[href='/unlink']").waitFor();
    await tap(page, "recover", "kazasu");
    await page.locator("#remedy-access-pass").click();
    await submit(page, "access-pass");
    await page.locator("#secret").waitFor();
    assert.equal(await page.locator("[data-copy], [data-print]").filter({ visible: true }).count(), 0, "no button that does nothing");
    await submit(page, "saved");
    await page.locator("#done").waitFor();
    await submit(page, "end");
    await page.waitForURL(`${portal}/`);
  });
}

/** To a page with a password on it. */
async function newPassword(page, card) {
  await tap(page, "recover", card);
  await page.locator("#remedy-password").click();
  await submit(page, "random");
  const secret = await page.locator("#secret").textContent();
  ACCOUNTS[card][1] = secret;
  return secret;
}

async function aSecretIsShownOnce() {
  await as({ language: "ja" }, async (someone) => {
    const { page, context } = someone;
    const secret = await newPassword(page, "jiro");
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: portal });
    await page.locator("[data-copy]").click();
    await page.waitForSelector("#copied:not(:empty)");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    await inspect(someone, "copied");

    const asked = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      return dialog.dismiss();
    });
    const address = page.url();
    await page.evaluate(() => location.assign("/"));
    await page.evaluate(() => location.reload());
    assert.deepEqual(asked, ["beforeunload", "beforeunload"], "leaving asks, whichever way");
    assert.equal(await page.locator("#secret").textContent(), secret, "and one can stay");
    await submit(page, "saved");
    await page.waitForSelector("#done");
    assert.equal(asked.length, 2, "whoever has saved it is not asked");

    await page.goBack();
    await page.waitForSelector("[data-reason=not-issued-asked_before]");
    assert.equal(page.url(), address);
    assert.ok(!(await page.content()).includes(secret), "back never shows it again");
  });
}

/** A sheet of paper with what one needs, and nothing to press. */
async function aSecretIsPrinted() {
  await as({ language: "ja" }, async ({ page }) => {
    const secret = await newPassword(page, "jiro");
    await page.evaluate(() => { print = () => { document.title = "printed"; }; });
    await page.locator("[data-print]").click();
    assert.equal(await page.title(), "printed");
    await page.emulateMedia({ media: "print" });
    const paper = await page.locator("body").innerText();
    for (const needed of [secret, ACCOUNTS.jiro[0], "日本時間", signIn]) assert.ok(paper.includes(needed), needed);
    const seen = await page.locator("button, nav, .skip, summary").filter({ visible: true }).count();
    assert.equal(seen, 0, "paper has no buttons");
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    assert.equal(pdf.match(/\/Type \/Page\b/g).length, 1, "one page");
    await page.emulateMedia({ media: "screen" });
    await submit(page, "saved");
  });
}

/** Two clicks make one password, which is the one that counts. */
async function twoClicks() {
  await as({ language: "en" }, async ({ page }) => {
    await tap(page, "recover", "saburo");
    await page.locator("#remedy-password").click();
    let sent = 0;
    page.on("request", (request) => {
      if (request.method() === "POST") sent += 1;
    });
    await page.locator("#random button").dblclick();
    await page.waitForSelector("#secret");
    assert.equal(sent, 1, "what would answer a second one is not waited for");
    ACCOUNTS.saburo[1] = await page.locator("#secret").textContent();
    await submit(page, "saved");
    await page.waitForSelector("#done");
    await page.goto(`${signIn}/security-info`);
    await page.fill("#account", ACCOUNTS.saburo[0]);
    await page.fill("#secret", ACCOUNTS.saburo[1]);
    await submit(page, "account-form");
    // The password was right; the second factor is what he lost.
    await page.waitForSelector("[data-reason=no_authenticator]");
  });
}

/** The language switch stays where one is. */
async function switchedLanguage() {
  await as({ language: "ja" }, async ({ page }) => {
    const to = async (language) => {
      await page.locator(`nav a[lang=${language}]`).click();
      assert.equal(await page.getAttribute("html", "lang"), language);
    };
    await page.goto(`${portal}/recover`);
    await to("en");
    assert.equal(page.url(), `${portal}/recover`);
    await tap(page, "recover", "jiro");
    const address = page.url();
    await to("ja");
    assert.equal(page.url(), address);
    await page.locator("#remedy-password").click();
    await page.locator("summary").click();
    await page.fill("#password", "short");
    await page.fill("#again", "short");
    await submit(page, "own");
    await page.waitForSelector("#problems");
    await to("en");
    await page.waitForSelector("#random");
    await submit(page, "random");
    ACCOUNTS.jiro[1] = await page.locator("#secret").textContent();
    assert.equal(await page.locator("nav a[lang]").count(), 0, "a secret is not shown again for another language");
    await submit(page, "saved");
    await page.waitForSelector("#done");
    await to("ja");
    await page.waitForSelector("#remedy-password.off");
    assert.equal(page.url(), address);
  });
}

async function focusGoesToProblems() {
  await as({ language: "en" }, async ({ page }) => {
    const hasFocus = () => page.waitForSelector(".notice:focus");
    await page.goto(`${portal}/notice/nothing`);
    await hasFocus();
    await tap(page, "recover", "jiro");
    const address = page.url();
    await page.goto(`${address}/password`);
    await page.locator("summary").click();
    await page.fill("#password", "short");
    await page.fill("#again", "other");
    await submit(page, "own");
    await hasFocus();
    const described = await page.getAttribute("#password", "aria-describedby");
    assert.match(described, /problems/, "the field says what is wrong with it");
    await prove(page, "jiro", "jiro");
    await hasFocus();
  });
}

/** "Finish" on a computer that others use, too. */
async function whoeverComesNextFindsNothing() {
  await as({ language: "en", viewport: DESKTOP }, async ({ page, context }) => {
    await tap(page, "state", "kazasu");
    const address = page.url();
    await submit(page, "end");
    await page.waitForURL(`${portal}/`);
    await page.goBack();
    await page.waitForSelector("[data-reason=procedure_over]");
    await page.goto(address);
    await page.waitForSelector("[data-reason=procedure_over]");
    const names = (await context.cookies(portal)).map(({ name }) => name);
    assert.ok(!names.includes("__Host-portal"));
  });
}
