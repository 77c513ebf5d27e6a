"""Types whose metaclass fights back: nothing may be looked up by them, or it must not matter."""

from typing import Any

import pytest

import barograph
from barograph.testing import Recorder


class NoHash(type):
    __hash__ = None  # type: ignore[assignment]  # as hostile as can be


class Raising(type):
    def __eq__(cls, other: object) -> bool:
        raise RuntimeError

    def __hash__(cls) -> int:
        raise RuntimeError


@pytest.mark.parametrize("meta", [NoHash, Raising])
def test_a_hostile_metaclass_passes(recorder: Recorder, meta: Any) -> None:
    value = meta("Odd", (), {})()

    @barograph.observe(model="m")
    def echo(x: Any) -> Any:
        return x

    @barograph.observe(model="m", batch=True)
    def rows(x: Any) -> Any:
        return x

    assert echo(value) is value
    assert rows(listed := [value]) is listed
    assert len(recorder.spans) == 2
