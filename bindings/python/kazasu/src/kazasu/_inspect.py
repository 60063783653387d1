"""What can be said of a card without a ticket."""

from dataclasses import dataclass

from . import kazasu_ffi as ffi
from ._channel import CardChannel
from ._tap import CancelToken, at_the_card
from .kazasu_ffi import CardKind


@dataclass(frozen=True)
class PinState:
    """What the card says about a PIN."""

    tries_left: int | None
    """So many wrong tries remain; 0 is blocked. `None` if the card keeps no counter, or is not one
    that has this PIN."""

    @property
    def is_blocked(self) -> bool:
        """Whether only a municipal office can make it work again."""
        return self.tries_left == 0


@dataclass(frozen=True)
class CardInfo:
    """A card, without anything personal."""

    kind: CardKind
    """What it is."""
    authentication_pin: PinState
    """The PIN for signing in."""
    profile_pin: PinState
    """The PIN for the name."""


async def inspect_card(channel: CardChannel, *, cancel: CancelToken | None = None) -> CardInfo:
    """Says what kind of card is in `channel`, and how many tries its PINs have. No PIN is sent, and
    nothing personal is read. The channel is closed afterwards.

    Raises `CardLost`, `ReaderGone`, `CardFailed` or `Cancelled`; another card is a `CardKind`.
    """
    with at_the_card(channel) as adapter:
        info = await ffi.inspect_card(adapter, CancelToken._lowered(cancel))
    return CardInfo(info.kind, _state(info.authentication_pin), _state(info.profile_pin))


def _state(native: ffi.PinState) -> PinState:
    if isinstance(native, ffi.PinState.TRIES_LEFT):
        return PinState(native.tries)
    return PinState(0 if native.is_blocked() else None)
