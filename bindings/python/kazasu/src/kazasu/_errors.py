"""What can happen instead, one class for each situation that a screen tells apart."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from . import kazasu_ffi as ffi
from ._reason import Reason
from ._records import Message
from .kazasu_ffi import Language, PinKind, ProfileRule


class TapError(Exception):
    """Why a step did not succeed. Each subclass is a situation of its own on the screen."""

    def message(self, language: Language) -> Message:
        """What to tell the person. An app may have its own words; these are here so that none has
        to."""
        return Message._of(ffi.message_of(_lower(self), language))

    def __str__(self) -> str:
        detail = getattr(self, "detail", "")
        return self.message(Language.ENGLISH).sentence + (f" ({detail})" if detail else "")


class NotATicket(TapError):
    """What was scanned or opened is no ticket."""


class UnknownService(TapError):
    """A ticket of a verifier that this app was not built for. Nothing was sent anywhere."""


@dataclass(eq=False)
class PinMissing(TapError):
    """A PIN that this tap needs has not its four digits yet."""

    pin: PinKind
    """Which."""


@dataclass(eq=False)
class WrongPin(TapError):
    """The PIN was wrong. It is empty again: let the person type it anew."""

    pin: PinKind
    """Which."""
    tries_left: int
    """The card's own counter, at least 1."""


@dataclass(eq=False)
class PinBlocked(TapError):
    """The PIN is blocked, now or before; only a municipal office resets it."""

    pin: PinKind
    """Which."""


@dataclass(eq=False)
class LastTry(TapError):
    """One try is left, and it was not used. Tap again with `Pins` that allow it, if the person wants
    that after having been told what a lock means."""

    pin: PinKind
    """Which."""


class CardLost(TapError):
    """The card left. Nothing is lost: tap again with a new channel and the same PINs. A
    `CardChannel` raises this, too."""


class ReaderGone(TapError):
    """Reader or NFC went away, or was switched off. A `CardChannel` raises this, too."""


class NotMyNumberCard(TapError):
    """Some other card."""


class PhoneToken(TapError):
    """A certificate held by a phone: the plastic card is needed."""


@dataclass(eq=False)
class CardFailed(TapError):
    """Card or channel did something that makes no sense. Putting the card back may help. If the
    channel raised an exception of its own, that is the `__cause__`."""

    detail: str
    """For the developer; never a PIN, a name or anything else of the card's content."""


class Offline(TapError):
    """The verifier could not be reached. The same step can be tried again."""


class Expired(TapError):
    """Ticket or transaction have had their time: start again from the page."""


@dataclass(eq=False)
class Rejected(TapError):
    """The verifier refused."""

    reason: Reason
    """Why."""
    rule: ProfileRule | None = None
    """Which rule, of a `Reason.PROFILE_VIOLATION`."""


class Cancelled(TapError):
    """This call was cancelled by its `CancelToken`, or the transaction is: by the person here, or
    on the page. A task that is cancelled ends with `asyncio.CancelledError` instead."""


class Over(TapError):
    """The transaction is over: it was accepted, or cancelled here."""


class NotSaved(TapError):
    """What was to be resumed was not saved by this library, or is of another deployment."""


@dataclass(eq=False)
class Internal(TapError):
    """A failure that the person can do nothing about; the same step would fail again."""

    detail: str
    """For the developer."""


class PinEntryError(ValueError):
    """Why a digit was not taken."""


class NotADigit(PinEntryError):
    """Not 0 to 9."""


class PinFull(PinEntryError):
    """There are four digits already."""


@dataclass(eq=False)
class SetupError(ValueError):
    """Why a companion cannot be set up: the app was built with wrong addresses."""

    address: str
    """What was given."""


class NotAnOrigin(SetupError):
    """Not `scheme://host[:port]` alone."""

    def __str__(self) -> str:
        return f"`{self.address}` is not an origin (scheme://host[:port])"


class Insecure(SetupError):
    """Neither HTTPS nor plain HTTP to this very machine."""

    def __str__(self) -> str:
        return f"`{self.address}` must be https, or http on this machine"


@contextmanager
def lifted(cause: Callable[[], BaseException | None] = lambda: None) -> Iterator[None]:
    """Turns the native library's errors into this module's."""
    try:
        yield
    except ffi.TapError as native:
        error = _lift(native)
        raise error from (cause() if isinstance(error, CardFailed) else None)
    except ffi.InternalError as panic:
        raise Internal(str(panic)) from None


def _lift(native: ffi.TapError) -> TapError:
    kind: type[TapError] = globals()[type(native).__name__]
    values = dict(vars(native))
    if "reason" in values:
        reason = values["reason"]
        name = type(reason).__name__.rpartition(".")[2]
        values["reason"] = Reason[name]
        if name == "PROFILE_VIOLATION":
            values["rule"] = reason[0]
    return kind(**values)


def _lower(error: TapError) -> Any:
    # An app may have made a class of its own of one of these, and exceptions carry notes besides.
    [kind] = [kind for kind in type(error).__mro__ if TapError in kind.__bases__]
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    values = {name: getattr(error, name) for name in names}
    if isinstance(error, Rejected):
        reason = getattr(ffi.Reason, error.reason.name)
        rule = values.pop("rule")
        values["reason"] = reason(rule) if rule is not None else reason()
    return getattr(ffi.TapError, kind.__name__)(**values)
