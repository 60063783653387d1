// A service that lets people see their page by a tap: openid-client and Node's own web server.
//
// openid_client_rp.mjs jwks KEY                     prints what the operator registers
// openid_client_rp.mjs serve ISSUER CLIENT KEY PORT serves http://127.0.0.1:PORT/

import { createPrivateKey, createPublicKey, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Issuer, generators } from "openid-client";

const PURPOSE = "view";
const [command, ...rest] = process.argv.slice(2);

if (command === "jwks") {
  const key = createPublicKey(readFileSync(rest[0])).export({ format: "jwk" });
  console.log(JSON.stringify({ keys: [{ ...key, use: "sig", alg: "ES256" }] }));
  process.exit();
}

const [issuer, client_id, keyFile, port] = rest;
const here = `http://127.0.0.1:${port}`;
const redirect_uri = `${here}/callback`;
const kazasu = await Issuer.discover(issuer);
const key = createPrivateKey(readFileSync(keyFile)).export({ format: "jwk" });
const client = new kazasu.Client(
  {
    client_id,
    redirect_uris: [redirect_uri],
    response_types: ["code"],
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    id_token_signed_response_alg: "ES256",
  },
  { keys: [key] },
);

// By the cookie of a browser. A real service has sessions already.
const pending = new Map();
const people = new Map();

// Pushes a request; returns where to send the browser.
async function begin(browser) {
  const code_verifier = generators.codeVerifier();
  const checks = { code_verifier, state: generators.state(), nonce: generators.nonce() };
  const { request_uri } = await client.pushedAuthorizationRequest({
    redirect_uri,
    scope: "openid name",
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: generators.codeChallenge(code_verifier),
    code_challenge_method: "S256",
    purpose: PURPOSE,
    ui_locales: "ja en",
  });
  pending.set(browser, checks);
  return client.authorizationUrl({ request_uri });
}

// The claims of who tapped.
async function finish(browser, request) {
  const checks = { ...pending.get(browser), response_type: "code" };
  pending.delete(browser);
  const answer = client.callbackParams(request);
  const tokens = await client.callback(redirect_uri, answer, checks);
  const claims = tokens.claims();
  if (claims.purpose !== PURPOSE) throw new Error("a tap for another purpose");
  return claims;
}

async function page(request) {
  const path = request.url.split("?")[0];
  const browser = /service=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (path === "/login") {
    const fresh = randomUUID();
    const cookie = `service=${fresh}; Path=/; HttpOnly; SameSite=Lax`;
    return [303, "", { Location: await begin(fresh), "Set-Cookie": cookie }];
  }
  if (path === "/callback" && pending.has(browser)) {
    people.set(browser, await finish(browser, request));
    return [303, "", { Location: "/" }];
  }
  if (path === "/" && people.has(browser)) return [200, JSON.stringify(people.get(browser))];
  return [401, "Please go to /login\n"];
}

createServer(async (request, response) => {
  const failed = (error) => [403, `This did not work: ${error.message}\n`];
  const [status, text, headers] = await page(request).catch(failed);
  response.writeHead(status, headers).end(text);
}).listen(port, "127.0.0.1", () => console.log(JSON.stringify({ ready: here })));
