"""What every language's package is tested with: bindings/scenarios.json."""

import asyncio
import json
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest
import scenario as file
from channels import OfItsOwn, Watched
from kazasu_testing import Card, CardLeaves, Fault, Garbage, Identity, Page, Refused, Slow
from kazasu_testing import University, typed
from scenario import Attempt, Scenario

import kazasu

SCENARIOS = file.read()
RAN: list[str] = []
# Time enough to cancel; nobody waits for the end.
SLOW = 60_000


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
async def test_scenario(scenario: Scenario, university: University) -> None:
    RAN.append(scenario.name)
    if scenario.own_university:
        university = await University.start()
    runs = [Run(scenario, university) for _ in range(scenario.parallel)]
    # Before all else: the authority answers nobody while it makes a key.
    for run in runs:
        await run.issue()
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(run.run())


def test_every_scenario_of_the_file_was_run() -> None:
    names = [scenario["name"] for scenario in json.loads(file.FILE.read_text())["scenarios"]]
    assert RAN == names


@pytest.mark.parametrize(
    "unknown",
    [
        {"name": "", "attempts": [{"expect": "accepted"}], "weather": "fine"},
        {"name": "", "attempts": [{"expect": "accepted", "weather": "fine"}]},
        {"name": "", "attempts": [{"expect": "accepted", "faults": [{"thunder_at": 2}]}]},
        {"name": "", "attempts": [{"expect": "perhaps"}]},
        {"name": "", "attempts": [{"expect": "accepted", "cancel": "by chance"}]},
        {"name": "", "attempts": [{"expect": "accepted"}], "answer": {"age": True}},
        {"name": "", "attempts": [{"expect": "accepted"}], "mode": "by post"},
        {"name": ""},
    ],
)
def test_an_unknown_field_or_value_is_an_error(unknown: dict[str, Any]) -> None:
    with pytest.raises((TypeError, AssertionError, KeyError)):
        Scenario.of(unknown)


