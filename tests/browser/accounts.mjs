// The account portal, with the sign-in and the cards of the browser demo: the steps that journeys
// have in common. The first arguments of a script are the origins.
import { ask } from "./parties.mjs";
import { person } from "./browser.mjs";

export const [front, portal, signIn, ...rest] = process.argv.slice(2);

/** Accounts of the demo's people, by card; who has none linked at first is `taro` or `kazasu`. */
export const ACCOUNTS = {
  taro: ["1000000001", "Mihon-Taro-2026"],
  kazasu: ["1000000002", "Kazasu-Student-1"],
  staff: ["2000000002", "Kazasu-Staff-1"],
  hanako: ["1000000003", "Mihon-Hanako-2026"],
  jiro: ["1000000004", "Mihon-Jiro-2026"],
  momoko: ["1000000005", "Mihon-Momoko-2026"],
  saburo: ["1000000006", "Mihon-Saburo-2026"],
};

export const submit = (page, id) => page.locator(`#${id} button`).click();

/** Starts the portal again with other lifetimes; without any, with the demo's own. */
export const lifetimes = (lines) => ask({ ask: "lifetimes", lines });
/** The directory loses its accounts (`broken`), or has them again. */
export const directory = (state) => ask({ ask: "directory", state });

/** Adds an account to the directory, and to those above. */
export async function addAccount(key, account, names) {
  const password = "Mihon-Extra-2026";
  const line = {
    account, names, password, kind: "student", language: "ja",
    contacts: [{ address: `${key}@mail.example`, outside: true }],
  };
  await ask({ ask: "import", lines: `${JSON.stringify(line)}\n` });
  ACCOUNTS[key] = [account, password];
}

/** Begins a procedure by a tap with somebody's card; ends at the procedure's page. */
export async function tap(page, kind, card) {
  await page.goto(`${portal}/${kind}`);
  await submit(page, "begin-tap");
  await hold(page, card);
}

/** From the verifier's page back to the portal, by way of the phone. */
export async function hold(page, card) {
  await submit(page, "start-same-phone");
  const ticket = await page.getAttribute("#ticket", "href");
  // The app is in front now.
  await page.goto("about:blank");
  const { return_url } = await ask({ ask: "tap", person: card, ticket });
  await page.goto(return_url);
  await page.waitForURL(/\/p\//);
}

/** At the university's sign-in, with the second factor; back to the procedure's page. */
export async function signInAs(page, key) {
  const [account, password] = ACCOUNTS[key];
  await page.fill("#account", account);
  await page.fill("#secret", password);
  await submit(page, "account-form");
  await submit(page, "approve");
  await page.waitForURL(/\/p\//);
}

/** Begins a procedure by a sign-in. */
export async function bySignIn(page, kind, key) {
  await page.goto(`${portal}/${kind}`);
  await submit(page, "begin-sign-in");
  await signInAs(page, key);
}

/** Card and account, up to the question whether to link them, or to what stops that. */
export async function prove(page, card, key) {
  await tap(page, "link", card);
  await submit(page, "sign-in");
  await signInAs(page, key);
}

export async function link(page, card, key) {
  await prove(page, card, key);
  await submit(page, "link");
  await page.waitForSelector("#end");
}

/** The newest mail to an address has a link for whoever knows nothing of it. */
export async function noticeTo(someone, address) {
  const { page } = someone;
  const mail = `.doors a:has-text("${address}")`;
  await reloaded(page, `${front}/mail`, mail);
  await page.locator(mail).first().click();
  return page.locator(".letter a[href*='/notice/']").first().getAttribute("href");
}

/** Opens an address again and again until the page has what is waited for. */
export async function reloaded(page, address, selector) {
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    await page.goto(address);
    if (await page.locator(selector).count()) return;
  }
  throw new Error(`${address} never has ${selector}`);
}

/** Somebody else's browser of the same kind, for as long as `visit` takes. */
export async function another(browser, options, visit) {
  const someone = await person(browser, options);
  await visit(someone);
  await someone.context.close();
}
