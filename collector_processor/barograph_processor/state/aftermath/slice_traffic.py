"""A part of the traffic that stops while the rest goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from barograph_processor.observation import TRACE_PREFIX, ObservationBatch
from barograph_processor.quality.absence import AbsenceMonitor
from barograph_processor.state.aftermath.level_tally import Level, LevelTally
from barograph_processor.state.aftermath.silence import Silence
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import lasting, moment, slice_title
from barograph_processor.state.alarm.slice_phrases import also

__all__ = ["SliceTraffic"]

_LEVELS: Final = 256
_MIN_BLOCKS: Final = 8
_MIN_ROWS: Final = 50
_FORGOTTEN_NS: Final = 30 * 86_400 * 1_000_000_000
_ADVICE: Final = (
    "Find out whether this part of the traffic still reaches the model: a route, a client "
    "version, a data source. If it was taken out on purpose, promote a newer reference: "
    "`barograph baseline promote`. Until then it is told for 30 days."
)


def _silence() -> Silence:
    return Silence(None, weekends=True)


@dataclass(slots=True)
class _Part:
    """One level: its rows in blocks of the reference, and how long it is usually away."""

    rows: int = 0
    squares: float = 0.0
    blocks: int = 0
    silence: Silence = field(default_factory=_silence)
    gone: bool = False

    def come(self, first_ns: int, last_ns: int) -> None:
        """Take the event times of the first and the last row of a stretch of traffic."""
        silence = self.silence
        latest_ns = last_ns if silence.last_ns is None else max(last_ns, silence.last_ns)
        silence.see_one(first_ns)
        silence.last_ns = latest_ns
        self.gone = False


class SliceTraffic:
    """Learns which levels of slice dimensions come steadily, and finds those that are gone.

    A level is steady if it was in half of the reference's blocks of rows (windows, where that
    has fewer than 8), and had 50 rows there. It is gone if the evidence against its share
    suffices, and it is away for longer than three times what was usual; less than three days
    is no failure until a week was seen, since parts pause at weekends. A level of a trace is
    not told while its dimension has levels that the reference did not hold: releases and
    machines are replaced. Levels that go with the same prediction are one finding. After 30
    days a level is forgotten.

    State size: some 200 bytes for each of at most 256 levels; further ones are not followed,
    nor dimensions once they had more than 64 in a block or window. Not locked; its owner is.

    Args:
        budget_windows: Windows between false findings.
        block: Rows of a block. Positive.
    """

    def __init__(self, *, budget_windows: float, block: int) -> None:
        self._budget = max(budget_windows, 1.0)
        self._block_rows = block
        self._block = LevelTally()
        self._blocks = 0
        self._among: dict[str, int] = {}
        self._parts: dict[Level, _Part] = {}
        self._full: set[str] = set()
        self._new_ns: dict[str, int] = {}
        self._steady: list[Level] = []
        self._monitor: AbsenceMonitor | None = None
        self._findings: list[Finding] = []

    def learn(self, batch: ObservationBatch) -> None:
        """Take rows of the reference, in order of arrival."""
        begin = 0
        while begin < len(batch):
            stop = min(begin + self._block_rows - self._block.rows, len(batch))
            self._block.add(batch.take(np.arange(begin, stop)))
            begin = stop
            if self._block.rows == self._block_rows:
                self._learn(self._block)
                self._block = LevelTally()

    def settle(self, tally: LevelTally) -> None:
        """Take what was counted of a window after the reference."""
        if self._monitor is None:
            self._learn(tally)
            if self._blocks >= _MIN_BLOCKS:
                self._fix()
            return
        # Of dimensions that the reference did not hold nothing is kept: there may be many.
        self._full |= tally.full & self._among.keys()
        rows = np.array([tally.seen.get(level, (0,))[0] for level in self._steady], dtype=float)
        among = [tally.among.get(name, 0) for name, _ in self._steady]
        self._monitor.update(rows, np.array(among, dtype=np.float64))
        for level, (_, first, last) in tally.seen.items():
            part = self._parts.get(level)
            if part is not None:
                part.come(first, last)
            elif level[0] in self._among:
                self._new_ns[level[0]] = max(last, self._new_ns.get(level[0], 0))

    def close(self, end_ns: int, number_at: Callable[[int], int]) -> None:
        """End a window: see who is gone.

        Args:
            end_ns: Event time of its last row.
            number_at: The window that an event time falls into.
        """
        if self._monitor is None:
            return
        for level, absent in zip(self._steady, self._monitor.absent.tolist(), strict=True):
            part = self._parts[level]
            away_ns = end_ns - (part.silence.last_ns or 0)
            part.gone = part.gone or (absent and away_ns > part.silence.patience_ns)
            part.gone = part.gone and away_ns <= _FORGOTTEN_NS and self._followed(level)
        together: dict[int, list[Level]] = {}
        for level in self._steady:
            part = self._parts[level]
            if part.gone and part.silence.last_ns is not None:
                together.setdefault(part.silence.last_ns, []).append(level)
        self._findings = [
            self._finding(sorted(levels, key=_own_first), last_ns, end_ns, number_at(last_ns))
            for last_ns, levels in together.items()
        ]

    def findings(self) -> list[Finding]:
        """Return which parts of the traffic are gone as of the last window."""
        return self._findings

    def figures(self) -> dict[str, Any]:
        """Return which levels are gone, and since when, ms since the epoch; nothing if none is."""
        found = [
            {"slice": dict([level]), "since": part.silence.last_ns // 1_000_000}
            for level in self._steady
            if (part := self._parts[level]).gone and part.silence.last_ns is not None
        ]
        return {"gone": found} if found else {}

    def _finding(self, levels: list[Level], last_ns: int, end_ns: int, window: int) -> Finding:
        first, *others = levels
        assert self._monitor is not None
        place, part = self._steady.index(first), self._parts[first]
        share = part.rows / self._among[first[0]]
        return Finding(
            signal="blind",
            feature="traffic",
            slice=(first,),
            severity="ticket",
            sentence=(
                f"no prediction for {slice_title([first])} has come for "
                f"{lasting(end_ns - last_ns, last_ns)}, since {moment(last_ns)}, while others "
                f"go on; it was {share:.1%} of the reference, and up to "
                f"{lasting(part.silence.patience_ns, last_ns)} would be usual"
                f"{also([(other,) for other in others])}"
            ),
            advice=_ADVICE,
            since_ns=last_ns,
            since_window=window,
            before=share,
            now=0.0,
            evidence=self._monitor.log10_evidence(place),
            threshold=self._monitor.log10_threshold,
        )

    def _followed(self, level: Level) -> bool:
        """Whether it is told of a level that it is away.

        Not where its dimension had too many levels to be counted, nor where that is of a
        trace and has levels that the reference did not hold.
        """
        name, _ = level
        last_ns = self._parts[level].silence.last_ns or 0
        replaced = name.startswith(TRACE_PREFIX) and self._new_ns.get(name, 0) >= last_ns
        return name not in self._full and not replaced

    def _learn(self, tally: LevelTally) -> None:
        self._blocks += 1
        self._full |= tally.full
        for name, rows in tally.among.items():
            self._among[name] = self._among.get(name, 0) + rows
        for level, (rows, first, last) in tally.seen.items():
            if level not in self._parts and len(self._parts) >= _LEVELS:
                continue
            part = self._parts.setdefault(level, _Part())
            part.rows += rows
            part.squares += rows**2 / tally.among[level[0]]
            part.blocks += 1
            part.come(first, last)

    def _fix(self) -> None:
        """Watch the steady levels from now on."""
        self._steady = [
            level
            for level, part in self._parts.items()
            if part.rows >= _MIN_ROWS
            and 2 * part.blocks >= self._blocks
            and level[0] not in self._full
        ]
        parts = [self._parts[level] for level in self._steady]
        rows = np.array([part.rows for part in parts], dtype=np.float64)
        among = np.array([self._among[name] for name, _ in self._steady], dtype=np.float64)
        squares = np.array([part.squares for part in parts])
        share = rows / np.maximum(among, 1)
        # The sum over blocks of (n - share N)^2 / N, beside what independent rows would have.
        spread = squares - 2 * share * rows + share**2 * among
        phi = spread / np.maximum((self._blocks - 1) * share * (1 - share), 1e-9)
        self._monitor = AbsenceMonitor(rows, among, np.maximum(phi, 1.0), budget=self._budget)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues; findings live for one window."""
        return {
            "block": self._block.state(),
            "blocks": self._blocks,
            "among": dict(self._among),
            "parts": [
                [*level, part.rows, part.squares, part.blocks, part.silence.state(), part.gone]
                for level, part in self._parts.items()
            ],
            "full": sorted(self._full),
            "new_ns": dict(self._new_ns),
            "steady": [list(level) for level in self._steady],
            "monitor": None if self._monitor is None else self._monitor.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._block = LevelTally.restore(state["block"])
        self._blocks, self._among = state["blocks"], dict(state["among"])
        self._parts = {}
        for name, level, rows, squares, blocks, silence, gone in state["parts"]:
            part = _Part(rows, squares, blocks, gone=gone)
            part.silence.load(silence)
            self._parts[name, level] = part
        self._full, self._new_ns = set(state["full"]), dict(state["new_ns"])
        self._steady = [(name, level) for name, level in state["steady"]]
        monitor = state["monitor"]
        self._monitor = None if monitor is None else AbsenceMonitor.restore(monitor)


def _own_first(level: Level) -> tuple[bool, Level]:
    """Order levels by whether people named their dimension themselves."""
    return level[0].startswith(TRACE_PREFIX), level
