"""A clock that jumps is no silence."""

import pytest

from barograph_processor.listening import Listening

_S = 1_000_000_000
_DAY = 86_400 * _S


@pytest.mark.parametrize("jump", [-_DAY, -61 * _S, 61 * _S, _DAY])
def test_silence_is_counted_anew_where_the_wall_clock_jumps(jump: int) -> None:
    listening = Listening(1000 * _DAY, 5)
    listening.look(1000 * _DAY + 5 * _S, 5 + 5 * _S)
    assert listening.since_ns == 1000 * _DAY
    jumped = 1000 * _DAY + 10 * _S + jump
    listening.look(jumped, 5 + 10 * _S)
    assert listening.since_ns == jumped
    listening.look(jumped + 2 * _DAY, 5 + 10 * _S + 2 * _DAY)
    assert listening.since_ns == jumped


def test_clock_that_is_set_right_bit_by_bit_makes_no_difference() -> None:
    listening = Listening(1000 * _DAY, 0)
    for step in range(1, 1000):
        listening.look(1000 * _DAY + step * 8 * _S, step * 5 * _S)
    assert listening.since_ns == 1000 * _DAY
