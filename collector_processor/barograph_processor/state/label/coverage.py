"""How many predictions have their label, by age and by kind."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import named_slices
from barograph_processor.quality.coverage import CoverageMonitor
from barograph_processor.state.window.windows import Slot
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["LabelCoverage", "Traits", "traits"]

_AGES: Final = ((0, 0), (1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63))
_PERIODS: Final = 64
_RIPE: Final = 8
_MAX_STRATA: Final = 256
_WORST: Final = 10
_SCORE_BINS: Final = 5
_EDGES: Final = [f"{k / _SCORE_BINS:g}" for k in range(_SCORE_BINS + 1)]
_SCORES: Final = tuple(f"{low} to {high}" for low, high in pairwise(_EDGES))
_DEFAULT_S: Final = 3600.0

_Periods = dict[int, npt.NDArray[np.float64]]
"""Counts by period: predictions and labels, in all and by stratum, shape ``(2, 1 + S)``."""

Stratum = tuple[str, str, str]
"""Kind (slice, class, score), name, level."""

Traits = Sequence[tuple[str, str, CategoricalColumn]]
"""What predictions are told apart by: kind, name and the level of each row."""


def traits(
    classes: CategoricalColumn | None,
    value: npt.NDArray[np.float64] | None,
    confidence: npt.NDArray[np.float64] | None,
    slices: Mapping[str, CategoricalColumn],
) -> Traits:
    """Return what predictions are told apart by.

    Args:
        classes: Chosen classes, if the model names them.
        value: Value or probability; what is not in ``[0, 1]`` is no score.
        confidence: The score of those without a value.
        slices: Levels by dimension; those of traces are left out, for they would take the
            room of the others.
    """
    score = confidence if value is None else value
    if value is not None and confidence is not None:
        score = np.where(np.isnan(value), confidence, value)
    found = [("slice", name, column) for name, column in named_slices(slices).items()]
    if classes is not None and len(classes.levels):
        found.append(("class", "", classes))
    if score is not None:
        usable = (score >= 0) & (score <= 1)
        bins = np.minimum(np.where(usable, score, 0.0) * _SCORE_BINS, _SCORE_BINS - 1)
        codes = np.where(usable, bins, -1).astype(np.int32)
        found.append(("score", "", CategoricalColumn(codes, _SCORES)))
    return found


class LabelCoverage:
    """Counts predictions after the reference, and those that are labelled, by periods of time.

    A period is as long as a window of the reference; 64 of them are kept. Whether labels come
    evenly is judged once for each: when it is eight periods old, or when it is let go if it had
    no label until then.

    State size: two counts for each of 64 periods and at most 256 strata; further strata are
    not told apart. An update costs some 50 us and 0.1 us a row. Not locked; its owner is.

    Args:
        budget_windows: Windows between false marks of uneven labels.
    """

    def __init__(self, *, budget_windows: float) -> None:
        self._width_ns: int | None = None
        self._strata: dict[Stratum, int] = {}
        self._periods: _Periods = {}
        self._open: dict[Slot, _Periods] = {}
        self._judged: int | None = None
        self.monitor = CoverageMonitor(budget=budget_windows)

    def begin(self, window_time: npt.NDArray[np.float64], *, seconds: float | None) -> None:
        """Count from now on, in periods as long as the reference's windows.

        Args:
            window_time: Mean times of these windows, epoch seconds.
            seconds: Their length, if it was told.
        """
        width = seconds or _DEFAULT_S
        if len(window_time) > 1:
            width = float(np.median(np.diff(window_time)))
        self._width_ns = max(round(width * 1e9), 1_000_000)

    def see(self, slot: Slot, time_ns: npt.NDArray[np.int64], of: Traits) -> None:
        """Take predictions of an open window, by their event time, shape ``(n,)``."""
        self._count(self._open.setdefault(slot, {}), 0, time_ns, of)

    def label(
        self, time_ns: npt.NDArray[np.int64], of: Traits, *, slot: Slot | None = None
    ) -> None:
        """Count first labels of predictions.

        Args:
            time_ns: Event time of the predictions, shape ``(n,)``.
            of: What they are told apart by.
            slot: The open window that they came along with, if they did.
        """
        into = self._periods if slot is None else self._open.setdefault(slot, {})
        self._count(into, 1, time_ns, of)

    def count_window(self, slot: Slot) -> None:
        """Count what was seen of a window that closes.

        Not before: which rows of other windows came by then depends on the batches.
        """
        for period, counts in self._open.pop(slot, {}).items():
            self._periods[period] = _added(self._periods.get(period), counts)

    def close_window(self, watermark_ns: int) -> None:
        """Judge what is ripe by an event time, and let go of what is old."""
        if self._width_ns is None:
            return
        now = watermark_ns // self._width_ns
        for period in sorted(self._periods):
            age, counts = now - period, self._periods[period]
            fresh = self._judged is None or period > self._judged
            leaving = age >= _PERIODS
            if fresh and age >= _RIPE and (counts[1, 0] > 0 or leaving):
                if counts[1, 0] > 0:
                    self.monitor.update(counts[0], counts[1])
                self._judged = period
            if leaving:
                del self._periods[period]

    def figures(self, watermark_ns: int) -> dict[str, Any]:
        """Return coverage by age in periods, the least covered strata, and what is uneven."""
        if self._width_ns is None or not self._periods:
            return {}
        now = watermark_ns // self._width_ns
        ages = [
            {"age": [low, high], "coverage": min(labelled / seen, 1.0), "predictions": int(seen)}
            for (low, high), seen, labelled in zip(_AGES, *self._by_age(now), strict=True)
            if seen
        ]
        biased = [
            {**self._named(bias.stratum), "coverage": bias.coverage, "rest": bias.rest}
            for bias in self.monitor.biased[:_WORST]
        ]
        return {
            "window_s": self._width_ns / 1e9,
            "coverage": ages,
            "slices": self._least(now),
            "biased": bool(biased),
            "uneven": biased,
        }

    def _by_age(self, now: int) -> tuple[list[float], list[float]]:
        """Return predictions and labels by age."""
        seen, labelled = [0.0] * len(_AGES), [0.0] * len(_AGES)
        for period, counts in self._periods.items():
            # Each age but the first begins where another binary digit is needed.
            at = (now - period).bit_length()
            if period <= now and at < len(_AGES):
                seen[at] += counts.item(0, 0)
                labelled[at] += counts.item(1, 0)
        return seen, labelled

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes quality figures questionable, as sentences."""
        worst = self.monitor.biased[:1]
        if not worst:
            return ()
        named = self._named(worst[0].stratum)
        what = {"slice": f"{named['name']}={named['level']}", "class": f"class {named['level']}"}
        where = what.get(named["kind"], f"scores of {named['level']}")
        sentence = (
            "labels come unevenly, so quality figures are biased: of predictions with "
            f"{where[:100]!r} {worst[0].coverage:.0%} have one, of the others {worst[0].rest:.0%}"
        )
        return (sentence,)

    def _named(self, stratum: int) -> dict[str, str]:
        kind, name, level = list(self._strata)[stratum]
        return {"kind": kind, "name": name, "level": level}

    def _least(self, now: int) -> list[dict[str, Any]]:
        """Return the slices with the lowest coverage among those that are eight periods old."""
        slices = [(at, s) for at, s in enumerate(self._strata, 1) if s[0] == "slice"]
        if not slices:
            return []
        sums = self._summed(now - _PERIODS, now - _RIPE)
        found: list[dict[str, Any]] = [
            {
                "slice": {name: level},
                "coverage": min(float(sums[1, at] / sums[0, at]), 1.0),
                "predictions": int(sums[0, at]),
            }
            for at, (_, name, level) in slices
            if sums[0, at] >= _WORST
        ]
        found.sort(key=lambda entry: (entry["coverage"], *entry["slice"].items()))
        return found[:_WORST]

    def _summed(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Return the counts of periods, both ends included, shape ``(2, 1 + S)``."""
        sums = np.zeros((2, 1 + len(self._strata)))
        for period, counts in self._periods.items():
            if first <= period <= last:
                sums[:, : counts.shape[1]] += counts
        return sums

    def _count(self, into: _Periods, row: int, time_ns: npt.NDArray[np.int64], of: Traits) -> None:
        if self._width_ns is None or len(time_ns) == 0:
            return
        places = [self._places(kind, name, column) for kind, name, column in of]
        periods, owner = _numbered(time_ns // self._width_ns)
        shape = len(periods), 1 + len(self._strata)
        counts = np.zeros((shape[0], 2, shape[1]))
        for place in places:
            cells = np.bincount(owner * shape[1] + place, minlength=shape[0] * shape[1])
            counts[:, row] += cells.reshape(shape)
        counts[:, row, 0] = np.bincount(owner)
        for period, more in zip(periods, counts, strict=True):
            into[period] = _added(into.get(period), more)

    def _places(self, kind: str, name: str, column: CategoricalColumn) -> npt.NDArray[np.intp]:
        """Return the place of each row's stratum in the counts, 0 for none, shape ``(n,)``."""
        strata, known = [(kind, name, level) for level in column.levels], self._strata
        if len(known) < _MAX_STRATA and not known.keys() >= set(strata):
            # In order of appearance, so that it makes no difference how rows came in batches.
            for code in column.occurring():
                if len(known) < _MAX_STRATA:
                    known.setdefault(strata[code], len(known))
        table = [known.get(stratum, -1) + 1 for stratum in strata]
        return np.array([*table, 0], dtype=np.intp)[column.codes]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "width_ns": self._width_ns,
            "strata": [list(stratum) for stratum in self._strata],
            "periods": _plain(self._periods),
            "open": [
                [slot.period, slot.part, _plain(periods)] for slot, periods in self._open.items()
            ],
            "judged": self._judged,
            "monitor": self.monitor.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._width_ns, self._judged = state["width_ns"], state["judged"]
        self._strata = {(a, b, c): at for at, (a, b, c) in enumerate(state["strata"])}
        self._periods = _restored(state["periods"])
        self._open = {Slot(period, part): _restored(plain) for period, part, plain in state["open"]}
        self.monitor = CoverageMonitor.restore(state["monitor"])


def _numbered(
    periods: npt.NDArray[np.int64],
) -> tuple[Sequence[int], npt.NDArray[np.intp]]:
    """Return the distinct periods of some rows in order, and for each row which it has."""
    first = int(periods.min())
    size = int(periods.max()) - first + 1
    if size > _PERIODS:
        distinct, owner = np.unique(periods, return_inverse=True)
        return distinct.tolist(), owner
    # As most rows of a window: without a sort.
    owner = (periods - first).astype(np.intp, copy=False)
    held = np.flatnonzero(np.bincount(owner))
    if len(held) < size:
        owner = np.searchsorted(held, owner)
    return (held + first).tolist(), owner


def _added(
    known: npt.NDArray[np.float64] | None, more: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return counts of both; either may know fewer strata."""
    if known is None:
        return more
    short, long = (known, more) if known.shape[1] < more.shape[1] else (more, known)
    both = long.copy()
    both[:, : short.shape[1]] += short
    return both


def _plain(periods: _Periods) -> list[Any]:
    return [[period, counts] for period, counts in periods.items()]


def _restored(plain: Sequence[Any]) -> _Periods:
    return {period: np.array(counts, dtype=np.float64) for period, counts in plain}
