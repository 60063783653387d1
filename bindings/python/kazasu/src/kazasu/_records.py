"""What the library tells, as values."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Self

from .kazasu_ffi import Language, Mode, Purpose


class Record:
    @classmethod
    def _of(cls, native: object) -> Self:
        # A field that one side has and the other has not fails here, in every test.
        return cls(**{name.name: getattr(native, name.name) for name in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class TapDetails(Record):
    """What a ticket asks for."""

    transaction_id: str
    """The transaction's identifier; also the reference for support."""
    service_ja: str
    """Who asks, in Japanese."""
    service_en: str
    """Who asks, in English."""
    host: str
    """The host that its answers go to."""
    purpose: Purpose
    """What the tap is for."""
    provides_name: bool
    """Whether the name on the card is provided, besides the pseudonymous ID. Then the tap needs the
    PIN for the name, too."""
    mode: Mode
    """How browser and card come together."""
    needs_pairing: bool
    """Whether six digits have to be typed into the page before the tap."""
    language: Language
    """The language of the page that started."""
    browser: str
    """A coarse description of the browser that started."""
    started_at: datetime
    """When it started, in UTC."""
    expires_at: datetime
    """When it ends by itself, in UTC."""


@dataclass(frozen=True, kw_only=True)
class Consent(Record):
    """The details as sentences for the consent screen."""

    service: str
    """Who asks."""
    host: str
    """The host that its answers go to: shown beside the name."""
    action: str
    """What it asks to do."""
    provided: str
    """What it receives, and that it receives nothing else."""
    browser: str
    """Which browser started."""


@dataclass(frozen=True, kw_only=True)
class PairingDigits(Record):
    """Six digits for the person to type into the page."""

    digits: str = field(repr=False)
    """The digits."""
    expires_at: datetime
    """When they end, in UTC; ask for new ones then."""
    only_at: str
    """The only origin that they may be typed at, for the app to say so."""


@dataclass(frozen=True)
class Accepted(Record):
    """An accepted tap."""

    return_url: str | None
    """The one-time address to open in the browser that started; `None` where the page goes on by
    itself."""


@dataclass(frozen=True)
class Message(Record):
    """What happened, and what to do now."""

    sentence: str
    """One sentence, without codes."""
    next_step: str
    """What to do now; empty where there is nothing to do."""
