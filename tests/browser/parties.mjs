// The other parties live in the Rust test that started this script: it takes one JSON request a
// line on our standard output and answers on our standard input.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
const answers = lines[Symbol.asyncIterator]();
let last = Promise.resolve();

/** Asks the parties; one question at a time. */
export function ask(question) {
  last = last.then(async () => {
    process.stdout.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("the parties are gone");
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${question.ask}: ${answer.error}`);
    return answer;
  });
  return last;
}

/** A relying party's request: where the browser goes. */
export const request = (purpose, more = {}) => ask({ ask: "request", purpose, ...more });
/** The phone claims a ticket. */
export const claim = (ticket) => ask({ ask: "claim", ticket });
/** The phone asks for six digits. */
export const digits = async () => (await ask({ ask: "digits" })).digits;
/** The phone taps; answers with the return URL, if there is one. */
export const tap = async () => (await ask({ ask: "tap" })).return_url;
/** The person says no on the phone. */
export const cancel = () => ask({ ask: "cancel" });
/** The verifier starts again with other lifetimes. */
export const restart = (lifetimes) => ask({ ask: "restart", lifetimes });
/** The verifier's database loses a table, or gets it back. */
export const disk = (state) => ask({ ask: "disk", state });
/** The relying party reads what the browser brought. */
export const finish = (callback) => ask({ ask: "finish", callback });
/** Nothing more will be asked; without it the script would never end. */
export const goodbye = () => lines.close();
