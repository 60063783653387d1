// The browser demo: one procedure after the other, as its start page says, and every page of its
// own looked at closely; or drawn, for docs/demo.md. The arguments are its origins.
import assert from "node:assert/strict";
import { DESKTOP, inspect, launch, person } from "./browser.mjs";
import { draw } from "./drawing.mjs";

const [front, portal, phone, signIn] = process.argv.slice(2);
const pictures = process.env.KAZASU_SCREENSHOTS;
/** The pages that are drawn, and what the pictures are called. */
const DRAWN = {
  "/ (en)": "start", consent: "consent", "the PIN for signing in": "pin", reading: "reading",
  "link?": "link", "a secret": "password", "a mail": "mail",
};
const look = pictures ? picture : inspect;
const browser = await launch();
const submit = (page, id) => page.locator(`#${id} button`).click();

for (const language of ["ja", "en"]) await lookAround(language);
await linkAndRecover();
await onAnotherDevice();
await lostAuthenticator();
await nearlyTheSameName();
await withoutScripts();
await browser.close();

async function picture({ page }, name) {
  if (DRAWN[name]) await draw(page, "", DRAWN[name]);
}

/** The pages that need nobody. */
async function lookAround(language) {
  const someone = await person(browser, { language });
  const { page } = someone;
  for (const path of ["/", "/people", "/desk", "/mail"]) {
    await page.goto(front + path);
    assert.equal(await page.getAttribute("html", "lang"), language);
    await look(someone, `${path} (${language})`);
  }
  await page.goto(phone);
  await look(someone, `phone (${language})`);
  await page.goto(`${signIn}/security-info`);
  await look(someone, `sign-in (${language})`);
  await someone.context.close();
}

/** Goes through the phone, and looks at its pages; ends back at the service. */
async function tap(someone, card, { auth, name }, look = async () => {}) {
  const { page } = someone;
  await page.locator("#ticket").click();
  await page.waitForSelector("#cards");
  await look(someone, "cards");
  await page.check(`#card-${card}`);
  await submit(page, "cards");
  await page.waitForSelector("#allow");
  await look(someone, "consent");
  await submit(page, "allow");
  await page.waitForSelector("#tries");
  await look(someone, "the PIN for signing in");
  await page.fill("#digits", auth);
  await submit(page, "pin");
  await page.waitForSelector("#same");
  await look(someone, "the PIN for the name");
  if (name === auth) {
    await submit(page, "same");
  } else {
    await page.fill("#digits", name);
    await submit(page, "pin");
  }
  await page.waitForSelector("#hold");
  await look(someone, "hold");
  await submit(page, "hold");
}

async function signInAs(page, account, secret) {
  await page.waitForSelector("#account-form");
  await page.fill("#account", account);
  await page.fill("#secret", secret);
  await submit(page, "account-form");
}

async function linkAndRecover() {
  const someone = await person(browser);
  const { page } = someone;
  await page.goto(`${portal}/link`);
  await submit(page, "begin-tap");
  await submit(page, "start-same-phone");
  await tap(someone, "taro", { auth: "1234", name: "1234" }, look);
  // Taken away in mid-read, and put back.
  await page.waitForSelector("#take-away");
  if (pictures) await picture(someone, "reading");
  await submit(page, "take-away");
  await page.waitForSelector("[data-reason=lost]");
  await look(someone, "lost");
  await submit(page, "hold");
  await page.waitForSelector("#return", { timeout: 30_000 });
  await look(someone, "done");
  await page.locator("#return").click();
  await page.waitForSelector("#sign-in");
  await submit(page, "sign-in");
  await signInAs(page, "1000000001", "wrong");
  await page.waitForSelector("[data-reason=wrong]");
  await look(someone, "a wrong password");
  await signInAs(page, "1000000001", "Mihon-Taro-2026");
  await page.waitForSelector("#approve");
  await look(someone, "the second factor");
  await submit(page, "approve");
  await page.waitForSelector("#link");
  await look(someone, "link?");
  await submit(page, "link");
  await page.waitForSelector("#end");

  await page.goto(`${portal}/recover`);
  await submit(page, "begin-tap");
  await submit(page, "start-same-phone");
  await tap(someone, "taro", { auth: "1234", name: "1234" });
  await page.waitForSelector("#return", { timeout: 30_000 });
  await page.locator("#return").click();
  await page.locator("#remedy-password").click();
  await submit(page, "random");
  const password = await page.locator("#secret").textContent();
  await look(someone, "a secret");
  await submit(page, "saved");
  assert.match(password, /^\S{12,64}$/);
  await page.goto(`${signIn}/security-info`);
  await signInAs(page, "1000000001", "Mihon-Taro-2026");
  await page.waitForSelector("[data-reason=wrong]");
  await signInAs(page, "1000000001", password);
  await submit(page, "approve");
  await page.waitForSelector("#authenticator");
  await look(someone, "security information");

  await thisWasNotMe(someone);
  await someone.context.close();
}