class Run:
    """One card and one page through one scenario."""

    card: Card
    page: Page
    tap: kazasu.Tap

    def __init__(self, scenario: Scenario, university: University) -> None:
        self.scenario = scenario
        self.university = university
        self.companion = university.companion()
        self.pins = kazasu.Pins()
        self.accepted: kazasu.Accepted | None = None

    async def issue(self) -> None:
        self.card = await self.university.issue_card(token=self.scenario.token)
        if self.scenario.revoked:
            self.card.revoke()
        if self.scenario.tries is not None:
            self.card.tries_left = self.scenario.tries

    async def run(self) -> None:
        faults = [fault for attempt in self.scenario.attempts for fault in attempt.faults]
        at_pin = await self.exchange_of_pin() if any(f.card_leaves_at_pin for f in faults) else 0
        await self.open()
        saved = self.tap.save()
        if self.scenario.cancel_tap:
            await self.tap.cancel()
        if self.scenario.cancel_page:
            await self.page.cancel()

        if self.scenario.lost_at_each_exchange:
            await self.lose_at_each_exchange()
        for attempt in self.scenario.attempts:
            await self.attempt(attempt, [faulty(fault, at_pin) for fault in attempt.faults])

        if self.scenario.resume_after == "accepted":
            assert self.accepted is not None
            resumed = await self.university.companion().resume(saved)
            assert isinstance(resumed, kazasu.Accepted) and resumed.return_url is not None
            self.accepted = resumed
        if self.scenario.answer is not None:
            assert await self.answer() == self.scenario.answer
        if self.scenario.pins_sent is not None:
            assert len(pins_of(self.card)) == self.scenario.pins_sent

    async def open(self) -> None:
        scenario = self.scenario
        self.page = await self.university.open_page(
            mode=scenario.mode, with_name=scenario.with_name
        )
        self.tap = await self.companion.open(self.page.link)
        assert self.tap.details.provides_name == scenario.with_name
        assert self.tap.details.needs_pairing == (scenario.mode is kazasu.Mode.OTHER_DEVICE)
        if self.tap.details.needs_pairing:
            digits = (await self.tap.start_pairing()).digits
            await asyncio.gather(self.tap.wait_until_paired(), self.page.type_digits(digits))

    async def exchange_of_pin(self) -> int:
        """Which exchange of such a tap carries a PIN, counted from one."""
        await self.open()
        self.card.clear_exchanges()
        await self.tap.tap(self.card.connect(), typed("1234", "2345"))
        [exchange, *_] = pins_of(self.card)
        self.card.clear_exchanges()
        return exchange

    async def lose_at_each_exchange(self) -> None:
        lost = Attempt(expect={"error": "card_lost"})
        for completed in range(100):
            if completed > 0:
                lost = replace(lost, keep_pins=True)
            try:
                await self.attempt(lost, [CardLeaves(completed)])
            except AcceptedInstead:
                # The shortest tap there is takes more.
                assert completed > 8
                return
        raise AssertionError("never accepted")

    async def attempt(self, attempt: Attempt, faults: list[Fault]) -> None:
        if attempt.restart:
            saved = self.tap.save()
            del self.tap, self.companion
            self.companion = self.university.companion()
            resumed = await self.companion.resume(saved)
            assert isinstance(resumed, kazasu.Tap)
            self.tap = resumed
        self.card.present()
        self.card.set_faults(*faults)
        self.university.let_pass(attempt.pass_)
        if attempt.offline:
            self.university.set_online(False)
        if not attempt.keep_pins:
            self.pins = typed(attempt.authentication_pin, attempt.profile_pin)
        self.pins.use_last_authentication_try = attempt.use_last_authentication_try
        channel = Watched(self.card.connect(self.scenario.limits), attempt.channel_throws_at)
        outcome = await self.outcome(attempt, channel)
        if attempt.offline:
            self.university.set_online(True)
        assert channel.closed == 1
        if outcome == "accepted" and attempt.expect == {"error": "card_lost"}:
            raise AcceptedInstead
        assert outcome == attempt.expect

    async def outcome(self, attempt: Attempt, channel: Watched) -> str | dict[str, Any]:
        def progress(_: kazasu.TapStep) -> None:
            if attempt.listener_throws:
                raise OfItsOwn

        token = kazasu.CancelToken()
        running = asyncio.create_task(
            self.tap.tap(channel, self.pins, progress=progress, cancel=token)
        )
        if attempt.cancel is not None:
            [slow_at] = [fault.slow_at for fault in attempt.faults]
            assert slow_at is not None
            begun = asyncio.create_task(channel.has_begun(slow_at))
            await asyncio.wait([begun, running], return_when=asyncio.FIRST_COMPLETED)
            assert begun.done() and not running.done()
            token.cancel() if attempt.cancel == "token" else running.cancel()
        try:
            self.accepted = await running
        except asyncio.CancelledError:
            assert running.cancelled()
            return "cancelled_by_language"
        except kazasu.TapError as error:
            return situation(error)
        return "accepted"

    async def answer(self) -> dict[str, Any]:
        answer = await self.page.finish(self.accepted.return_url if self.accepted else None)
        match answer:
            case Refused(error):
                return {"refused": error}
            case Identity(ppid, name, _):
                assert ppid
                assert name in ("見本　太郎", None)
                return {"name": name is not None}


class AcceptedInstead(Exception):
    """Of being lost."""


def faulty(fault: file.FaultField, at_pin: int) -> Fault:
    if fault.slow_at is not None:
        return Slow(fault.slow_at, SLOW)
    if fault.garbage_at is not None:
        assert fault.length is not None
        return Garbage(fault.garbage_at, fault.length)
    if fault.card_leaves_at_pin:
        return CardLeaves(at_pin - 1, fault.carried_out)
    assert fault.card_leaves_after is not None
    return CardLeaves(fault.card_leaves_after, fault.carried_out)


def pins_of(card: Card) -> list[int]:
    """Which exchanges carried a PIN, counted from one."""
    return [
        number
        for number, exchange in enumerate(card.exchanges(), 1)
        if exchange.command[2:4] == "20" and exchange.sent > 4
    ]


def situation(error: kazasu.TapError) -> dict[str, Any]:
    """An error in the file's words: all its fields, but what is for developers only."""
    words = {"error": snake(type(error).__name__)}
    if is_dataclass(error):
        values = {name.name: getattr(error, name.name) for name in fields(error)}
        words |= {name: word(value) for name, value in values.items() if name != "detail"}
    return {name: value for name, value in words.items() if value is not None}


def word(value: object) -> object:
    return value.name.lower() if isinstance(value, Enum) else value


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
