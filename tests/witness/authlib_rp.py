"""A service that lets people see their page by a tap: Authlib and Python's own web server.

authlib_rp.py jwks KEY                     prints what the operator registers
authlib_rp.py serve ISSUER CLIENT KEY PORT serves http://127.0.0.1:PORT/
"""

import json
import secrets
import sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

PURPOSE = "view"


class Kazasu:
    """What this service knows of the verifier."""

    def __init__(self, issuer, client_id, key, redirect_uri):
        self.session = OAuth2Session(
            client_id,
            key,
            redirect_uri=redirect_uri,
            scope="openid name",
            code_challenge_method="S256",
            token_endpoint_auth_method="private_key_jwt",
        )
        # The audience of a client assertion is the issuer, at every endpoint.
        self.session.register_client_auth_method(PrivateKeyJWT(issuer, alg="ES256"))
        self.metadata = self.fetch(f"{issuer}/.well-known/openid-configuration")
        assert self.metadata["issuer"] == issuer

    def fetch(self, url):
        return self.session.get(url, withhold_token=True).json()

    def begin(self):
        """Pushes a request; returns where to send the browser, and what to remember of it."""
        pending = {"nonce": secrets.token_urlsafe(), "verifier": secrets.token_urlsafe(48)}
        url, pending["state"] = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=pending["verifier"],
            nonce=pending["nonce"],
            purpose=PURPOSE,
            ui_locales="ja en",
        )
        pushed = self.session.post(
            self.metadata["pushed_authorization_request_endpoint"],
            data=dict(parse_qsl(urlsplit(url).query)),
            auth=self.session.client_auth("private_key_jwt"),
            withhold_token=True,
        )
        pushed.raise_for_status()
        query = {"client_id": self.session.client_id, "request_uri": pushed.json()["request_uri"]}
        return f"{self.metadata['authorization_endpoint']}?{urlencode(query)}", pending

    def finish(self, pending, answer):
        """The claims of who tapped, or an error to show."""
        if answer.get("state") != pending["state"] or answer.get("iss") != self.metadata["issuer"]:
            raise ValueError("an answer to another request")
        if "error" in answer:
            raise ValueError(answer["error"])
        tokens = self.session.fetch_token(
            self.metadata["token_endpoint"],
            code=answer["code"],
            code_verifier=pending["verifier"],
        )
        keys = KeySet.import_key_set(self.fetch(self.metadata["jwks_uri"]))
        token = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"])
        expected = {
            "iss": {"essential": True, "value": self.metadata["issuer"]},
            "aud": {"essential": True, "value": self.session.client_id},
            "purpose": {"essential": True, "value": PURPOSE},
        }
        claims = CodeIDToken(
            token.claims, token.header, options=expected, params={"nonce": pending["nonce"]}
        )
        claims.validate(leeway=60)
        return claims


class Page(BaseHTTPRequestHandler):
    kazasu: Kazasu
    # By the cookie of a browser. A real service has sessions already.
    pending = {}
    people = {}

    def do_GET(self):
        url = urlsplit(self.path)
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        browser = cookies["service"].value if "service" in cookies else ""
        if url.path == "/login":
            browser = secrets.token_urlsafe()
            location, self.pending[browser] = self.kazasu.begin()
            cookie = f"service={browser}; Path=/; HttpOnly; SameSite=Lax"
            self.answer(303, "", {"Location": location, "Set-Cookie": cookie})
        elif url.path == "/callback" and browser in self.pending:
            try:
                answer = dict(parse_qsl(url.query))
                self.people[browser] = self.kazasu.finish(self.pending.pop(browser), answer)
                self.answer(303, "", {"Location": "/"})
            except Exception as refused:
                self.answer(403, f"This did not work: {refused}\n")
        elif url.path == "/" and browser in self.people:
            self.answer(200, json.dumps(self.people[browser], ensure_ascii=False))
        else:
            self.answer(401, "Please go to /login\n")

    def answer(self, status, text, headers={}):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def read_key(path):
    with open(path) as file:
        return ECKey.import_key(file.read())


if __name__ == "__main__":
    if sys.argv[1] == "jwks":
        print(json.dumps(KeySet([read_key(sys.argv[2])]).as_dict(private=False)))
    else:
        issuer, client_id, key, port = sys.argv[2:]
        here = f"http://127.0.0.1:{port}"
        Page.kazasu = Kazasu(issuer, client_id, read_key(key), f"{here}/callback")
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), Page)
        print(json.dumps({"ready": here}), flush=True)
        server.serve_forever()
