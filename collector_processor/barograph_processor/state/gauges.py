"""The gauges of one model: how it stands now, and what its last window showed."""

from collections.abc import Iterator, Mapping
from typing import Any

from barograph_processor.catalog import STATES
from barograph_processor.quality.intervals import Estimate
from barograph_processor.signal import Signal
from barograph_processor.state.label.promises import gaps
from barograph_processor.state.model import ModelState

__all__ = ["gauges"]

_STREAM_METRICS: Mapping[str, Mapping[str, str]] = {
    "input.drift": {
        "distance": "barograph.input.drift.distance",
        "missing": "barograph.input.missing",
        "unseen": "barograph.input.unseen",
        "out_of_range": "barograph.input.out_of_range",
    },
    "prediction.drift": {"distance": "barograph.prediction.drift.distance"},
    "confidence.drift": {"distance": "barograph.confidence.drift.distance"},
}


def gauges(model: ModelState, attributes: Mapping[str, str]) -> Iterator[Signal]:
    """Yield the gauges of a model; ``attributes`` name it on every point."""
    for metric, value, more in _values(model):
        if value is not None:
            yield Signal(metric, float(value), {**attributes, **more})
    slices = model.quality.slices.monitor
    if slices is not None:
        unwatched = slices.places.spare.refused
        yield Signal("barograph.slice.unwatched", unwatched, attributes, model.counters.start_ns)
    for (signal, severity), raised in model.verdicts.book.raised.items():
        kind = {"signal": signal, "severity": severity}
        yield Signal("barograph.alarms", raised, {**attributes, **kind}, model.counters.start_ns)


_Value = tuple[str, Any, Mapping[str, str]]


def _values(model: ModelState) -> Iterator[_Value]:
    for state in STATES:
        yield "barograph.model.state", model.condition.state == state, {"state": state}
    yield "barograph.reference.rows", model.reference_rows, {}
    if model.reference is not None and model.watermark_ns is not None:
        age = max((model.watermark_ns - model.reference.end_ns) / 1e9, 0.0)
        yield "barograph.reference.age", age, {}
    open_now: dict[tuple[str, str], int] = dict.fromkeys(model.verdicts.book.raised, 0)
    for alarm in model.verdicts.book.open:
        open_now[alarm.signal, alarm.severity] = open_now.get((alarm.signal, alarm.severity), 0) + 1
    for (signal, severity), number in open_now.items():
        yield "barograph.alarms.open", number, {"signal": signal, "severity": severity}
    if model.history:
        yield from _window(model.history[-1].signals)
    yield from _quality(model)


def _window(figures: Mapping[str, Any]) -> Iterator[_Value]:
    yield "barograph.traffic", figures["traffic"]["rows_per_second"], {}
    for signal, metrics in _STREAM_METRICS.items():
        for feature, status in figures.get(signal, {}).items():
            where = {"feature": feature} if feature else {}
            for figure, metric in metrics.items():
                yield metric, status[figure], where
            relative = status["evidence"] - status["threshold"]
            yield "barograph.drift.evidence", relative, {"signal": signal, **where}
    for status in figures.get("slice", ()):
        where = {"slice": ",".join(f"{name}={level}" for name, level in status["slice"].items())}
        yield "barograph.slice.risk", status["risk"], where
    yield from _people(figures)
    yield from _outcomes(figures)
    yield from _loops(figures)
    yield from _coverage(figures.get("labels", {}))
    for name, found in figures.get("evaluation", {}).items():
        yield "barograph.evaluation.mean", found["value"], {"name": name}
        yield "barograph.evaluation.mean.lower", found["lower"], {"name": name}
        yield "barograph.evaluation.mean.upper", found["upper"], {"name": name}
    estimated = figures.get("estimated", {})
    for name, estimate in estimated.items():
        if name not in ("rows", "assumption"):
            where = {"metric": name, "assumption": estimated["assumption"]}
            yield "barograph.performance.estimated", estimate["value"], where
            yield "barograph.performance.estimated.lower", estimate["lower"], where
            yield "barograph.performance.estimated.upper", estimate["upper"], where
    risk = figures.get("risk")
    if risk is not None:
        yield "barograph.risk.evidence", risk["evidence"] - risk["threshold"], {}


