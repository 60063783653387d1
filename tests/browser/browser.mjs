// Chromium, and what every page has to satisfy.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const packages = createRequire(`${process.env.KAZASU_NODE}/`);
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };
/** What a desktop's width becomes at 200 %, and the narrowest that has to do without scrolling. */
const NARROW = [{ width: 640, height: 400 }, { width: 320, height: 640 }];

/** Every party has a name of its own; none is looked up, and nobody else is reached. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.KAZASU_CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/** One person's browser. `complaints` collects what must not happen. */
export async function person(browser, { language = "en", viewport = PHONE, scripts = true } = {}) {
  const context = await browser.newContext({
    locale: language === "ja" ? "ja-JP" : "en-GB",
    viewport,
    javaScriptEnabled: scripts,
    colorScheme: "light",
  });
  const complaints = [];
  const page = await context.newPage();
  watch(page, complaints);
  context.on("page", (opened) => watch(opened, complaints));
  return { context, page, complaints };
}

function watch(page, complaints) {
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("request", (request) => {
    // A page may lead to the relying party; what it loads is its own.
    const url = new URL(request.url());
    const from = request.frame().url();
    if (!request.isNavigationRequest() && from.startsWith("http") && url.origin !== new URL(from).origin) {
      complaints.push(`${from} loads ${url}`);
    }
  });
}

/** Checks the page that is shown: accessibility in light and dark, widths, targets, focus. */
export async function inspect({ page, complaints }, name) {
  const size = page.viewportSize();
  assert.deepEqual(complaints, [], name);
  await page.evaluate(axe);
  await agrees(page, name, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  await page.emulateMedia({ colorScheme: "dark" });
  // Nothing but the colours is different then.
  await agrees(page, `${name}, dark`, ["color-contrast", "link-in-text-block"]);
  await page.emulateMedia({ colorScheme: "light" });
  for (const narrow of [...NARROW, size]) {
    await page.setViewportSize(narrow);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels too wide for ${narrow.width}`);
  }
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, a.button, summary, input:not([type=hidden], [aria-hidden]), nav a")]
      .map((element) => [element.outerHTML, element.getBoundingClientRect()])
      .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 44))
      .map(([html]) => html));
  assert.deepEqual(small, [], `${name}: too small to hit`);
  assert.equal(await page.locator("h1").count(), 1, `${name} has one heading`);
  assert.ok(await page.locator("button.primary, a.button, .choice button").count() <= 3, `${name}: too much to choose from`);
}

/** What axe finds by these rules, or rules of these kinds. */
async function agrees(page, name, rules) {
  const { violations } = await page.evaluate((runOnly) => axe.run(document, { runOnly }), rules);
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], name);
}

/** Presses Tab until the element with this selector has the focus, and makes sure that it shows. */
export async function tabTo(page, selector) {
  for (let presses = 0; presses < 30; presses++) {
    const there = await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector);
    if (there) {
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
      assert.equal(outline, "4px", `the focus shows on ${selector}`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`no way to ${selector} by keyboard`);
}
