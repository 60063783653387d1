#!/usr/bin/env python3
"""Statement test vectors, written from docs/protocol.md without a look at the Rust code.

Prints the vectors as JSON; `vectors.json` beside this file holds its output.
"""

import hashlib
import json

ORIGIN = "https://verifier.example"


def statement(origin, relying_party, transaction, purpose, challenge, claims, name, certificate):
    fields = [
        origin.encode(),
        relying_party.encode(),
        transaction.encode(),
        purpose.encode(),
        challenge,
        " ".join(sorted(set(claims))).encode(),
        (name or "").encode(),
        hashlib.sha256(certificate).digest(),
    ]
    return b"kazasu/assertion/v1" + b"".join(len(f).to_bytes(4, "big") + f for f in fields)


def vector(title, origin, relying_party, transaction, purpose, challenge, claims, name, certificate):
    encoded = statement(
        origin, relying_party, transaction, purpose, challenge, claims, name, certificate
    )
    return {
        "title": title,
        "verifier_origin": origin,
        "relying_party": relying_party,
        "transaction_id": transaction,
        "purpose": purpose,
        "challenge": challenge.hex(),
        "requested_claims": claims,
        "name": name,
        "certificate": certificate.hex(),
        "statement": encoded.hex(),
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "sha384": hashlib.sha384(encoded).hexdigest(),
    }


VECTORS = [
    vector("a view without the name", ORIGIN, "portal", "T-1", "view",
           bytes(range(16)), [], None, b"certificate"),
    vector("a link with the name", ORIGIN, "portal", "T-2", "link",
           bytes(range(32)), ["name"], "見本\u3000太郎", bytes.fromhex("3003020101")),
    vector("a recovery at another relying party", "http://localhost:7080", "図書館", "T-3",
           "recover", b"\xff" * 80, ["name"], "SAMPLE HANAKO", b""),
    vector("empty fields are not left out", "", "", "", "counter", b"", [], None, b""),
    vector("a boundary moved between two fields changes the bytes", ORIGIN, "portalT", "-1", "view",
           bytes(range(16)), [], None, b"certificate"),
]

print(json.dumps(VECTORS, ensure_ascii=False, indent=2))
