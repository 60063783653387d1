"""Errors: one class each, the same as the native library's, with words in both languages."""

import inspect
from typing import Any

import pytest
from kazasu import _errors, kazasu_ffi

import kazasu
from kazasu import Language, PinKind, ProfileRule, Reason

PINS = [PinKind.AUTHENTICATION, PinKind.PROFILE]
EVERY: list[kazasu.TapError] = [
    kazasu.NotATicket(),
    kazasu.UnknownService(),
    *(kazasu.PinMissing(pin) for pin in PINS),
    *(kazasu.WrongPin(pin, tries) for pin in PINS for tries in (1, 2)),
    *(kazasu.PinBlocked(pin) for pin in PINS),
    *(kazasu.LastTry(pin) for pin in PINS),
    kazasu.CardLost(),
    kazasu.ReaderGone(),
    kazasu.NotMyNumberCard(),
    kazasu.PhoneToken(),
    kazasu.CardFailed("why"),
    kazasu.Offline(),
    kazasu.Expired(),
    *(kazasu.Rejected(reason) for reason in Reason if reason is not Reason.PROFILE_VIOLATION),
    *(kazasu.Rejected(Reason.PROFILE_VIOLATION, rule) for rule in ProfileRule),
    kazasu.Cancelled(),
    kazasu.Over(),
    kazasu.NotSaved(),
    kazasu.Internal("why"),
]


def variants(of: type) -> set[str]:
    """The names of the classes that a generated sum type consists of."""
    return {
        name for name, kind in vars(of).items() if inspect.isclass(kind) and issubclass(kind, of)
    }


@pytest.mark.parametrize(
    ("generated", "own"),
    [(kazasu_ffi.TapError, kazasu.TapError), (kazasu_ffi.SetupError, kazasu.SetupError)],
)
def test_every_error_of_the_native_library_has_its_class(
    generated: type, own: type[Exception]
) -> None:
    assert variants(generated) == {kind.__name__ for kind in own.__subclasses__()}


def test_every_reason_of_the_native_library_is_a_reason() -> None:
    assert variants(kazasu_ffi.Reason) == set(Reason.__members__)
    assert all(reason.value == reason.name.lower() for reason in Reason)


def test_this_file_knows_every_error() -> None:
    assert {type(error) for error in EVERY} == set(kazasu.TapError.__subclasses__())
    assert all(getattr(kazasu, type(error).__name__) is type(error) for error in EVERY)
    assert {kind.__name__ for kind in kazasu.TapError.__subclasses__()} <= set(kazasu.__all__)


@pytest.mark.parametrize("error", EVERY, ids=repr)
def test_an_error_comes_back_from_the_native_library_as_it_was(error: kazasu.TapError) -> None:
    native = _errors._lower(error)
    buffer: Any = kazasu_ffi._UniffiFfiConverterTypeTapError
    assert repr(_errors._lift(buffer.lift(buffer.lower(native)))) == repr(error)


@pytest.mark.parametrize("error", EVERY, ids=repr)
def test_an_error_has_words_in_both_languages(error: kazasu.TapError) -> None:
    japanese, english = (error.message(language) for language in Language)
    assert japanese.sentence and not japanese.sentence.isascii()
    assert english.sentence and english.sentence.isascii()
    assert bool(japanese.next_step) == bool(english.next_step)
    assert str(error).startswith(english.sentence)


def test_a_detail_is_for_the_developer_only() -> None:
    error = kazasu.CardFailed("0x6F00")
    assert "0x6F00" in str(error)
    assert "0x6F00" not in repr([error.message(language) for language in Language])


def test_an_error_with_a_note_or_of_an_apps_own_class_has_words() -> None:
    class WrongAgain(kazasu.WrongPin):
        """An app's."""

    error = WrongAgain(PinKind.PROFILE, 2)
    error.add_note("the second time")
    wrong = kazasu.WrongPin(PinKind.PROFILE, 2)
    assert error.message(Language.ENGLISH) == wrong.message(Language.ENGLISH)


def test_every_step_has_words_in_both_languages() -> None:
    told = {kazasu.step_message(step, language) for step in kazasu.TapStep for language in Language}
    assert len(told) == 2 * len(kazasu.TapStep) and all(told)


def test_a_panic_of_the_native_library_is_an_internal_error() -> None:
    with pytest.raises(kazasu.Internal) as caught, _errors.lifted():
        raise kazasu_ffi.InternalError("it panicked")
    assert caught.value.detail == "it panicked"


def test_wrong_addresses_are_told_when_a_companion_is_made() -> None:
    with pytest.raises(kazasu.NotAnOrigin) as wrong:
        kazasu.Companion("https://tap.example/path", "https://verify.example")
    assert wrong.value.address == "https://tap.example/path"
    with pytest.raises(kazasu.Insecure, match="must be https"):
        kazasu.Companion("https://tap.example", "http://verify.example")


async def test_a_foreign_link_is_told_before_anything_is_sent() -> None:
    companion = kazasu.Companion("https://tap.example", "https://verify.example")
    with pytest.raises(kazasu.NotATicket):
        await companion.open("nonsense")
    with pytest.raises(kazasu.NotSaved):
        await companion.resume(b"nonsense")


def test_what_the_channel_may_raise_is_documented() -> None:
    documented = kazasu.CardChannel.transceive.__doc__ or ""
    native = {name for name in variants(kazasu_ffi.ChannelError) if name != "Failed"}
    assert all(f"`{name}`" in documented for name in native)
