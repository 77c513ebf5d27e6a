"""Turns: in order, and for a courtesy not for ever."""

import threading

from barograph_processor.pipeline.turn import Courtesy


def test_whoever_waits_has_the_next_turn() -> None:
    """A worker that asks again at once comes behind the one that waited."""
    courtesy = Courtesy(patience_s=60.0)
    order: list[str] = []

    def other() -> None:
        with courtesy.turn():
            order.append("other")

    waits = threading.Thread(target=other)
    with courtesy.turn():
        waits.start()
        while not courtesy._turnstile.locked():
            pass
        order.append("worker")
    with courtesy.turn():
        order.append("worker again")
    waits.join()
    assert order == ["worker", "other", "worker again"]


def test_nobody_waits_long() -> None:
    """A turn that does not come soon is not waited for, and the next one comes as ever."""
    courtesy = Courtesy(patience_s=0.001)
    gone_on = threading.Event()

    def other() -> None:
        with courtesy.turn():
            gone_on.set()

    with courtesy.turn():
        waits = threading.Thread(target=other)
        waits.start()
        assert gone_on.wait(60.0)
        waits.join()
        assert courtesy._lock.locked()
    assert not courtesy._lock.locked()