/** The notice in the mailbox freezes the account, and the counter opens it again. */
async function thisWasNotMe(someone) {
  const { page } = someone;
  await page.goto(`${front}/mail`);
  await look(someone, "mails");
  await page.locator(".doors a").first().click();
  await page.waitForSelector(".letter");
  await look(someone, "a mail");
  await page.locator(".letter a").first().click();
  await submit(page, "freeze");
  await page.waitForSelector("[role=status]");
  // The directory learns of it a moment later, and the session ends.
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    await page.goto(`${signIn}/security-info`);
    if (await page.locator("#account-form").count()) break;
  }
  await signInAs(page, "1000000001", "whatever");
  await page.waitForSelector("[data-reason=locked]");
  await page.goto(`${front}/desk`);
  await page.locator("form[action='/desk/accounts/1000000001/open'] button").click();
  await page.waitForSelector("[data-reason=opened]");
  await look(someone, "opened");
}

/** The page of the PC and the phone are two tabs here. */
async function onAnotherDevice() {
  const someone = await person(browser, { viewport: DESKTOP });
  const { page, context } = someone;
  await page.goto(`${portal}/state`);
  await submit(page, "begin-tap");
  await submit(page, "start-other-device");
  const ticket = await page.getAttribute("#ticket", "href");
  const hand = { ...someone, page: await context.newPage() };
  await hand.page.goto(`${phone}/`);
  await hand.page.fill("#link", "nothing of the kind");
  await submit(hand.page, "open");
  await hand.page.waitForSelector("#link-error");
  await look(hand, "no ticket");
  await hand.page.fill("#link", ticket);
  await submit(hand.page, "open");
  await hand.page.check("#card-jiro");
  await submit(hand.page, "cards");
  await submit(hand.page, "allow");
  await hand.page.waitForSelector("#digits");
  await look(hand, "six digits");
  const digits = await hand.page.getAttribute("#digits", "data-digits");
  await page.waitForSelector("#pair");
  await page.fill("#digits", digits);
  await submit(page, "pair");
  await hand.page.waitForSelector("#tries");
  await hand.page.fill("#digits", "4567");
  await submit(hand.page, "pin");
  await submit(hand.page, "same");
  await submit(hand.page, "hold");
  await hand.page.waitForSelector("h1:has-text('Done')", { timeout: 30_000 });
  await look(hand, "done on another device");
  // The renewed card is still the same person.
  await page.waitForSelector("text=1000000004", { timeout: 30_000 });
  await context.close();
}

async function lostAuthenticator() {
  const someone = await person(browser);
  const { page } = someone;
  await page.goto(`${signIn}/security-info`);
  await signInAs(page, "1000000006", "Mihon-Saburo-2026");
  await page.waitForSelector("[data-reason=no_authenticator]");
  await look(someone, "no authenticator");
  await page.locator("a.button").click();
  await submit(page, "begin-tap");
  await submit(page, "start-same-phone");
  await tap(someone, "saburo", { auth: "6789", name: "6789" });
  await page.locator("#return").click({ timeout: 30_000 });
  await page.locator("#remedy-access-pass").click();
  await submit(page, "access-pass");
  const pass = await page.locator("#secret").textContent();
  await submit(page, "saved");
  await page.goto(`${signIn}/security-info`);
  await signInAs(page, "1000000006", pass);
  await page.waitForSelector("#register");
  await look(someone, "register an authenticator");
  await submit(page, "register");
  await page.waitForSelector("#authenticator[data-has=true]");
  await someone.context.close();
}

/** The account has another form of one character: its person is asked, and may say yes. */
async function nearlyTheSameName() {
  const someone = await person(browser, { language: "ja" });
  const { page } = someone;
  await page.goto(`${portal}/link`);
  await submit(page, "begin-tap");
  await submit(page, "start-same-phone");
  await tap(someone, "ryoko", { auth: "7890", name: "7890" });
  await page.locator("#return").click({ timeout: 30_000 });
  await submit(page, "sign-in");
  await signInAs(page, "1000000007", "Mihon-Ryoko-2026");
  await submit(page, "approve");
  await page.waitForSelector("#link");
  for (const name of ["見本　凉子", "見本　涼子"]) {
    assert.equal(await page.locator(`.facts dd:has-text("${name}")`).count(), 1, name);
  }
  await look(someone, "nearly the same name");
  await submit(page, "link");
  await page.waitForSelector("a[href='/unlink']");
  await someone.context.close();
}

/** Live steps are reloads where there are no scripts. */
async function withoutScripts() {
  const someone = await person(browser, { scripts: false });
  const { page } = someone;
  await page.goto(`${portal}/state`);
  await submit(page, "begin-tap");
  await submit(page, "start-same-phone");
  await tap(someone, "momoko", { auth: "5678", name: "5678" });
  await page.locator("#return").click({ timeout: 30_000 });
  // The new card is linked to nothing.
  await page.locator("a[href='/link']").waitFor();
  await someone.context.close();
}
