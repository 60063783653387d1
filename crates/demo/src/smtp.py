"""An SMTP server that keeps what it receives, and answers as it is told. aiosmtpd speaks the
protocol and Python's email package reads the mails: neither was written here.

Its one argument is a JSON object. `folder` has behaviour.json, which is read at every step, and
received.jsonl, a mail a line, written before the mail is acknowledged.
"""

import asyncio
import email
import email.policy
import html.parser
import json
import pathlib
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

settings = json.loads(sys.argv[1])
folder = pathlib.Path(settings["folder"])


def answer(step, recipient=None):
    """What is said at this step instead of yes; None for yes."""
    behaviour = json.loads((folder / "behaviour.json").read_text())
    if behaviour.get("step") != step or behaviour.get("only", recipient) != recipient:
        return None
    return behaviour["reply"]


class Reader(html.parser.HTMLParser):
    """What somebody reads of a page, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.text, self.links, self.in_head = [], [], False

    def handle_starttag(self, tag, attributes):
        self.in_head = self.in_head or tag == "head"
        self.links += [value for name, value in attributes if name in ("href", "src")]
        self.text.append(" ")

    def handle_endtag(self, tag):
        self.in_head = self.in_head and tag != "head"
        self.text.append(" ")

    def handle_data(self, data):
        self.text.append("" if self.in_head else data)


def keep(session, envelope):
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    parts = list(message.walk())
    body = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    reader = Reader()
    reader.feed(body["html"].get_content())
    mail = {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": body["plain"].get_content(),
        "html_text": " ".join("".join(reader.text).split()),
        "links": reader.links,
        "defects": [repr(defect) for part in parts for defect in part.defects]
        + [repr(defect) for value in message.values() for defect in value.defects],
        "raw": envelope.content.decode("ascii", "backslashreplace"),
        "encrypted": session.ssl is not None or settings.get("tls") == "wrapped",
        "authenticated": bool(session.authenticated),
    }
    with (folder / "received.jsonl").open("a") as received:
        received.write(json.dumps(mail) + "\n")


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = answer("mail")
        if reply:
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = answer("rcpt", address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = answer("data", envelope.rcpt_tos[0])
        if reply:
            return reply
        keep(session, envelope)
        # Received, and nobody is told.
        while answer("silence"):
            await asyncio.sleep(0.02)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    given = [data.login.decode(), data.password.decode()]
    # Not handled: the server says no by itself.
    return AuthResult(success=given == settings["login"], handled=False)


async def main():
    context = None
    if settings.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings["certificate"], settings["key"])
    login = {}
    if settings.get("login"):
        login = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    starttls = context if settings.get("tls") == "starttls" else None

    def serve():
        return SMTP(
            Handler(),
            hostname="smtp.example",
            enable_SMTPUTF8=False,
            tls_context=starttls,
            require_starttls=starttls is not None,
            **login,
        )

    loop = asyncio.get_running_loop()
    wrapped = context if settings.get("tls") == "wrapped" else None
    server = await loop.create_server(
        serve, "127.0.0.1", settings["port"], ssl=wrapped, reuse_address=True
    )
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(sys.stdin, ended.set)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await ended.wait()
    server.close()
    # Connections that are still open would be told nothing, and end with the process.
    sys.exit(0)


asyncio.run(main())
