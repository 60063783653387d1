"""What the layer adds to the native library: idiom, and nothing that is left behind."""

import asyncio
import gc
import threading
import weakref
from dataclasses import fields
from typing import Any

import pytest
from channels import OfItsOwn, Watched
from kazasu_testing import (
    Card,
    EmulatedChannel,
    EmulationError,
    Identity,
    Page,
    Slow,
    Token,
    Tries,
    University,
    typed,
)

import kazasu
from kazasu import CardKind, Language, PinState, TapStep

SLOW = Slow(3, 60_000)


async def test_progress_is_told_in_order_and_the_channel_closed_before_the_check(
    tap: kazasu.Tap, card: Card
) -> None:
    channel = Watched(card.connect())
    told: list[tuple[TapStep, int]] = []
    await tap.tap(
        channel,
        typed("1234", "2345"),
        progress=lambda step: told.append((step, channel.closed)),
    )
    assert told == [
        (TapStep.READING_NAME, 0),
        (TapStep.READING_CERTIFICATE, 0),
        (TapStep.SIGNING, 0),
        (TapStep.CHECKING, 1),
    ]


async def test_details_and_consent_say_what_the_page_asked_for(university: University) -> None:
    page = await university.open_page(purpose=kazasu.Purpose.VIEW, with_name=False)
    tap = await university.companion().open(page.link)
    details = tap.details
    assert (details.purpose, details.mode) == (kazasu.Purpose.VIEW, kazasu.Mode.SAME_PHONE)
    assert not details.provides_name and not details.needs_pairing
    assert details.started_at.tzinfo is not None and details.expires_at > details.started_at
    assert repr(tap) == f"Tap({details.transaction_id})"
    for language in Language:
        consent = tap.consent(language)
        texts = [getattr(consent, text.name) for text in fields(consent) if text.name != "browser"]
        assert all(texts) and consent.host == details.host
    assert tap.consent(Language.JAPANESE).service == details.service_ja


async def test_pairing_digits_are_not_shown_by_accident(university: University) -> None:
    page = await university.open_page(mode=kazasu.Mode.OTHER_DEVICE)
    tap = await university.companion().open(page.link)
    pairing = await tap.start_pairing()
    assert len(pairing.digits) == 6 and pairing.digits not in repr(pairing)
    assert pairing.only_at == university.verifier_origin


async def test_what_the_channel_raised_is_the_cause(tap: kazasu.Tap, card: Card) -> None:
    with pytest.raises(kazasu.CardFailed) as caught:
        await tap.tap(Watched(card.connect(), throws_at=2), typed("1234", "2345"))
    assert isinstance(caught.value.__cause__, OfItsOwn)
    assert "OfItsOwn" in caught.value.detail
    assert "what it says" not in caught.value.detail


class TakenAway(kazasu.CardLost):
    """A reader's own word for it."""


