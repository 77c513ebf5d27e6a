"""Whoever waits has the next turn, although the worker asks again at once."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from barograph_processor.pipeline.turn import Courtesy, TurnLock

_Turn = Callable[[], AbstractContextManager[None]]


def _order(lock: TurnLock | Courtesy, turn: _Turn) -> list[str]:
    """Return who came when, of a worker that comes back and of another that waited."""
    order: list[str] = []

    def other() -> None:
        with turn():
            order.append("other")

    waits = threading.Thread(target=other)
    with turn():
        waits.start()
        while not lock._turnstile.locked():
            time.sleep(0.001)
    with turn():
        order.append("worker")
    waits.join()
    return order


def test_who_waits_goes_before_a_worker_that_comes_back() -> None:
    lock, courtesy = TurnLock(), Courtesy(patience_s=60.0)
    assert _order(lock, lock.hold) == ["other", "worker"]
    assert _order(courtesy, courtesy.turn) == ["other", "worker"]


def test_it_is_let_go_after_an_error() -> None:
    for turn in (TurnLock().hold, Courtesy(patience_s=60.0).turn):
        with pytest.raises(ZeroDivisionError), turn():
            raise ZeroDivisionError
        with turn():
            pass


def test_courtesy_ends_with_patience() -> None:
    """A turn that does not come soon is not waited for, and is nobody's to give back."""
    courtesy = Courtesy(patience_s=0.001)

    def other() -> None:
        with courtesy.turn():
            pass

    with courtesy.turn():
        impatient = threading.Thread(target=other)
        impatient.start()
        impatient.join(60.0)
        assert not impatient.is_alive()
        assert courtesy._lock.locked()
    assert not courtesy._lock.locked()