def _people(figures: Mapping[str, Any]) -> Iterator[_Value]:
    trust = figures.get("trust")
    if trust is not None:
        yield "barograph.trust", trust["value"], {}
        yield "barograph.trust.lower", trust["lower"], {}
        yield "barograph.trust.upper", trust["upper"], {}
        yield "barograph.trust.coverage", trust["coverage"], {}
    for kind, rates in figures.get("reactions", {}).items():
        yield "barograph.reactions.rate", rates["rate"]["value"], {"kind": kind}


def _outcomes(figures: Mapping[str, Any]) -> Iterator[_Value]:
    for unit, found in figures.get("outcome", {}).items():
        where = {"unit": unit}
        yield "barograph.outcome.mean", found["mean"], where
        yield "barograph.outcome.mean.lower", found["lower"], where
        yield "barograph.outcome.mean.upper", found["upper"], where
        cost = found.get("cost")
        if cost is not None:
            yield "barograph.outcome.cost", cost["value"], where
            yield "barograph.outcome.cost.lower", cost["lower"], where
            yield "barograph.outcome.cost.upper", cost["upper"], where
        apart = found["good_minus_bad"]
        if apart is not None:
            yield "barograph.outcome.good_minus_bad", apart["value"], where


def _loops(figures: Mapping[str, Any]) -> Iterator[_Value]:
    loop = figures.get("loop", {})
    for measure in ("gini", "top_share", "entropy"):
        if "concentration" in loop:
            where = {"measure": measure}
            yield "barograph.loop.concentration", loop["concentration"][measure], where
    if "self_label_share" in loop:
        yield "barograph.loop.self_label_share", loop["self_label_share"]["value"], {}
    if "policy_gap" in loop:
        yield "barograph.loop.policy_gap", loop["policy_gap"]["value"], {}
        yield "barograph.loop.policy_gap.lower", loop["policy_gap"]["lower"], {}
        yield "barograph.loop.policy_gap.upper", loop["policy_gap"]["upper"], {}


def _coverage(labels: Mapping[str, Any]) -> Iterator[_Value]:
    for entry in labels.get("coverage", ()):
        low, high = entry["age"]
        age = f"{low}" if low == high else f"{low}-{high}"
        yield "barograph.labels.coverage", entry["coverage"], {"age": age}
    for entry in labels.get("slices", ()):
        ((name, level),) = entry["slice"].items()
        yield "barograph.labels.coverage", entry["coverage"], {"slice": f"{name}={level}"}
    if labels:
        yield "barograph.labels.biased", labels["biased"], {}


def _estimates(
    metric: str, estimates: Mapping[str, Estimate], where: Mapping[str, str]
) -> Iterator[_Value]:
    for name, (value, lower, upper) in estimates.items():
        more = {"metric": name, **where}
        yield metric, value, more
        yield f"{metric}.lower", lower, more
        yield f"{metric}.upper", upper, more


def _quality(model: ModelState) -> Iterator[_Value]:
    """Yield what the latest labels say, however long ago they came, and what was promised."""
    quality = model.quality
    yield from _estimates("barograph.performance.realized", quality.recent.estimates(), {})
    for against, by_metric in gaps(quality).items():
        yield from _estimates("barograph.performance.gap", by_metric, {"against": against})
    yield "barograph.calibration.error", quality.scores.error(quality.recent.performance), {}
    if quality.scores.monitor is not None:
        monitor = quality.scores.monitor
        evidence = monitor.log10_evidence - monitor.log10_threshold
        yield "barograph.calibration.evidence", evidence, {}
    estimate = model.quality.risk_now()
    if estimate is not None and model.quality.tolerated is not None:
        yield "barograph.risk.excess", estimate[1] - model.quality.tolerated, {}
