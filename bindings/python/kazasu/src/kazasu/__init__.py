"""Read a My Number card for a university's page: open its ticket, show what it asks for, tap.

```
companion = kazasu.Companion("https://tap.example", "https://verify.example")
tap = await companion.open(link)
```

`Tap.consent` is what the person reads before agreeing. If `TapDetails.needs_pairing`, they then
type digits into the page (`Tap.start_pairing`). `Tap.tap` reads the card in a `CardChannel` with
the `Pins` they typed, and returns where the browser goes on. Each error of a step is a class below
`TapError`, with words for the screen in `TapError.message`.

Everything that waits is a coroutine for asyncio. Cancelling its task ends the call at once and
gives the card back; the tap goes on with the next call.
"""

from ._channel import CardChannel, ChannelLimits
from ._companion import Companion
from ._errors import (
    Cancelled,
    CardFailed,
    CardLost,
    Expired,
    Insecure,
    Internal,
    LastTry,
    NotADigit,
    NotAnOrigin,
    NotATicket,
    NotMyNumberCard,
    NotSaved,
    Offline,
    Over,
    PhoneToken,
    PinBlocked,
    PinEntryError,
    PinFull,
    PinMissing,
    ReaderGone,
    Rejected,
    SetupError,
    TapError,
    UnknownService,
    WrongPin,
)
from ._inspect import CardInfo, PinState, inspect_card
from ._pin import Pin, Pins
from ._reason import Reason
from ._records import Accepted, Consent, Message, PairingDigits, TapDetails
from ._tap import CancelToken, Tap, step_message
from .kazasu_ffi import CardKind, Language, Mode, PinKind, ProfileRule, Purpose, TapStep

__all__ = [
    "Companion",
    "Tap",
    "TapDetails",
    "Consent",
    "PairingDigits",
    "Accepted",
    "CardChannel",
    "ChannelLimits",
    "Pin",
    "Pins",
    "CancelToken",
    "inspect_card",
    "CardInfo",
    "PinState",
    "Message",
    "step_message",
    "CardKind",
    "Language",
    "Mode",
    "PinKind",
    "ProfileRule",
    "Purpose",
    "Reason",
    "TapStep",
    "TapError",
    "NotATicket",
    "UnknownService",
    "PinMissing",
    "WrongPin",
    "PinBlocked",
    "LastTry",
    "CardLost",
    "ReaderGone",
    "NotMyNumberCard",
    "PhoneToken",
    "CardFailed",
    "Offline",
    "Expired",
    "Rejected",
    "Cancelled",
    "Over",
    "NotSaved",
    "Internal",
    "PinEntryError",
    "NotADigit",
    "PinFull",
    "SetupError",
    "NotAnOrigin",
    "Insecure",
]
