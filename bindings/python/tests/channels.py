"""Channels that see, or do, what a test wants."""

import asyncio

import kazasu


class OfItsOwn(Exception):
    """What no library knows."""


class Watched(kazasu.CardChannel):
    """Another channel, watched, that throws at an exchange if asked to."""

    def __init__(self, channel: kazasu.CardChannel, throws_at: int | None = None) -> None:
        self.channel = channel
        self.throws_at = throws_at
        self.begun = 0
        self.closed = 0
        self._wanted = asyncio.Condition()

    def limits(self) -> kazasu.ChannelLimits:
        return self.channel.limits()

    async def transceive(self, command: bytes) -> bytes:
        assert self.closed == 0, "used after it was closed"
        async with self._wanted:
            self.begun += 1
            self._wanted.notify_all()
        if self.begun == self.throws_at:
            raise OfItsOwn("what it says may hold anything")
        return await self.channel.transceive(command)

    def close(self) -> None:
        self.closed += 1
        self.channel.close()

    async def has_begun(self, exchange: int) -> None:
        async with self._wanted:
            await self._wanted.wait_for(lambda: self.begun >= exchange)
