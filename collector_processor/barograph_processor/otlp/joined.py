"""Tables of several requests as one."""

from collections.abc import Mapping, Sequence
from itertools import chain, groupby

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch
from barograph_processor.otlp.parts import (
    NamePart,
    NumberPart,
    Part,
    Rows,
    part_places,
    part_values,
)
from barograph_processor.otlp.rows import Field, GroupKey, Role
from barograph_processor.otlp.table import Table
from barograph_processor.otlp.walk import UnusualError

__all__ = ["batches_of"]


def batches_of(tables: Sequence[Table]) -> tuple[ObservationBatch, ...]:
    """Return batches of all tables together.

    Each model has its rows in the same order as if the tables were split one by one;
    where that cannot be, they are.
    """
    if len(tables) > 1 and _are_alike(tables):
        try:
            joined = _joined(tables)
            if _one_key_a_model(joined):
                return joined.batches()
        except UnusualError:
            # Numbers in one request and names in the other, or too many gaps.
            pass
    return tuple(chain.from_iterable(table.batches() for table in tables))


def _are_alike(tables: Sequence[Table]) -> bool:
    first = _kinds(tables[0])
    return all(_kinds(table) == first for table in tables[1:])


def _kinds(table: Table) -> Mapping[Field, Sequence[type]]:
    """Return what a table's columns are; those from the trace are names, and may be missing."""
    return {
        place: [type(part) for part in parts]
        for place, parts in table.parts.items()
        if place.role is not Role.TRACE
    }


def _one_key_a_model(table: Table) -> bool:
    # Of two tasks of one model the rows would be sorted by task, over all of the tables.
    return len({key.model for key in table.keys}) == len(table.keys)


def _joined(tables: Sequence[Table]) -> Table:
    known: dict[GroupKey, int] = {}
    groups = []
    for keys, alike in groupby(tables, lambda table: table.keys):
        numbers = np.array([*(known.setdefault(key, len(known)) for key in keys), -1], np.int64)
        groups += [numbers[table.group] for table in alike]
    received = [table.received_ns for table in tables if table.received_ns is not None]
    first = np.cumsum([0, *(len(table) for table in tables)])
    return Table(
        keys=tuple(known),
        group=np.concatenate(groups),
        ids=np.concatenate([table.ids for table in tables]),
        event_time=np.concatenate([table.event_time for table in tables]),
        latency=np.concatenate([table.latency for table in tables]),
        failed=np.concatenate([table.failed for table in tables]),
        weight=np.concatenate([table.weight for table in tables]),
        named=_joined_names([table.named for table in tables], first),
        parts={
            place: [
                _joined_part([table.parts[place][at] for table in tables], first)
                for at in range(len(parts))
            ]
            for place, parts in tables[0].parts.items()
            if place.role is not Role.TRACE
        }
        | _joined_trace(tables, first),
        received_ns=np.concatenate(received) if len(received) == len(tables) else None,
    )


def _joined_trace(tables: Sequence[Table], first: npt.NDArray[np.int64]) -> dict[Field, list[Part]]:
    places = dict.fromkeys(
        place for table in tables for place in table.parts if place.role is Role.TRACE
    )
    none = (NamePart.empty(),)
    return {
        place: [_joined_part([table.parts.get(place, none)[0] for table in tables], first)]
        for place in places
    }


def _joined_part(parts: Sequence[Part], first: npt.NDArray[np.int64]) -> Part:
    names = [part for part in parts if isinstance(part, NamePart)]
    if names:
        return _joined_names(names, first)
    values = np.concatenate([part_values(part) for part in parts])
    return NumberPart(_joined_rows(parts, first), values.astype(np.float64, copy=False))


def _joined_names(parts: Sequence[NamePart], first: npt.NDArray[np.int64]) -> NamePart:
    levels: dict[str, int] = {}
    codes = []
    # Requests are much alike: most have the same levels as the one before them.
    for own, alike in groupby(parts, lambda part: part.levels):
        numbers = [levels.setdefault(level, len(levels)) for level in own]
        same = numbers == list(range(len(numbers)))
        # The code -1 finds the last of them.
        table = None if same else np.array([*numbers, -1], np.int32)
        codes += [part.codes if table is None else table[part.codes] for part in alike]
    return NamePart(_joined_rows(parts, first), np.concatenate(codes), tuple(levels))


def _joined_rows(parts: Sequence[Part], first: npt.NDArray[np.int64]) -> Rows:
    if all(part.rows is None for part in parts):
        return None
    places = [part_places(part) + at for part, at in zip(parts, first.tolist(), strict=False)]
    return np.concatenate(places)
