"""The servers, and the page that asks for a tap."""

from dataclasses import dataclass

import kazasu

from . import kazasu_testing as native
from ._card import Card
from ._errors import lifted
from .kazasu_testing import TestToken as Token


@dataclass(frozen=True)
class Identity:
    """Who tapped."""

    ppid: str
    """The pseudonym, valid at this university only."""
    name: str | None
    """The name, if it was asked for."""
    purpose: str
    """What the tap was for."""


@dataclass(frozen=True)
class Refused:
    """Nobody did: an OpenID Connect error, such as `access_denied`."""

    error: str
    """Its word."""


class Page:
    """A page that shows a ticket. `University.open_page` makes it."""

    def __init__(self, page: native.TestPage) -> None:
        """@private"""
        self._native = page

    @property
    def link(self) -> str:
        """The ticket: what an app link carries, or a QR code shows."""
        return self._native.link()

    async def type_digits(self, digits: str) -> None:
        """Types the six digits that the app shows.

        Raises `EmulationError` if the university has its answer already.
        """
        with lifted():
            await self._native.type_digits(digits)

    async def cancel(self) -> None:
        """Cancels on the page.

        Raises `EmulationError` if the page has nothing to cancel.
        """
        with lifted():
            await self._native.cancel()

    async def finish(self, return_url: str | None = None) -> Identity | Refused:
        """Goes on after the tap: opens the return URL of a tap on this phone, or looks at the page
        again; returns what the university learns.

        Raises `EmulationError` if the browser does not get back to the university.
        """
        with lifted():
            answer = await self._native.finish(return_url)
        if isinstance(answer, native.TestAnswer.REFUSED):
            return Refused(answer.error)
        assert isinstance(answer, native.TestAnswer.IDENTITY)
        return Identity(answer.ppid, answer.name, answer.purpose)


class University:
    """A university with a verifier and an authority, each on a port of loopback. They end when it
    is let go. `University.start` makes it."""

    def __init__(self, university: native.TestUniversity) -> None:
        """@private"""
        self._native = university

    @classmethod
    async def start(cls) -> "University":
        """Starts one.

        Raises `EmulationError` if there is no free port, or no space for a temporary folder.
        """
        with lifted():
            return cls(await native.start_university())

    @property
    def ticket_origin(self) -> str:
        """What an app's `kazasu.Companion` is made with, first."""
        return self._native.ticket_origin()

    @property
    def verifier_origin(self) -> str:
        """What an app's `kazasu.Companion` is made with, second."""
        return self._native.verifier_origin()

    def companion(self) -> kazasu.Companion:
        """A companion for this university."""
        return kazasu.Companion(self.ticket_origin, self.verifier_origin)

    async def issue_card(
        self,
        *,
        name: str = "見本　太郎",
        authentication_pin: str = "1234",
        profile_pin: str = "2345",
        token: Token = Token.MY_NUMBER_CARD,
    ) -> Card:
        """Issues a card. PINs have four digits.

        Raises `EmulationError` if the card cannot hold what was asked for.
        """
        holder = native.TestHolder(
            name=name,
            authentication_pin=authentication_pin,
            profile_pin=profile_pin,
            token=token,
        )
        with lifted():
            return Card(await self._native.issue_card(holder))

    async def open_page(
        self,
        *,
        purpose: kazasu.Purpose = kazasu.Purpose.LINK,
        mode: kazasu.Mode = kazasu.Mode.SAME_PHONE,
        with_name: bool = True,
    ) -> Page:
        """Opens the university's page in a new browser, up to the ticket.

        Raises `EmulationError` if the verifier does not take the request.
        """
        request = native.TestRequest(
            purpose=purpose.name.lower(),
            mode=mode.name.lower().replace("_", "-"),
            with_name=with_name,
        )
        with lifted():
            return Page(await self._native.open_page(request))

    def let_pass(self, seconds: int) -> None:
        """Lets time pass for verifier and authority. The relying party's clock stays, so that a tap
        cannot be finished more than a minute later."""
        self._native._pass(seconds)

    def set_online(self, online: bool) -> None:
        """Whether the verifier can be reached. Connections end when it cannot."""
        self._native.set_online(online)
