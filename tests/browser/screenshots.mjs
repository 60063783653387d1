// Pictures of the verifier's pages for docs/pages.md.
import { launch } from "./browser.mjs";
import { drawing } from "./drawing.mjs";
import { goodbye } from "./parties.mjs";
import { walk } from "./walk.mjs";

/** The others look like one of these. */
const KEPT = ["start", "scan", "digits", "digits-wrong", "waiting", "start-phone-only", "phone",
  "waiting-phone", "reader", "ticket-over", "get-the-app", "wrong-browser", "cookies-required", "cancelled",
  "expired", "already-accepted", "unavailable", "not-found"];

const browser = await launch();
for (const language of ["ja", "en"]) await walk(browser, language, drawing("", language, KEPT, ["scan", "phone"]));
await browser.close();
goodbye();
