"""Rows of labels are taken in the order that is asked for, also where all are."""

import numpy as np

from barograph_processor.quality.loss import Judged
from barograph_processor.state.label.labels import Correction, Labels
from barograph_processor.stats.column import NumericColumn


def _labels(first: int) -> Labels:
    values = np.arange(first, first + 4, dtype=np.float64)
    column = NumericColumn(values)
    judged = Judged("regression", values, column, column, np.full(4, np.nan), "1")
    ids = np.arange(12, dtype=np.uint64).reshape(4, 3)
    return Labels(judged, ids, np.arange(4, dtype=np.int64), np.arange(4), {}, {"x": column})


def test_all_rows_in_another_order() -> None:
    labels, order = _labels(0), np.array([2, 0, 3, 1])
    taken = labels.take(order)
    assert taken.judged.loss.tolist() == taken.time_ns.tolist() == order.tolist()
    assert taken.ids[:, 0].tolist() == (3 * order).tolist()
    assert taken.row.tolist() == order.tolist()
    assert labels.take(np.arange(4)) is labels


def test_as_many_rows_where_one_comes_twice() -> None:
    assert _labels(0).take(np.array([1, 1, 2, 3])).time_ns.tolist() == [1, 1, 2, 3]


def test_a_correction_keeps_its_rows_together() -> None:
    place = np.arange(4, dtype=np.int64)
    correction = Correction(_labels(0), _labels(10), place > 1, place)
    taken = correction.take(np.array([3, 1, 0, 2]))
    assert taken.before.judged.loss.tolist() == taken.place.tolist() == [3, 1, 0, 2]
    assert taken.after.judged.loss.tolist() == [13, 11, 10, 12]
    assert taken.in_reference.tolist() == [True, False, False, True]
