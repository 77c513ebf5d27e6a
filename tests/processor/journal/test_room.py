"""Where a disk has plenty of room for a journal, no look at how it lies says otherwise."""

import os
from bisect import bisect_left
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from barograph_processor.journal.room import Room, Usage

_SIZE = st.integers(0, 2**33)
_MOST = 2**40


class _Disk:
    free = 0

    def statvfs(self, _path: object) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=self.free, f_frsize=1, f_blocks=_MOST)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> _Disk:
    disk = _Disk()
    monkeypatch.setattr(os, "statvfs", disk.statvfs)
    return disk


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=_SIZE, checkpoint=_SIZE, log=_SIZE, there=st.floats(0, 1), owed=st.floats(0, 1))
@example(most=2**32, checkpoint=2**20, log=0, there=0.0, owed=1.0)
def test_what_is_plenty_is_enough(
    disk: _Disk, most: int, checkpoint: int, log: int, there: float, owed: float
) -> None:
    room = Room(Path())

    def plenty(free: int) -> bool:
        disk.free = free
        return room.plenty(most, checkpoint)

    disk.free = bisect_left(range(_MOST), x=True, key=plenty)
    assert 0 < disk.free < _MOST
    stored = int(most * there)
    usage = Usage(checkpoint, spare=0, owed=int((most + checkpoint) * owed), log=log)
    assert room.has(usage, stored=stored, waiting=most - stored)
