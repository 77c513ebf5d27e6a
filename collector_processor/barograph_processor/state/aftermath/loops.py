"""Feedback loops: outputs that narrow, labels that the model gave itself, cases it selected."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.quality.rate import RateMonitor, RateReference, RecentRate
from barograph_processor.state.aftermath.outputs import Outputs
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.alarm.phrases import moment, percent
from barograph_processor.stats.column import CategoricalColumn

__all__ = ["Loops"]

_MODEL_RANK: Final = 1
_MIN_LABELS: Final = 200
_MIN_WINDOWS: Final = 8
_SELF_TOLERANCE: Final = 0.05
_SPAN: Final = 10
_NO_REFERENCE: Final = RateReference(0.0, 0.0, 0.0, 0.0)

_ADVICE: Final = {
    "concentration": (
        "Look at what it no longer gives, and whether users still want that. Show some of it at "
        "random, and train with what they do then, not only with what the model chose."
    ),
    "self_label_share": (
        "Find out why people or systems label less. Keep labels that the model gave out of "
        "training and of what its quality is judged by."
    ),
    "policy_gap": (
        "Trust the hold-out. Weigh cases by how likely they were to be selected, train with the "
        "hold-out too, and widen it until the gap is closed."
    ),
}


class Loops:
    """Follows three ways in which a model comes to feed on itself.

    The risk where the model decided, and on a random hold-out where it did not, are
    compared with each other and not with the reference: a gap that was always there is one
    as well. A hold-out's risk may exceed the other's, at its upper bound, by the tolerance.

    State size: a few KiB, and the counts of outputs. Not locked; its owner is.

    Args:
        alarm: The budget and the tolerance.
        block: Predictions of a block of the reference. Positive.
    """

    def __init__(self, alarm: AlarmConfig, *, block: int) -> None:
        self._alarm = alarm
        self.outputs = Outputs(budget=harm_budget(alarm, "loop.concentration"), block=block)
        self._sources = [0, 0]
        self._source_windows: list[list[int]] = []
        self._own = RecentRate()
        self._self_labels: RateMonitor | None = None
        # Labels and their losses: where the model decided, and on the hold-out.
        self._window = np.zeros((2, 2))
        self._decided, self._held_out = RecentRate(_SPAN), RecentRate(_SPAN)
        self._gap = RateMonitor(
            _NO_REFERENCE,
            tolerance=alarm.points,
            budget=harm_budget(alarm, "loop.policy_gap"),
        )

    def sources(self, ranks: npt.NDArray[np.int8]) -> None:
        """Count labels by who gave them: ``source_ranks`` of each, shape ``(n,)``."""
        self._sources[0] += len(ranks)
        self._sources[1] += int((ranks == _MODEL_RANK).sum())

    def label(self, holdout: CategoricalColumn | None, losses: npt.NDArray[np.float64]) -> None:
        """Take labelled predictions.

        Args:
            holdout: Whether each belongs to a random hold-out, by ``true`` and ``false``,
                of ``n`` rows; None if nobody says.
            losses: Of each, in ``[0, 1]``, shape ``(n,)``.
        """
        if holdout is None:
            return
        for place, level in enumerate(("false", "true")):
            if level in holdout.levels:
                rows = holdout.codes == holdout.levels.index(level)
                self._window[place] += [int(rows.sum()), float(losses[rows].sum())]

    def close(self, window: int) -> None:
        """End a window that is judged."""
        self.outputs.close(window)
        self._close_sources(window)
        (decided, lost), (held, held_lost) = self._window.tolist()
        self._window = np.zeros((2, 2))
        if decided:
            self._decided.update(lost, decided)
        if held:
            self._held_out.update(held_lost, held)
        policy = self._decided.estimate()
        if not held or policy is None:
            return
        # A bad day is bad for both.
        today = lost / decided if decided else 0.0
        tolerated = max(policy[2], today) + self._alarm.points
        self._gap.update(held_lost, held, window=window, tolerated=tolerated)

    def findings(
        self,
        start_of: Callable[[int], int],
        *,
        reference_risk: float | None,
        unit: LossUnit,
    ) -> list[Finding]:
        """Return what is wrong as of the last window.

        Args:
            start_of: When a window began, ns.
            reference_risk: The risk of the reference, if it is known.
            unit: How risks are told.
        """
        found = []
        narrow, own = self.outputs.monitor, self._self_labels
        if narrow is not None and narrow.harmed and self.outputs.now is not None:
            found.append(self._narrowing(start_of(narrow.since_window)))
        if own is not None and own.harmed:
            now = self._own.estimate() or (0.0, 0.0, 1.0)
            since_ns = start_of(own.since_window)
            found.append(
                Finding(
                    signal="loop",
                    feature="self_label_share",
                    severity="ticket",
                    sentence=(
                        f"more of its labels come from a model since {moment(since_ns)}: "
                        f"{percent(now)}, the reference had {own.reference.rate:.1%}. What it is "
                        f"judged by is no longer independent of what it says"
                    ),
                    advice=_ADVICE["self_label_share"],
                    since_ns=since_ns,
                    since_window=own.since_window,
                    before=own.reference.rate,
                    now=now[0],
                    interval=now[1:],
                    evidence=own.decision[0],
                    threshold=own.decision[1],
                )
            )
        if self._gap.harmed:
            found += self._gap_finding(start_of(self._gap.since_window), reference_risk, unit)
        return found

    def figures(self) -> dict[str, Any]:
        """Return the figures of loops as far as there are any, in plain values."""
        found: dict[str, Any] = {}
        now = self.outputs.now
        if now is not None:
            monitor = self.outputs.monitor
            found["concentration"] = {
                "gini": now.gini,
                "top_share": now.top_share,
                "entropy": now.entropy,
                "alarm": monitor is not None and monitor.harmed,
            }
        own = self._own.estimate()
        if own is not None:
            found["self_label_share"] = _interval(own)
        gap = self._policy_gap()
        if gap is not None:
            found["policy_gap"] = {**_interval(gap), "alarm": self._gap.harmed}
            decided, held = self._decided.estimate(), self._held_out.estimate()
            found["agreement"] = None if decided is None else 1 - decided[0]
            found["holdout_accuracy"] = None if held is None else 1 - held[0]
        return {"loop": found} if found else {}

    def _close_sources(self, window: int) -> None:
        labels, by_model = self._sources
        self._sources = [0, 0]
        if not labels:
            return
        self._own.update(by_model, labels)
        if self._self_labels is not None:
            self._self_labels.update(by_model, labels, window=window)
            return
        self._source_windows.append([by_model, labels])
        learnt = np.array(self._source_windows, dtype=np.float64)
        if len(learnt) >= _MIN_WINDOWS and learnt[:, 1].sum() >= _MIN_LABELS:
            self._self_labels = RateMonitor(
                RateReference.learn(learnt[:, 0], learnt[:, 1]),
                tolerance=_SELF_TOLERANCE,
                budget=harm_budget(self._alarm, "loop.self_label_share"),
            )
            self._source_windows = []

    def _policy_gap(self) -> tuple[float, float, float] | None:
        """Return the risk where it decided minus that of the hold-out, with a 90% interval.

        Each of the two intervals holds at all times with 95%, so their difference does
        with 90%.
        """
        decided, held = self._decided.estimate(), self._held_out.estimate()
        if decided is None or held is None:
            return None
        return decided[0] - held[0], decided[1] - held[2], decided[2] - held[1]

    def _narrowing(self, since_ns: int) -> Finding:
        monitor, now, before = self.outputs.monitor, self.outputs.now, self.outputs.before
        assert monitor is not None
        assert now is not None
        assert before is not None
        interval = monitor.interval or (0.0, 0.0)
        return Finding(
            signal="loop",
            feature="concentration",
            severity="ticket",
            sentence=(
                f"what it gives narrows since {moment(since_ns)}: two predictions are the same "
                f"with probability {now.collision:.1%}, in the reference with {before:.1%}; the "
                f"most frequent output has a share of {now.top_share:.1%}"
            ),
            advice=_ADVICE["concentration"],
            since_ns=since_ns,
            since_window=monitor.since_window,
            before=before,
            now=now.collision,
            interval=(math.exp(interval[0]), min(math.exp(interval[1]), 1.0)),
            evidence=monitor.decision[0],
            threshold=monitor.decision[1],
        )

    def _gap_finding(
        self, since_ns: int, reference_risk: float | None, unit: LossUnit
    ) -> list[Finding]:
        gap, decided, held = (
            self._policy_gap(),
            self._decided.estimate(),
            self._held_out.estimate(),
        )
        if gap is None or decided is None or held is None:
            return []
        agreement = (
            f". Labels agree with it more than in the reference ({1 - decided[0]:.1%} against "
            f"{1 - reference_risk:.1%}), on the hold-out they do not"
            if unit.is_share and reference_risk is not None and decided[2] < reference_risk
            else ""
        )
        return [
            Finding(
                signal="loop",
                feature="policy_gap",
                severity="ticket",
                sentence=(
                    f"labels of the cases that it selected make it look better than it is, since "
                    f"{moment(since_ns)}: {unit.loss(decided)} where it decided, "
                    f"{unit.loss(held)} on the random hold-out{agreement}"
                ),
                advice=_ADVICE["policy_gap"],
                since_ns=since_ns,
                since_window=self._gap.since_window,
                now=gap[0],
                interval=gap[1:],
                evidence=self._gap.decision[0],
                threshold=self._gap.decision[1],
            )
        ]

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        own = self._self_labels
        return {
            "outputs": self.outputs.state(),
            "sources": list(self._sources),
            "source_windows": [list(each) for each in self._source_windows],
            "recent": [self._own.state(), self._decided.state(), self._held_out.state()],
            "self_labels": None if own is None else own.state(),
            "window": self._window.copy(),
            "gap": self._gap.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.outputs.load(state["outputs"])
        self._sources = list(state["sources"])
        self._source_windows = [list(each) for each in state["source_windows"]]
        for recent, plain in zip(
            (self._own, self._decided, self._held_out), state["recent"], strict=True
        ):
            recent.load(plain)
        own = state["self_labels"]
        self._self_labels = None if own is None else RateMonitor.restore(own)
        self._window = np.array(state["window"], dtype=np.float64)
        self._gap = RateMonitor.restore(state["gap"])


def _interval(estimate: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("value", "lower", "upper"), estimate, strict=True))
