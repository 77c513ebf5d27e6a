"""Quality beside what was promised of it: by an evaluation offline, and by the scores."""

from collections.abc import Mapping
from typing import Final

from barograph_processor.quality.intervals import Estimate, estimate_gap
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.stats.written import written

__all__ = ["gaps", "remarks"]

_LOWER_IS_BETTER: Final = frozenset({"brier", "log_loss", "mae", "rmse"})
_SHARES: Final = frozenset({"accuracy", "precision", "recall", "f1", "hit_rate"})


def gaps(quality: LabelledQuality) -> dict[str, dict[str, Estimate]]:
    """Return realized minus promised figures, by who promised and by metric.

    Intervals hold at all times at once; None where the figure has none.
    """
    recent = quality.recent.estimates()
    found: dict[str, dict[str, Estimate]] = {}
    offline = {
        name: estimate_gap(recent[name], promised)
        for name, promised in quality.offline.items()
        if name in recent
    }
    if offline:
        found["offline"] = offline
    gap = quality.scores.gap(quality.recent.performance)
    by_inputs = quality.errors.gap(quality.recent.performance)
    if gap is not None:
        found["estimated"] = {"accuracy": gap}
    elif by_inputs:
        found["estimated"] = by_inputs
    return found


def remarks(quality: LabelledQuality) -> tuple[str, ...]:
    """Return sentences on promises that are surely not kept, the weightiest first."""
    if not quality.frozen:
        return ()
    held = gaps(quality)
    recent = quality.recent.estimates()
    found = [
        _offline(name, recent[name], quality.offline[name], quality.baseline.estimates())
        for name, gap in held.get("offline", {}).items()
        if name in quality.promised and _is_worse(name, gap)
    ]
    gap = held.get("estimated", {}).get("accuracy")
    if gap is not None and _is_worse("accuracy", gap) and -gap[0] >= quality.tolerance:
        value, low, high = recent["accuracy"]
        found.append(
            f"labels say an accuracy of {value:.1%} ({low:.1%} to {high:.1%}) where the scores of "
            f"the same predictions promised {value - gap[0]:.1%}: what inputs say about outcomes "
            "has changed (concept shift), and estimates without labels are too good"
        )
    return tuple(found)


def _is_worse(name: str, gap: Estimate) -> bool:
    """Whether the whole interval is on the bad side of the promise."""
    _, low, high = gap
    if low is None or high is None:
        return False
    return low > 0 if name in _LOWER_IS_BETTER else high < 0


def _offline(name: str, recent: Estimate, promised: float, baseline: Mapping[str, Estimate]) -> str:
    """Say that a figure of the evaluation before deployment does not hold."""
    value, low, high = (_written(name, figure) for figure in recent)
    then = baseline.get(name)
    never = then is not None and _is_worse(name, estimate_gap(then, promised))
    verdict = "never held" if never else "no longer holds"
    return (
        f"the offline {name} of {_written(name, promised)} {verdict}: it is {value} "
        f"({low} to {high})"
        + ("" if then is None else f", and was {_written(name, then[0])} in the reference")
    )


def _written(name: str, figure: float | None) -> str:
    if figure is None:
        return "unknown"
    return f"{figure:.1%}" if name in _SHARES else written(figure)
