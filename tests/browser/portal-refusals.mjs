// Pages of the account portal on which somebody cannot go on, or has to wait.
import { person } from "./browser.mjs";
import { addAccount, another, directory, hold, lifetimes, link, portal, prove, reloaded, submit, tap } from "./accounts.mjs";

/** What a browser can be refused. */
export async function refusals(browser, options, look) {
  const someone = await person(browser, options);
  const { page } = someone;
  const refused = async (reason, where = someone) => {
    await where.page.waitForSelector(`[data-reason=${reason}]`);
    await look(where, reason);
  };
  await page.goto(`${portal}/no-such-page`);
  await refused("not-found");
  await page.goto(`${portal}/notice/no-such-notice`);
  await refused("notice_unknown");
  await page.goto(`${portal}/link`);
  await submit(page, "begin-tap");
  await submit(page, "cancel");
  await refused("tap_cancelled");
  await answers(browser, options, someone, refused);
  await tabs(someone, refused);
  await page.goto("about:blank");
  await page.setContent(`<form method="post" action="${portal}/link"><button>Go</button></form>`);
  await page.locator("button").click();
  await refused("foreign_form");
  await withoutDirectory(someone, refused, look);
  await someone.context.close();
}

/** The answer of a tap is good once, and in the browser that asked. */
async function answers(browser, options, { page }, refused) {
  let answer;
  page.on("request", (request) => {
    if (request.url().includes("/callback/tap")) answer = request.url();
  });
  await tap(page, "link", "taro");
  const procedure = page.url();
  await submit(page, "sign-in");
  await page.waitForSelector("#account-form");
  await submit(page, "cancel");
  await refused("sign_in_cancelled");
  await page.goto(answer);
  await refused("answer_unknown");
  await another(browser, options, async (other) => {
    await other.page.goto(answer);
    await refused("cookies_required", other);
    await other.page.goto(procedure);
    await refused("procedure_over", other);
  });
}

/** A tap in one tab makes the forms of another old. */
async function tabs({ page, context }, refused) {
  await tap(page, "link", "taro");
  const other = await context.newPage();
  await tap(other, "state", "kazasu");
  await other.close();
  await submit(page, "sign-in");
  await refused("old_form");
  await page.locator("#back").click();
  await page.waitForSelector("#sign-in");
}

async function withoutDirectory(someone, refused, look) {
  const { page } = someone;
  await prove(page, "taro", "taro");
  await directory("broken");
  await page.reload();
  await refused("directory_unavailable");
  await tap(page, "recover", "jiro");
  await look(someone, "recover-directory-down");
  await directory("whole");
}

/** Where a link has to mature, and where time is over. */
export async function waiting(browser, options, look) {
  const someone = await person(browser, options);
  const { page } = someone;
  const seen = (name) => look(someone, name);
  await addAccount("both", "1000000012", ["見本　太郎", "風早　かざす"]);
  await lifetimes("maturity = 7200");
  await prove(page, "taro", "both");
  await seen("link-confirm-maturing");
  await submit(page, "link");
  await page.waitForSelector("#end");
  await seen("linked-maturing");
  await tap(page, "recover", "taro");
  await seen("recover-maturing");
  await link(page, "kazasu", "both");
  await tap(page, "state", "taro");
  await seen("state-replaced");
  await tap(page, "unlink", "taro");
  await seen("veto");
  await submit(page, "veto");
  await page.waitForSelector("#done");
  await seen("vetoed");

  await tap(page, "unlink", "jiro");
  await submit(page, "unlink");
  await prove(page, "jiro", "jiro");
  await page.waitForSelector("[data-reason=not_before]");
  await seen("stop-not_before");

  await tap(page, "recover", "taro");
  const procedure = page.url();
  await lifetimes("evidence = 1\nmaturity = 0");
  await reloaded(page, procedure, "[data-reason=evidence_old]");
  await seen("evidence_old");
  await lifetimes();
  await someone.context.close();
}
