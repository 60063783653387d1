"""Emulated cards, and the channel an app taps them through."""

import asyncio
from dataclasses import dataclass

import kazasu

from . import kazasu_testing as native
from ._errors import EmulationError, lifted


@dataclass(frozen=True)
class CardLeaves:
    """The card leaves after so many exchanges."""

    after: int
    """Completed exchanges; 0 removes it before the first."""
    carried_out: bool = False
    """Whether it still carries out the command whose answer is lost."""


@dataclass(frozen=True)
class Status:
    """The card carries a command out, but another status word comes back."""

    at: int
    """Which exchange."""
    status: int
    """The status word, such as `0x6F00`."""


@dataclass(frozen=True)
class Slow:
    """An answer comes late."""

    at: int
    """Which exchange."""
    milliseconds: int
    """How late."""


@dataclass(frozen=True)
class Garbage:
    """Instead of an answer come bytes that mean nothing."""

    at: int
    """Which exchange."""
    length: int
    """How many bytes; 0 and 1 are no answer at all."""


Fault = CardLeaves | Status | Slow | Garbage
"""Something that goes wrong between reader and card, once. Exchanges are counted from one, and from
the moment the faults were set."""


@dataclass(frozen=True)
class Exchange:
    """One exchange as the card saw it; never its data."""

    command: str
    """CLA INS P1 P2 in hexadecimal."""
    sent: int
    """Bytes of the command. A VERIFY (INS 20) with more than 4 carries a PIN."""
    status: str | None
    """The status word in hexadecimal; `None` if the card left."""


@dataclass(frozen=True)
class Tries:
    """Tries left for the two PINs; 0 is blocked."""

    authentication: int
    """For signing in."""
    profile: int
    """For the name."""


class EmulatedChannel(kazasu.CardChannel):
    """One activation of a card: what `kazasu.Tap.tap` reads. `Card.connect` makes it."""

    def __init__(self, channel: native.EmulatedChannel) -> None:
        """@private"""
        self._native = channel

    def limits(self) -> kazasu.ChannelLimits:
        """The largest APDUs it carries."""
        limits = self._native.limits()
        return kazasu.ChannelLimits(limits.command, limits.response)

    async def transceive(self, command: bytes) -> bytes:
        """Sends one command.

        Raises `kazasu.CardLost` if the card is not there, or the channel was closed;
        `EmulationError` if the command is none.
        """
        try:
            answer = self._native.exchange(command)
        except native.TestChannelError as error:
            if type(error).__name__ == "CardLost":
                raise kazasu.CardLost from None
            raise EmulationError(getattr(error, "detail", "")) from None
        if answer.late_by_ms:
            await asyncio.sleep(answer.late_by_ms / 1000)
        return answer.bytes

    def close(self) -> None:
        """Gives the card back: from now on it is lost."""
        self._native.close()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._native.is_closed()


class Card:
    """A card, and the reader it is held to. It begins in the reader's field.
    `University.issue_card` makes it."""

    def __init__(self, card: native.TestCard) -> None:
        """@private"""
        self._native = card

    def connect(self, limits: kazasu.ChannelLimits | None = None) -> EmulatedChannel:
        """Activates the card in the field, as a reader does when it finds one. Without a card, each
        exchange finds it lost. 261 and 258 as `limits` are a reader for short APDUs only."""
        if limits is None:
            return EmulatedChannel(self._native.connect())
        lowered = native.TestChannelLimits(command=limits.command, response=limits.response)
        return EmulatedChannel(self._native.connect_with(lowered))

    def present(self) -> None:
        """Puts the card into the field."""
        self._native.present()

    def remove(self) -> None:
        """Takes the card away."""
        self._native.remove()

    def set_faults(self, *faults: Fault) -> None:
        """Replaces all faults; their exchanges count from now."""
        self._native.set_faults([_lowered(fault) for fault in faults])

    def exchanges(self) -> list[Exchange]:
        """The exchanges since the last `clear_exchanges`."""
        return [
            Exchange(exchange.command, exchange.sent, exchange.status)
            for exchange in self._native.exchanges()
        ]

    def clear_exchanges(self) -> None:
        """Forgets the exchanges."""
        self._native.clear_exchanges()

    @property
    def tries_left(self) -> Tries:
        """The card's counters, which a test may set. A token without the PIN for the name has no
        counter for it."""
        tries = self._native.tries_left()
        return Tries(tries.authentication, tries.profile)

    @tries_left.setter
    def tries_left(self, tries: Tries) -> None:
        lowered = native.TestTries(authentication=tries.authentication, profile=tries.profile)
        self._native.set_tries_left(lowered)

    def revoke(self) -> None:
        """Has the authority revoke the certificate.

        Raises `EmulationError`.
        """
        with lifted():
            self._native.revoke()


def typed(authentication: str, profile: str = "") -> kazasu.Pins:
    """Pins as a person would have typed these digits."""
    pins = kazasu.Pins()
    for pin, digits in (pins.authentication, authentication), (pins.profile, profile):
        for digit in digits:
            pin.push(int(digit))
    return pins


def _lowered(fault: Fault) -> native.TestFault:
    match fault:
        case CardLeaves(after, carried_out):
            return native.TestFault.CARD_LEAVES(after, carried_out)  # type: ignore[return-value]
        case Status(at, status):
            return native.TestFault.STATUS(at, status)  # type: ignore[return-value]
        case Slow(at, milliseconds):
            return native.TestFault.SLOW(at, milliseconds)  # type: ignore[return-value]
        case Garbage(at, length):
            return native.TestFault.GARBAGE(at, length)  # type: ignore[return-value]
