"""The entry: one app build serves one verifier."""

from . import kazasu_ffi as ffi
from ._errors import Insecure, NotAnOrigin, SetupError, lifted
from ._records import Accepted
from ._tap import CancelToken, Tap


class Companion:
    """What opens tickets of one verifier."""

    def __init__(self, ticket_origin: str, verifier_origin: str) -> None:
        """For tickets at `ticket_origin`, such as `https://tap.example`, whose verifier is
        `verifier_origin`. An app builds both in; a link never brings them.

        Raises `SetupError`.
        """
        try:
            self._native = ffi.Companion(ticket_origin, verifier_origin)
        except ffi.SetupError as error:
            kind = {"NotAnOrigin": NotAnOrigin, "Insecure": Insecure}[type(error).__name__]
            raise kind(**vars(error)) from None

    async def open(self, link: str, *, cancel: CancelToken | None = None) -> Tap:
        """Opens a ticket that was scanned, or that an app link brought. The first companion that
        opens it has it.

        Raises `NotATicket` and `UnknownService` before anything was sent; `Offline`, `Expired`,
        `Rejected`.
        """
        with lifted():
            return Tap(await self._native.open(link, CancelToken._lowered(cancel)))

    async def resume(self, saved: bytes, *, cancel: CancelToken | None = None) -> Tap | Accepted:
        """Goes on with a tap that was saved before the app was ended: a `Tap` that waits for
        pairing or for the card, as it did before (PINs have to be typed again), or `Accepted` if
        only the answer was missed.

        Raises `NotSaved` for bytes that `Tap.save` of this verifier did not give; otherwise why the
        tap cannot go on.
        """
        with lifted():
            resumed = await self._native.resume(saved, CancelToken._lowered(cancel))
        if isinstance(resumed, ffi.Resumed.ACCEPTED):
            return Accepted(resumed.return_url)
        assert isinstance(resumed, ffi.Resumed.OPEN)
        return Tap(resumed.tap)
