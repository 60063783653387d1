"""What a test set up wrongly."""

from collections.abc import Iterator
from contextlib import contextmanager

from . import kazasu_testing as native


class EmulationError(Exception):
    """The other side failed: the test is set up wrongly, or the emulator has a fault."""


@contextmanager
def lifted() -> Iterator[None]:
    """Turns the native library's errors into this package's."""
    try:
        yield
    except (native.TestError, native.InternalError) as error:
        raise EmulationError(getattr(error, "detail", str(error))) from None
