"""bindings/scenarios.json as types: a field that is not here is an error."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from kazasu_testing import Token, Tries

import kazasu

FILE = Path(__file__).parents[2] / "scenarios.json"

Cancel = Literal["token", "language"]
Outcome = Literal["accepted", "cancelled_by_language"]


@dataclass(frozen=True, kw_only=True)
class FaultField:
    slow_at: int | None = None
    card_leaves_after: int | None = None
    card_leaves_at_pin: bool = False
    carried_out: bool = False
    garbage_at: int | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        kinds = [self.slow_at, self.card_leaves_after, self.card_leaves_at_pin or None]
        assert sum(kind is not None for kind in [*kinds, self.garbage_at]) == 1, self
        assert (self.garbage_at is None) == (self.length is None), self
        leaves = self.card_leaves_at_pin or self.card_leaves_after is not None
        assert leaves or not self.carried_out, self


@dataclass(frozen=True, kw_only=True)
class Attempt:
    expect: Outcome | dict[str, Any]
    authentication_pin: str = "1234"
    profile_pin: str = "2345"
    keep_pins: bool = False
    use_last_authentication_try: bool = False
    faults: list[FaultField] = field(default_factory=list)
    cancel: Cancel | None = None
    channel_throws_at: int | None = None
    listener_throws: bool = False
    offline: bool = False
    keeps_channel_closed: bool = True
    pass_: int = 0
    restart: bool = False

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Attempt":
        faults = [FaultField(**fault) for fault in fields.get("faults", [])]
        renamed = {("pass_" if name == "pass" else name): fields[name] for name in fields}
        return cls(**{**renamed, "faults": faults})

    def __post_init__(self) -> None:
        assert isinstance(self.expect, dict) or self.expect in get_args(Outcome), self
        assert self.cancel is None or self.cancel in get_args(Cancel), self
        assert self.keeps_channel_closed, "a channel is always closed after an attempt"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    attempts: list[Attempt] = field(default_factory=list)
    with_name: bool = True
    mode: kazasu.Mode = kazasu.Mode.SAME_PHONE
    token: Token = Token.MY_NUMBER_CARD
    limits: kazasu.ChannelLimits | None = None
    tries: Tries | None = None
    own_university: bool = False
    lost_at_each_exchange: bool = False
    parallel: int = 1
    cancel_tap: bool = False
    cancel_page: bool = False
    revoked: bool = False
    resume_after: Literal["accepted"] | None = None
    answer: dict[str, Any] | None = None
    pins_sent: int | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Scenario":
        typed: dict[str, Any] = {
            "attempts": [Attempt.of(attempt) for attempt in fields.get("attempts", [])]
        }
        if "mode" in fields:
            typed["mode"] = kazasu.Mode[fields["mode"].replace("-", "_").upper()]
        if "token" in fields:
            typed["token"] = Token[fields["token"].upper()]
        if "limits" in fields:
            typed["limits"] = kazasu.ChannelLimits(**fields["limits"])
        if "tries" in fields:
            typed["tries"] = Tries(**fields["tries"])
        return cls(**{**fields, **typed})

    def __post_init__(self) -> None:
        assert self.attempts or self.lost_at_each_exchange, self
        assert not (self.attempts and self.lost_at_each_exchange), self
        assert self.resume_after in (None, "accepted"), self
        assert self.answer is None or len(self.answer) == 1, self
        assert self.answer is None or set(self.answer) <= {"name", "refused"}, self


def read() -> list[Scenario]:
    file = json.loads(FILE.read_text())
    assert set(file) == {"about", "scenarios"}
    return [Scenario.of(scenario) for scenario in file["scenarios"]]
