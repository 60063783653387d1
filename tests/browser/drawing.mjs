// Pictures of pages for the documentation: small ones, since they are kept.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { small } from "./png.mjs";

/** A `look` that draws the pages named in `kept`, into `folder` of where pictures go; those in `dark` in the dark, too. */
export function drawing(folder, language, kept, dark) {
  return async ({ page }, name) => {
    if (!kept.includes(name)) return;
    const size = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 700 });
    await draw(page, folder, `${name}.${language}`);
    if (language === "ja" && dark.includes(name)) {
      await page.emulateMedia({ colorScheme: "dark" });
      await draw(page, folder, `${name}.dark`);
      await page.emulateMedia({ colorScheme: "light" });
    }
    await page.setViewportSize(size);
  };
}

/** Draws the page as it is. */
export async function draw(page, folder, name) {
  const to = join(process.env.KAZASU_SCREENSHOTS, folder);
  mkdirSync(to, { recursive: true });
  const png = await page.screenshot({ fullPage: true, animations: "disabled" });
  writeFileSync(join(to, `${name}.png`), small(png));
}
