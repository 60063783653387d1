"""PINs, typed digit by digit."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from . import kazasu_ffi as ffi
from ._errors import NotADigit, PinFull

class Pin:
    """A PIN that is being typed: four digits. They are kept in the native library, wiped when they
    are taken back and when it is let go; nothing reads them but the tap. A PIN that turned out to be
    wrong is emptied. `len` is how many digits there are."""

    def __init__(self) -> None:
        """An empty one."""
        self._native = ffi.Pin()

    def push(self, digit: int) -> int:
        """Takes one digit, 0 to 9; returns how many there are now.

        Raises `NotADigit` or `PinFull`; nothing changed then.
        """
        if digit not in range(10):
            raise NotADigit("not a digit 0 to 9")
        try:
            return self._native.push(digit)
        except ffi.PinEntryError:
            raise PinFull("a PIN has four digits") from None

    def delete_last(self) -> int:
        """Takes the last digit back, if there is one; returns how many are left."""
        return self._native.delete_last()

    def clear(self) -> None:
        """Takes all digits back."""
        self._native.clear()

    @property
    def is_complete(self) -> bool:
        """Whether it has its four digits."""
        return self._native.is_complete()

    def __len__(self) -> int:
        return self._native.length()

    def __bool__(self) -> bool:
        # An empty PIN is a PIN: `pins.profile or …` must not take it for none.
        return True

    def __repr__(self) -> str:
        return "Pin(****)"


@dataclass
class Pins:
    """The PINs of a tap. As a context manager it wipes them at the end:

    ```
    with kazasu.Pins() as pins:
        pins.authentication.push(digit)
    ```
    """

    authentication: Pin = field(default_factory=Pin)
    """The PIN for signing in (利用者証明用暗証番号)."""
    profile: Pin = field(default_factory=Pin)
    """The PIN for the name (券面事項入力補助用暗証番号); needed where `TapDetails.provides_name`."""
    use_last_authentication_try: bool = False
    """Whether the last try of the PIN for signing in may be used: only after the person was told
    what a lock means."""
    use_last_profile_try: bool = False
    """The same for the PIN for the name."""

    def clear(self) -> None:
        """Takes all digits of both back, and what was allowed for the last try."""
        self.authentication.clear()
        self.profile.clear()
        self.use_last_authentication_try = self.use_last_profile_try = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clear()

    def _lowered(self) -> ffi.Pins:
        return ffi.Pins(
            authentication=self.authentication._native,
            profile=self.profile._native,
            use_last_authentication_try=self.use_last_authentication_try,
            use_last_profile_try=self.use_last_profile_try,
        )
