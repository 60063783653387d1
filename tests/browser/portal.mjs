// Every page of the account portal, in one language and at one size, looked at closely; or drawn,
// for docs/pages.md.
import { goodbye } from "./parties.mjs";
import { DESKTOP, inspect, launch, PHONE } from "./browser.mjs";
import { rest } from "./accounts.mjs";
import { drawing } from "./drawing.mjs";
import { walk } from "./portal-walk.mjs";

/** The pages that are drawn; the others look like one of these. */
const KEPT = ["home", "begin-recover", "link-sign-in", "link-confirm", "link-confirm-near", "state-linked", "recover-options",
  "recover-revoked", "password-every-breach", "secret-password", "secret-password-printed", "secret-access-pass",
  "unlink-confirm", "objection", "stop-use_student_account"];

const [language, size] = rest;
const look = process.env.KAZASU_SCREENSHOTS
  ? drawing("portal", language, KEPT, ["recover-options", "secret-password"])
  : inspect;
const browser = await launch();
await walk(browser, { language, viewport: size === "phone" ? PHONE : DESKTOP }, look);
await browser.close();
goodbye();