class Odd(kazasu.CardChannel):
    """A channel with a fault of its programmer."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.closed = 0

    def limits(self) -> kazasu.ChannelLimits:
        if self.fault == "limits":
            raise OfItsOwn
        return kazasu.ChannelLimits(261, 258)

    async def transceive(self, command: bytes) -> bytes:
        answers: dict[str, Any] = {"none": None, "number": 2, "text": "9000"}
        if self.fault == "cancels itself":
            raise asyncio.CancelledError
        if self.fault == "reader gone":
            raise kazasu.ReaderGone
        if self.fault == "taken away":
            raise TakenAway
        answer: bytes = answers.get(self.fault, bytearray.fromhex("9000"))
        return answer

    def close(self) -> None:
        self.closed += 1
        if self.fault == "close":
            raise OfItsOwn


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("limits", OfItsOwn),
        ("none", TypeError),
        ("number", TypeError),
        ("text", TypeError),
        ("cancels itself", asyncio.CancelledError),
    ],
)
async def test_a_faulty_channel_fails_and_is_closed(
    fault: str, cause: type[BaseException]
) -> None:
    channel = Odd(fault)
    with pytest.raises(kazasu.CardFailed) as caught:
        await asyncio.wait_for(kazasu.inspect_card(channel), 10)
    assert isinstance(caught.value.__cause__, cause)
    assert channel.closed == 1


async def test_a_reader_that_went_away_is_told(tap: kazasu.Tap) -> None:
    with pytest.raises(kazasu.ReaderGone):
        await tap.tap(Odd("reader gone"), typed("1234", "2345"))


async def test_a_reader_may_have_an_error_of_its_own_for_a_lost_card(tap: kazasu.Tap) -> None:
    with pytest.raises(kazasu.CardLost):
        await tap.tap(Odd("taken away"), typed("1234", "2345"))


async def test_what_nobody_can_be_told_goes_to_the_loop(tap: kazasu.Tap, card: Card) -> None:
    told: list[BaseException | None] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context.get("exception")))
    try:
        await kazasu.inspect_card(Odd("close"))
        [at_close] = told
        assert isinstance(at_close, OfItsOwn)
        told.clear()

        def progress(step: TapStep) -> None:
            raise OfItsOwn(step)

        await tap.tap(card.connect(), typed("1234", "2345"), progress=progress)
        assert [type(error) for error in told] == 4 * [OfItsOwn]
    finally:
        loop.set_exception_handler(None)


async def test_a_cancelled_task_takes_the_exchange_with_it(tap: kazasu.Tap, card: Card) -> None:
    ended = asyncio.Event()

    class Waiting(Odd):
        begun = asyncio.Event()

        async def transceive(self, command: bytes) -> bytes:
            self.begun.set()
            try:
                return await asyncio.Future()
            finally:
                ended.set()

    channel = Waiting("")
    task = asyncio.create_task(tap.tap(channel, typed("1234", "2345")))
    await channel.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert channel.closed == 1
    await asyncio.wait_for(ended.wait(), 10)
    accepted = await tap.tap(card.connect(), typed("1234", "2345"))
    assert accepted.return_url is not None


async def test_a_timeout_is_a_cancellation(tap: kazasu.Tap, card: Card) -> None:
    card.set_faults(SLOW)
    channel = Watched(card.connect())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await tap.tap(channel, typed("1234", "2345"))
    assert channel.closed == 1


async def test_a_token_cancels_from_another_thread(tap: kazasu.Tap, card: Card) -> None:
    card.set_faults(SLOW)
    channel = Watched(card.connect())
    token = kazasu.CancelToken()
    task = asyncio.create_task(tap.tap(channel, typed("1234", "2345"), cancel=token))
    await asyncio.wait_for(channel.has_begun(3), 10)
    threading.Thread(target=token.cancel).start()
    with pytest.raises(kazasu.Cancelled):
        await asyncio.wait_for(task, 10)
    assert token.is_cancelled and channel.closed == 1
    for call in (
        tap.tap(card.connect(), typed("1234", "2345"), cancel=token),
        tap.start_pairing(cancel=token),
        tap.wait_until_paired(cancel=token),
        kazasu.inspect_card(card.connect(), cancel=token),
    ):
        with pytest.raises(kazasu.Cancelled):
            await asyncio.wait_for(call, 10)


async def test_cancelling_a_tap_ends_the_call_that_is_under_way(
    tap: kazasu.Tap, card: Card
) -> None:
    card.set_faults(SLOW)
    channel = Watched(card.connect())
    task = asyncio.create_task(tap.tap(channel, typed("1234", "2345")))
    await asyncio.wait_for(channel.has_begun(3), 10)
    await tap.cancel()
    with pytest.raises(kazasu.Cancelled):
        await asyncio.wait_for(task, 10)
    assert channel.closed == 1


async def test_a_tap_that_nobody_holds_any_more_still_ends(
    university: University, page: Page, card: Card
) -> None:
    tap = await university.companion().open(page.link)
    call = asyncio.create_task(tap.tap(card.connect(), typed("1234", "2345")))
    held = weakref.ref(tap._native)
    del tap
    accepted = await call
    del call
    gc.collect()
    assert held() is None
    assert isinstance(await page.finish(accepted.return_url), Identity)


async def test_channel_and_listener_are_let_go_after_a_tap(tap: kazasu.Tap, card: Card) -> None:
    class Listener:
        def __call__(self, step: TapStep) -> None:
            pass

    channel, listener = Watched(card.connect()), Listener()
    held = weakref.ref(channel), weakref.ref(listener)
    await tap.tap(channel, typed("1234", "2345"), progress=listener)
    del channel, listener
    gc.collect()
    assert [reference() for reference in held] == [None, None]


def test_a_loop_that_ends_in_mid_tap_gives_the_card_back() -> None:
    async def start() -> Watched:
        university = await University.start()
        card = await university.issue_card()
        card.set_faults(SLOW)
        page = await university.open_page()
        tap = await university.companion().open(page.link)
        channel = Watched(card.connect())
        started.add(asyncio.create_task(tap.tap(channel, typed("1234", "2345"))))
        await asyncio.wait_for(channel.has_begun(3), 10)
        return channel

    started: set[asyncio.Task[kazasu.Accepted]] = set()
    channels: list[Watched] = []
    thread = threading.Thread(target=lambda: channels.append(asyncio.run(start())))
    thread.start()
    thread.join()
    [channel], [call] = channels, started
    assert call.cancelled() and channel.closed == 1


async def test_a_card_is_inspected_without_a_ticket(university: University, card: Card) -> None:
    card.tries_left = Tries(authentication=2, profile=0)
    channel = Watched(card.connect())
    info = await kazasu.inspect_card(channel)
    assert info == kazasu.CardInfo(CardKind.MY_NUMBER_CARD, PinState(2), PinState(0))
    assert info.profile_pin.is_blocked and not info.authentication_pin.is_blocked
    assert channel.closed == 1

    phone = await university.issue_card(token=Token.ANDROID_PHONE)
    info = await kazasu.inspect_card(phone.connect())
    assert info.kind is CardKind.ANDROID_PHONE
    assert info.profile_pin == PinState(None) and not info.profile_pin.is_blocked


async def test_a_card_that_is_not_there_is_lost(card: Card) -> None:
    card.remove()
    with pytest.raises(kazasu.CardLost):
        await kazasu.inspect_card(card.connect())


async def test_an_emulated_channel_is_lost_once_it_was_closed(card: Card) -> None:
    channel: EmulatedChannel = card.connect(kazasu.ChannelLimits(261, 258))
    assert channel.limits() == kazasu.ChannelLimits(261, 258)
    channel.close()
    assert channel.is_closed
    with pytest.raises(kazasu.CardLost):
        await channel.transceive(bytes.fromhex("00A4040C"))


async def test_a_test_that_is_set_up_wrongly_is_told(university: University, page: Page) -> None:
    with pytest.raises(EmulationError):
        await university.issue_card(authentication_pin="12")
    with pytest.raises(EmulationError):
        await page.finish("nonsense")


@pytest.mark.parametrize("pin", [kazasu.PinKind.AUTHENTICATION, kazasu.PinKind.PROFILE])
async def test_the_last_try_is_allowed_for_each_pin_by_itself(
    tap: kazasu.Tap, card: Card, pin: kazasu.PinKind
) -> None:
    is_profile = pin is kazasu.PinKind.PROFILE
    card.tries_left = Tries(3, 1) if is_profile else Tries(1, 3)
    pins = typed("1234", "2345")
    pins.use_last_authentication_try = is_profile
    pins.use_last_profile_try = not is_profile
    with pytest.raises(kazasu.LastTry) as caught:
        await tap.tap(card.connect(), pins)
    assert caught.value.pin is pin
    pins.use_last_authentication_try = not is_profile
    pins.use_last_profile_try = is_profile
    await tap.tap(card.connect(), pins)
