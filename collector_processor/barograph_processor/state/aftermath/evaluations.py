"""How answers are judged: the scores of evaluations, by name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.state.aftermath.evaluation import Evaluation
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.harm_budget import harm_budget
from barograph_processor.state.alarm.phrases import clean, moment
from barograph_processor.state.label.examples import Examples
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.label.pending_columns import KEPT_EVALUATIONS
from barograph_processor.state.label.sliced import SlicedQuality

__all__ = ["Evaluations"]

_MOST_NAMES: Final = 16
_ADVICE: Final = (
    "Open the traces: these answers were judged worse than usual. Compare prompt, model version "
    "and retrieved context with good ones; look first whether the judge itself was changed."
)


class Evaluations:
    """Follows the mean score of evaluations by name, and tells where it falls.

    The first 16 names are followed, further ones only counted. The first has half of the
    budget, each next one half of what is left. Of the first four it is known by slice what
    sets bad scores apart.

    State size: a few KiB a name, and of the first four what ``SlicedQuality`` takes. Not
    locked; its owner is.

    Args:
        alarm: The budget and the tolerance.
        block: Predictions of a window. Positive.
        lower_is_better: Names whose low scores are good ones.
    """

    def __init__(self, alarm: AlarmConfig, *, block: int, lower_is_better: Collection[str]) -> None:
        self._alarm = alarm
        self._block = block
        self._lower_is_better = frozenset(lower_is_better)
        self._rows = 0
        self._names: dict[str, Evaluation] = {}
        self._worse: dict[str, Examples] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are followed, by the numbers under which predictions note them."""
        return tuple(self._names)

    def see(self, predictions: int) -> None:
        """Count predictions, in order of arrival."""
        self._rows += predictions

    def take(
        self,
        pending: PendingPredictions,
        slots: npt.NDArray[np.intp],
        names: Sequence[str],
        scores: npt.NDArray[np.float64],
    ) -> None:
        """Take scores in order of arrival.

        Args:
            pending: The predictions.
            slots: Of theirs, all known, shape ``(n,)``.
            names: What each evaluates.
            scores: Finite, shape ``(n,)``.
        """
        for name in dict.fromkeys(names):
            evaluation = self._evaluation(name)
            if evaluation is None:
                continue
            rows = np.array([row for row, each in enumerate(names) if each == name])
            some = slots[rows]
            pending.notes.evaluations(some, scores[rows], place=self.names.index(name))
            slices = pending.slices(some)
            worse = evaluation.add(
                scores[rows],
                pending.weights(some),
                pending.column("time", some),
                pending.column("reference", some),
                slices,
                windows=self._rows / self._block,
            )
            bad = some[worse]
            self._worse[name].add(
                pending.ids(bad), pending.column("time", bad), pending.slices(bad)
            )

    def close(self, number: int) -> None:
        """End a window that is judged, by its number."""
        for evaluation in self._names.values():
            evaluation.close(number)

    def findings(self, number_at: Callable[[int], int]) -> list[Finding]:
        """Return which scores fell, as of the last window.

        Args:
            number_at: The window that an event time falls into.
        """
        found = []
        for name, evaluation in self._names.items():
            mean, reference, monitor = evaluation.mean(), evaluation.reference, evaluation.monitor
            if not evaluation.harmed or mean is None or reference is None or monitor is None:
                continue
            since_ns = evaluation.since()
            value, low, high = mean
            interval = None if low is None or high is None else (low, high)
            shown = "" if interval is None else f" ({low:.3g} to {high:.3g})"
            found.append(
                Finding(
                    signal="evaluation",
                    feature=name,
                    severity="page",
                    sentence=(
                        f"answers are judged worse for {clean(name)} since {moment(since_ns)}: "
                        f"{value:.3g}{shown}, the reference had {reference:.3g}"
                    ),
                    advice=_ADVICE,
                    since_ns=since_ns,
                    since_window=number_at(since_ns),
                    before=reference,
                    now=value,
                    interval=interval,
                    evidence=0.0 if evaluation.onset is None else evaluation.onset.log10_evidence,
                    threshold=0.0 if evaluation.onset is None else evaluation.onset.log10_threshold,
                    trace_ids=self._worse[name].traces(since_ns),
                    apart=evaluation.apart(),
                )
            )
        return found

    def figures(self) -> dict[str, Any]:
        """Return figures by name; nothing before the first score."""
        if not self._names:
            return {}
        return {"evaluation": {name: each.figures() for name, each in self._names.items()}}

    def _evaluation(self, name: str) -> Evaluation | None:
        known = self._names.get(name)
        if known is None and len(self._names) < _MOST_NAMES:
            known = self._names[name] = self._fresh(name, len(self._names))
            self._worse[name] = Examples()
        return known

    def _fresh(self, name: str, place: int) -> Evaluation:
        budget = harm_budget(self._alarm, "evaluation") * 2 ** (place + 1)
        sliced = place < KEPT_EVALUATIONS
        return Evaluation(
            tolerance=self._alarm.points,
            budget_windows=budget,
            lower_is_better=name in self._lower_is_better,
            slices=SlicedQuality(self._alarm, budget_windows=budget) if sliced else None,
        )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "rows": self._rows,
            "names": [[name, each.state()] for name, each in self._names.items()],
            "worse": [examples.state() for examples in self._worse.values()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._rows = state["rows"]
        self._names, self._worse = {}, {}
        for place, (name, plain) in enumerate(state["names"]):
            self._names[name] = self._fresh(name, place)
            self._names[name].load(plain)
            self._worse[name] = Examples()
            self._worse[name].load(state["worse"][place])
