// All pages in both languages: accessible, narrow enough, loading nothing from elsewhere.
import { launch } from "./browser.mjs";
import { goodbye } from "./parties.mjs";
import { walk } from "./walk.mjs";

const browser = await launch();
for (const language of ["ja", "en"]) await walk(browser, language);
await browser.close();
goodbye();
