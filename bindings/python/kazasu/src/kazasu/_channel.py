"""The channel to the card, which the app brings."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from . import kazasu_ffi as ffi
from ._errors import CardLost, ReaderGone


@dataclass(frozen=True)
class ChannelLimits:
    """The largest APDUs a channel carries, in bytes on the wire."""

    command: int
    """Largest command. 261 where it carries short commands only."""
    response: int
    """Largest response, its two status bytes included. 258 where it carries short ones only."""


class CardChannel(ABC):
    """A channel to one activation of one card, over a reader. After the card was lost, bring a new
    channel.

    Any exception that is neither `CardLost` nor `ReaderGone` ends the tap with `CardFailed`, whose
    `__cause__` it is.
    """

    @abstractmethod
    def limits(self) -> ChannelLimits:
        """The largest APDUs this channel carries."""

    @abstractmethod
    async def transceive(self, command: bytes) -> bytes:
        """Sends one command, once, and returns the card's whole answer, its two status bytes last.
        It never repeats a command: it may carry a PIN. It must not be logged for the same reason.

        It runs in the loop that the tap was called from. A library that blocks goes to a thread
        (`asyncio.to_thread`). If the call is cancelled meanwhile, this coroutine is, too.

        Raises `CardLost` or `ReaderGone`.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives the card back. Called once, when the card is not needed any more: before the
        verifier has answered, and also while an exchange is under way that was cancelled. It must
        not wait for that exchange."""


class Adapter(ffi.CardChannel):
    """A channel as the native library calls it, which remembers what the channel raised."""

    def __init__(self, channel: CardChannel) -> None:
        self.channel = channel
        self.failure: BaseException | None = None
        self._loop = asyncio.get_running_loop()

    def limits(self) -> ffi.ChannelLimits:
        try:
            limits = self.channel.limits()
            return ffi.ChannelLimits(command=limits.command, response=limits.response)
        except Exception as error:
            raise self._lowered(error) from error

    async def transceive(self, command: bytes) -> bytes:
        try:
            answer = await self.channel.transceive(command)
            # `bytes(5)` would be five zeros.
            return memoryview(answer).tobytes()
        # Left to itself, a cancellation would never be answered, and the tap wait for ever if it
        # was the channel's own.
        except (Exception, asyncio.CancelledError) as error:
            raise self._lowered(error) from error

    def close(self) -> None:
        try:
            self.channel.close()
        except Exception as error:
            # The tap does not depend on it, but its developer wants to know.
            report(self._loop, "closing the card's channel failed", error)

    def _lowered(self, error: BaseException) -> Exception:
        errors: Any = ffi.ChannelError
        lowered: Exception
        match error:
            case CardLost():
                lowered = errors.CardLost()
            case ReaderGone():
                lowered = errors.ReaderGone()
            case _:
                self.failure = error
                # Not its text: that may hold an APDU.
                lowered = errors.Failed(detail=type(error).__qualname__)
        return lowered


def report(loop: asyncio.AbstractEventLoop, message: str, error: Exception) -> None:
    """Tells the loop of an exception that has nobody to raise it to."""
    loop.call_exception_handler({"message": message, "exception": error})
