"""PINs are typed digit by digit, and nothing reads them."""

import pytest
from kazasu_testing import typed

import kazasu


def test_a_pin_counts_its_digits() -> None:
    pin = kazasu.Pin()
    assert [pin.push(digit) for digit in (0, 1, 9)] == [1, 2, 3]
    assert not pin.is_complete
    assert pin.push(4) == 4
    assert pin.is_complete and len(pin) == 4
    assert pin.delete_last() == 3
    pin.clear()
    assert len(pin) == 0 and pin.delete_last() == 0


@pytest.mark.parametrize("digit", [-1, 10, 48, 256, 10**30])
def test_what_is_no_digit_is_not_taken(digit: int) -> None:
    pin = kazasu.Pin()
    with pytest.raises(kazasu.NotADigit):
        pin.push(digit)
    assert len(pin) == 0


def test_a_fifth_digit_is_not_taken() -> None:
    pin = typed("1234").authentication
    with pytest.raises(kazasu.PinFull):
        pin.push(5)
    assert len(pin) == 4


def test_no_digit_can_be_seen() -> None:
    pins = typed("7777", "8888")
    assert "7" not in repr(pins) and "8" not in repr(pins)


def test_an_empty_pin_is_not_mistaken_for_none() -> None:
    assert kazasu.Pin()


def test_pins_are_wiped_at_the_end_of_their_context() -> None:
    with pytest.raises(KeyError), typed("1234", "2345") as pins:
        pins.use_last_profile_try = True
        assert pins.authentication.is_complete and pins.profile.is_complete
        raise KeyError
    assert len(pins.authentication) == len(pins.profile) == 0
    assert not pins.use_last_profile_try
