// Every page of the account portal, in one language and at one size, looked at closely.
import { goodbye } from "./parties.mjs";
import { DESKTOP, inspect, launch, PHONE } from "./browser.mjs";
import { rest } from "./accounts.mjs";
import { walk } from "./portal-walk.mjs";

const [language, size] = rest;
const browser = await launch();
await walk(browser, { language, viewport: size === "phone" ? PHONE : DESKTOP }, inspect);
await browser.close();
goodbye();
