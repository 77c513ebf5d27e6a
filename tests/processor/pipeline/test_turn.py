"""A reader gets the lock in turn, although the worker asks for it again at once."""

import threading
import time

import pytest

from barograph_processor.pipeline.turn import TurnLock


def test_waiting_reader_goes_before_a_worker_that_comes_back() -> None:
    lock, order = TurnLock(), list[str]()

    def read() -> None:
        with lock.hold():
            order.append("reader")

    reader = threading.Thread(target=read)
    with lock.hold():
        reader.start()
        while not lock._turnstile.locked():
            time.sleep(0.001)
    with lock.hold():
        order.append("worker")
    reader.join()
    assert order == ["reader", "worker"]


def test_lock_is_let_go_after_an_error() -> None:
    lock = TurnLock()
    with pytest.raises(ZeroDivisionError), lock.hold():
        raise ZeroDivisionError
    with lock.hold():
        pass
