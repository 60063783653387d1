// A university's sign-in: oidc-provider, with a page of its own where anybody signs in to any
// account, and where a second factor is given or is not.
//
// oidc_provider.mjs PORT CLIENT_ID REDIRECT_URI JWKS [ISSUER]   serves http://127.0.0.1:PORT/, which
// everybody else reaches at ISSUER

import { Provider } from "oidc-provider";

const [port, client_id, redirect_uri, jwks, origin] = process.argv.slice(2);
const listen = `http://127.0.0.1:${port}`;
const issuer = origin ?? listen;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id,
      redirect_uris: [redirect_uri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      jwks: JSON.parse(jwks),
    },
  ],
  claims: { openid: ["sub", "preferred_username"], acr: null, auth_time: null },
  conformIdTokenClaims: false,
  acrValues: ["urn:example:mfa"],
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({ sub: `subject-of-${accountId}`, preferred_username: accountId }),
  }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // Everybody agrees to what is asked for.
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
  cookies: { keys: ["only for tests"] },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  if (context.method === "GET") {
    context.type = "html";
    context.body = `<!DOCTYPE html><title>Sign-in</title>
<form id="sign-in" method="post"><input name="account"><select name="acr"><option>urn:example:mfa<option>urn:example:password</select><button>Sign in</button></form>`;
    return;
  }
  let body = "";
  for await (const chunk of context.req) body += chunk;
  const form = new URLSearchParams(body);
  const acr = form.get("acr");
  const result = form.get("cancel")
    ? { error: "access_denied", error_description: "the person cancelled" }
    : { login: { accountId: form.get("account"), acr, amr: ["pwd", ...(acr === "urn:example:mfa" ? ["otp"] : [])] } };
  context.status = 303;
  context.redirect(await provider.interactionResult(context.req, context.res, result));
});

// Whoever started this reads the first line only.
process.stdout.on("error", () => {});
provider.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ ready: true, listen })));
