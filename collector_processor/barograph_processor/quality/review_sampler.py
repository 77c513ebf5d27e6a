"""Which predictions people are asked about, and with which chance each was asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.rarity import Rarity
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Drawn", "ReviewSampler"]

_DAY_NS = 86_400_000_000_000
_FIRST_ROWS_A_DAY = 10_000.0
_SHORTEST_NS = _DAY_NS // 96
_MOST_SHAPE = 10.0
_LEAST_CHUNK, _MOST_CHUNK = 8, 1024
_MEMORY_DAYS = 0.3
_LEAST_UNCERTAINTY = 1e-3
# Uncertainties are summed as whole numbers: such a sum does not depend on its order.
_UNIT = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Rows that were drawn for review, in order.

    Attributes:
        rows: Their numbers in the batch, shape ``(k,)``.
        propensity: The chance that each had, shape ``(k,)``, in (0, 1].
        floor: The least chance that any row had at that moment, shape ``(k,)``.
    """

    rows: npt.NDArray[np.intp]
    propensity: Floats
    floor: Floats


class ReviewSampler:
    """Draws predictions by chance, within a number of reviews a day.

    A row's chance is the day's remaining reviews over the day's remaining rows, times a
    shape: ``uniform_share`` for every row alike, the rest half by uncertainty and half by
    how rare the row's slices are. Nothing is drawn for certain and nothing is left out, so
    what people answer can be weighed back to all predictions without bias. The chance
    depends on earlier rows and on the row itself, never on its label. Days are those of
    the event time, in UTC.

    How many rows a day has is learnt: from the days before, and on the first day from the
    rows so far. When more come, the chance falls as reviews are used up, so the day's
    number is never exceeded.

    The draws depend on the order of the rows alone, not on how they came in batches.
    State size: a dozen numbers, and the counts of slices. Not locked; its owner is.

    Args:
        per_day: Reviews a day, at most. Positive.
        uniform_share: Share of the chance that is alike for all rows, in [0.5, 1].
        seed: Of the draws.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(self, *, per_day: int, uniform_share: float = 0.5, seed: int = 0) -> None:
        if per_day <= 0:
            raise ValueError(f"per_day must be positive, got {per_day!r}")
        if not 0.5 <= uniform_share <= 1:  # noqa: PLR2004 - less is no longer unbiased enough
            raise ValueError(f"uniform_share must be in [0.5, 1], got {uniform_share!r}")
        self._per_day = per_day
        self._uniform = uniform_share
        self._seed = np.uint64(seed % 2**64)
        self._count = 0
        self._left = per_day
        self._day: int | None = None
        self._first_ns = 0
        self._now_ns = 0
        self._rows_today = 0
        self._rows_a_day: float | None = None
        self._chunk_end = 0
        self._expected_left = _FIRST_ROWS_A_DAY
        self._uncertainty_sum, self._uncertainty_rows = 0, 0
        self._uncertainty_mean: float | None = None
        self._rarity = Rarity()

    @property
    def left_today(self) -> int:
        """Reviews that the present day still has."""
        return self._left

    def draw(
        self,
        newest_ns: Ints,
        uncertainty: Floats,
        slices: Mapping[str, CategoricalColumn],
    ) -> Drawn:
        """Decide about rows, in order of arrival.

        Args:
            newest_ns: The newest event time when each row came, ns, shape ``(n,)``.
            uncertainty: Of each prediction, in [0, 1]; NaN where unknown. Shape ``(n,)``.
            slices: Levels by dimension, each of ``n`` rows.
        """
        n = len(newest_ns)
        chance = self._chances(n)
        days = newest_ns // _DAY_NS
        drawn: list[tuple[int, float, float]] = []
        row = 0
        while row < n:
            if self._day is None or days[row] != self._day:
                self._begin_day(int(days[row]), int(newest_ns[row]))
            if self._count >= self._chunk_end:
                self._begin_chunk(int(newest_ns[row]))
            end = min(n, row + self._chunk_end - self._count)
            others = np.flatnonzero(days[row:end] != days[row])
            part = slice(row, row + int(others[0]) if len(others) else end)
            drawn += self._pick(part, chance[part], uncertainty, slices)
            self._rarity.add(slices, part)
            self._advance(part.stop - row, int(newest_ns[part.stop - 1]), uncertainty[part])
            row = part.stop
        return Drawn(
            np.array([row for row, _, _ in drawn], dtype=np.intp),
            np.array([propensity for _, propensity, _ in drawn], dtype=np.float64),
            np.array([floor for _, _, floor in drawn], dtype=np.float64),
        )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "count": self._count,
            "left": self._left,
            "day": self._day,
            "first_ns": self._first_ns,
            "now_ns": self._now_ns,
            "rows_today": self._rows_today,
            "rows_a_day": self._rows_a_day,
            "chunk_end": self._chunk_end,
            "expected_left": self._expected_left,
            "uncertainty": [
                self._uncertainty_sum,
                self._uncertainty_rows,
                self._uncertainty_mean,
            ],
            "rarity": self._rarity.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``; a smaller budget than it had then holds at once."""
        self._count = state["count"]
        self._left = min(state["left"], self._per_day)
        self._day = state["day"]
        self._first_ns, self._now_ns = state["first_ns"], state["now_ns"]
        self._rows_today, self._rows_a_day = state["rows_today"], state["rows_a_day"]
        self._chunk_end, self._expected_left = state["chunk_end"], state["expected_left"]
        total, rows, mean = state["uncertainty"]
        self._uncertainty_sum, self._uncertainty_rows = total, rows
        self._uncertainty_mean = mean
        self._rarity.load(state["rarity"])

    def _chances(self, n: int) -> Floats:
        """Return a uniform number for each of the next rows: SplitMix64 of their count."""
        with np.errstate(over="ignore"):
            words = np.arange(self._count + 1, self._count + n + 1, dtype=np.uint64)
            words *= np.uint64(0x9E3779B97F4A7C15)
            words += self._seed
            words ^= words >> np.uint64(30)
            words *= np.uint64(0xBF58476D1CE4E5B9)
            words ^= words >> np.uint64(27)
            words *= np.uint64(0x94D049BB133111EB)
            words ^= words >> np.uint64(31)
        uniform: Floats = (words >> np.uint64(11)).astype(np.float64) / 2.0**53
        return uniform

    def _begin_day(self, day: int, time_ns: int) -> None:
        if self._day is None:
            self._first_ns = time_ns
        elif self._rows_today:
            # The first day is a part of one; a gap of days is no lack of traffic.
            whole = self._rows_today
            if self._rows_a_day is None:
                whole = round(self._projected(self._now_ns))
            before = self._rows_a_day
            self._rows_a_day = (
                float(whole) if before is None else before + _MEMORY_DAYS * (whole - before)
            )
        self._day, self._left, self._rows_today = day, self._per_day, 0
        self._chunk_end = self._count

    def _begin_chunk(self, time_ns: int) -> None:
        """Look at the clock and the traffic; what is found holds for the rows of a chunk."""
        rows = self._projected(time_ns)
        remaining = 1 - (time_ns % _DAY_NS) / _DAY_NS
        self._expected_left = max(rows * remaining, rows / 24, 1.0)
        self._chunk_end = self._count + int(min(max(rows / 48, _LEAST_CHUNK), _MOST_CHUNK))
        self._rarity.settle()
        if self._uncertainty_rows:
            mean = self._uncertainty_sum / self._uncertainty_rows / _UNIT
            self._uncertainty_mean = max(mean, _LEAST_UNCERTAINTY)

    def _projected(self, time_ns: int) -> float:
        """Return the rows that a whole day has, as far as is known."""
        if self._rows_a_day is not None:
            return self._rows_a_day
        if not self._count:
            return _FIRST_ROWS_A_DAY
        return self._count * _DAY_NS / max(time_ns - self._first_ns, _SHORTEST_NS)

    def _pick(
        self,
        part: slice,
        chance: Floats,
        uncertainty: Floats,
        slices: Mapping[str, CategoricalColumn],
    ) -> list[tuple[int, float, float]]:
        """Draw among the rows of a chunk; each draw lowers the chance of those behind it."""
        found: list[tuple[int, float, float]] = []
        # Of few rows only has it to be known what their shape is: no draw makes a rate higher.
        most = self._left / self._expected_left * _MOST_SHAPE
        rows = part.start + np.flatnonzero(chance < most)
        if not len(rows):
            return found
        chance = chance[rows - part.start]
        shape = self._shape(uncertainty[rows], self._rarity.of(slices, rows))
        at = 0
        while at < len(rows) and self._left:
            rate = self._left / self._expected_left
            propensity = np.minimum(rate * shape[at:], 1.0)
            hits = np.flatnonzero(chance[at:] < propensity)
            if not len(hits):
                break
            hit = int(hits[0])
            floor = min(rate * self._uniform, 1.0)
            found.append((int(rows[at + hit]), float(propensity[hit]), floor))
            self._left -= 1
            at += hit + 1
        return found

    def _shape(self, uncertainty: Floats, rarity: Floats) -> Floats:
        mean = self._uncertainty_mean
        relative = np.ones(len(uncertainty)) if mean is None else uncertainty / mean
        relative = np.where(np.isnan(relative), 1.0, relative)
        shape = self._uniform + (1 - self._uniform) * (relative + rarity) / 2
        return np.minimum(shape, _MOST_SHAPE)

    def _advance(self, rows: int, time_ns: int, uncertainty: Floats) -> None:
        self._count += rows
        self._rows_today += rows
        self._now_ns = time_ns
        known = uncertainty[~np.isnan(uncertainty)]
        self._uncertainty_sum += int(np.rint(known * _UNIT).sum())
        self._uncertainty_rows += len(known)
