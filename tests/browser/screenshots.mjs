// Pictures of every page for docs/pages.md: small ones, since they are kept.
import { mkdirSync, writeFileSync } from "node:fs";
import { launch } from "./browser.mjs";
import { goodbye } from "./parties.mjs";
import { small } from "./png.mjs";
import { walk } from "./walk.mjs";

const folder = process.env.KAZASU_SCREENSHOTS;
/** The others look like one of these. */
const KEPT = ["start", "scan", "digits", "digits-wrong", "waiting", "start-phone-only", "phone",
  "waiting-phone", "reader", "ticket-over", "get-the-app", "wrong-browser", "cookies-required", "cancelled",
  "expired", "already-accepted", "unavailable", "not-found"];

mkdirSync(folder, { recursive: true });
const browser = await launch();
for (const language of ["ja", "en"]) {
  await walk(browser, language, async ({ page }, name) => {
    if (!KEPT.includes(name)) return;
    const size = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 700 });
    await draw(page, `${name}.${language}`);
    if (language === "ja" && ["scan", "phone"].includes(name)) {
      await page.emulateMedia({ colorScheme: "dark" });
      await draw(page, `${name}.dark`);
      await page.emulateMedia({ colorScheme: "light" });
    }
    await page.setViewportSize(size);
  });
}

async function draw(page, name) {
  const png = await page.screenshot({ fullPage: true, animations: "disabled" });
  writeFileSync(`${folder}/${name}.png`, small(png));
}

await browser.close();
goodbye();
