"""Prints what the native library costs from Python, as one line of JSON."""

import asyncio
import json
import statistics
import time

import kazasu_testing

import kazasu

CONVERSATIONS = 500
TAPS = 40


class Recording(kazasu.CardChannel):
    """An emulated channel, which notes what the card answered."""

    def __init__(self, card: kazasu_testing.Card) -> None:
        self.emulated = card.connect()
        self.answers: list[bytes] = []

    def limits(self) -> kazasu.ChannelLimits:
        return self.emulated.limits()

    async def transceive(self, command: bytes) -> bytes:
        self.answers.append(await self.emulated.transceive(command))
        return self.answers[-1]

    def close(self) -> None:
        self.emulated.close()


class Replay(kazasu.CardChannel):
    """The same answers again, at once."""

    def __init__(self, recording: Recording) -> None:
        self.recorded = recording.limits()
        self.answers = iter(recording.answers)

    def limits(self) -> kazasu.ChannelLimits:
        return self.recorded

    async def transceive(self, command: bytes) -> bytes:
        return next(self.answers)

    def close(self) -> None:
        pass


async def exchange(card: kazasu_testing.Card) -> float:
    """Microseconds for one exchange of a conversation that asks for the card's kind and counters."""
    recording = Recording(card)
    await kazasu.inspect_card(recording)
    spent = 0.0
    for turn in range(CONVERSATIONS * 6 // 5):
        replay = Replay(recording)
        start = time.perf_counter()
        await kazasu.inspect_card(replay)
        if turn >= CONVERSATIONS // 5:
            spent += time.perf_counter() - start
    return spent * 1e6 / (CONVERSATIONS * len(recording.answers))


async def tap(university: kazasu_testing.University, card: kazasu_testing.Card) -> float:
    """Milliseconds for one tap, its median."""
    companion = university.companion()
    times = []
    for turn in range(TAPS * 6 // 5):
        page = await university.open_page()
        opened = await companion.open(page.link)
        channel, pins = card.connect(), kazasu_testing.typed("1234", "2345")
        start = time.perf_counter()
        accepted = await opened.tap(channel, pins)
        if turn >= TAPS // 5:
            times.append(time.perf_counter() - start)
        await page.finish(accepted.return_url)
    return statistics.median(times) * 1e3


async def main() -> None:
    university = await kazasu_testing.University.start()
    card = await university.issue_card()
    measured = {"apdu_us": await exchange(card), "tap_ms": await tap(university, card)}
    print(json.dumps({name: round(value, 2) for name, value in measured.items()}))


asyncio.run(main())
