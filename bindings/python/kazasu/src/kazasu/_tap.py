"""One tap: from consent to the outcome."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import kazasu_ffi as ffi
from ._channel import Adapter, CardChannel, report
from ._errors import lifted
from ._pin import Pins
from ._records import Accepted, Consent, PairingDigits, TapDetails
from .kazasu_ffi import Language, TapStep


class CancelToken:
    """Ends what it was given to, from any thread. Within one event loop, cancelling the task does
    the same without a token."""

    def __init__(self) -> None:
        """A token that is not cancelled."""
        self._native = ffi.CancelToken()

    def cancel(self) -> None:
        """Ends every call that was given this token, and each that will be, with `Cancelled`. The
        transaction goes on: `Tap.cancel` ends that."""
        self._native.cancel()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._native.is_cancelled()

    @staticmethod
    def _lowered(token: "CancelToken | None") -> ffi.CancelToken | None:
        return token._native if token is not None else None


class Tap:
    """A ticket that this app opened: what `Companion.open` returns. Letting go of it leaves the
    transaction to expire."""

    def __init__(self, native: ffi.Tap) -> None:
        """@private"""
        self._native = native

    @property
    def details(self) -> TapDetails:
        """What the ticket asks for."""
        return TapDetails._of(self._native.details())

    def consent(self, language: Language) -> Consent:
        """The same as sentences for the consent screen. No PIN is to be asked before the person
        agreed."""
        return Consent._of(self._native.consent(language))

    def save(self) -> bytes:
        """What `Companion.resume` needs if the app is ended before the tap is over. It is a secret:
        keep it where the platform keeps secrets, and delete it after the tap. It holds neither PINs
        nor anything of the card."""
        return self._native.save()

    async def start_pairing(self, *, cancel: CancelToken | None = None) -> PairingDigits:
        """Six digits for the person to type into the page; calling it again replaces them.

        Raises `TapError`.
        """
        with lifted():
            return PairingDigits._of(await self._native.start_pairing(CancelToken._lowered(cancel)))

    async def wait_until_paired(self, *, cancel: CancelToken | None = None) -> None:
        """Waits until the digits were typed. After `Offline`, call it again.

        Raises `TapError`.
        """
        with lifted():
            await self._native.wait_until_paired(CancelToken._lowered(cancel))

    async def tap(
        self,
        channel: CardChannel,
        pins: Pins,
        *,
        progress: Callable[[TapStep], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Accepted:
        """Reads the card in `channel`, has it sign, and submits that. `progress` is told of each
        step as it begins, in the loop's thread. After `CardLost`, `WrongPin`, `LastTry` or
        `Offline`, call it again with a new channel. A PIN goes to the card at most once for each
        time it was typed, also if the card was lost at that moment. The channel is closed as soon
        as the card is not needed.

        Raises `TapError`.
        """
        listener = _Listener(progress) if progress is not None else None
        with at_the_card(channel) as adapter:
            token = CancelToken._lowered(cancel)
            accepted = await self._native.tap(adapter, pins._lowered(), listener, token)
        return Accepted(accepted.return_url)

    async def cancel(self) -> None:
        """Ends the transaction: whoever asked is told that the person cancelled. A call that is
        under way ends with `Cancelled`.

        Raises `TapError`; without an answer the transaction expires.
        """
        with lifted():
            await self._native.cancel()

    def __repr__(self) -> str:
        return f"Tap({self.details.transaction_id})"


def step_message(step: TapStep, language: Language) -> str:
    """What the person who holds the card is told while `step` goes on."""
    return ffi.step_message(step, language)


@contextmanager
def at_the_card(channel: CardChannel) -> Iterator[Adapter]:
    """Lends the channel to the native library; what the channel raised becomes the cause."""
    adapter = Adapter(channel)
    with lifted(lambda: adapter.failure):
        yield adapter


class _Listener(ffi.ProgressListener):
    def __init__(self, progress: Callable[[TapStep], None]) -> None:
        self._progress = progress
        self._loop = asyncio.get_running_loop()

    def on_step(self, step: TapStep) -> None:
        try:
            self._progress(step)
        except Exception as error:
            # A tap does not fail for want of an audience.
            report(self._loop, "a tap's progress could not be told", error)
