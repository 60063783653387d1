"""The other side of a tap, for an app's own tests: emulated cards, the authority that issues them, a
real verifier, and a university's page that asks for the tap. No hardware, and no network but
loopback. An app never contains this package.

```
university = await kazasu_testing.University.start()
card = await university.issue_card()
page = await university.open_page()
tap = await university.companion().open(page.link)
accepted = await tap.tap(card.connect(), kazasu_testing.typed("1234", "2345"))
identity = await page.finish(accepted.return_url)
```
"""

from ._card import (
    Card,
    CardLeaves,
    EmulatedChannel,
    Exchange,
    Fault,
    Garbage,
    Slow,
    Status,
    Tries,
    typed,
)
from ._errors import EmulationError
from ._university import Identity, Page, Refused, University
from .kazasu_testing import TestToken as Token

__all__ = [
    "University",
    "Page",
    "Identity",
    "Refused",
    "Card",
    "Token",
    "Tries",
    "typed",
    "EmulatedChannel",
    "Exchange",
    "Fault",
    "CardLeaves",
    "Status",
    "Slow",
    "Garbage",
    "EmulationError",
]
