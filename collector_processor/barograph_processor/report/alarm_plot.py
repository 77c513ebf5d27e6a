"""Why an alarm was raised: the figure that it is about, and the evidence, over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from plotly.subplots import make_subplots

from barograph_processor.quality.loss_unit import LossUnit
from barograph_processor.report.drawing import (
    CALM,
    HARM,
    HEIGHT,
    QUALITY,
    band,
    limit,
    line,
    mark,
    styled,
)
from barograph_processor.web.overview import RISKLESS

__all__ = ["alarm_plot"]

_DRIFT: Final = ("input.drift", "prediction.drift", "confidence.drift")
_FIGURES: Final = ("risk", "value", "rate", "index", "error", "gap", "share")
"""What the figure of a signal may be called, the first that is there."""


@dataclass(frozen=True, slots=True)
class _Point:
    """What one window says about an alarm.

    Attributes:
        value: The figure that the alarm is about.
        lower: Lower end of its interval.
        upper: Upper end of its interval.
        tolerated: What it is held against.
        evidence: log10 of the statistic.
        threshold: log10 of what it has to reach.
    """

    value: float | None
    lower: float | None
    upper: float | None
    tolerated: float | None
    evidence: float | None
    threshold: float | None


def alarm_plot(model: Mapping[str, Any], alarm: Mapping[str, Any]) -> Any | None:
    """Return the figure of an alarm over its evidence; None if no window shows either.

    Args:
        model: As ``/api/models/{name}/{version}`` answers it.
        alarm: One of its alarms.
    """
    unit = LossUnit(**model["reference"]["loss"])
    found = [(w["end"], point) for w in model["history"] if (point := _point(w, alarm, unit))]
    if not found:
        return None
    time = [end for end, _ in found]
    points = [point for _, point in found]
    figure = make_subplots(
        rows=2,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.14,
        subplot_titles=[_name(alarm, unit), "evidence, powers of ten"],
    )
    band(figure, time, [p.lower for p in points], [p.upper for p in points])
    figure.add_trace(line(time, [p.value for p in points], _name(alarm, unit), QUALITY), 1, 1)
    evidence = [None if p.evidence is None else max(p.evidence, 0.0) for p in points]
    figure.add_trace(line(time, evidence, "evidence", CALM), 2, 1)
    limit(figure, time, [p.tolerated for p in points], 1, "tolerated")
    limit(figure, time, [p.threshold for p in points], 2, "to be reached")
    # A window's evidence is that at its end; harm is told within it, and counts anew from there.
    figure.add_trace(line([alarm["raised"]], [alarm["evidence"]], "when raised", HARM), 2, 1)
    mark(figure, [alarm], time)
    return styled(figure, 2 * HEIGHT)


def _name(alarm: Mapping[str, Any], unit: LossUnit) -> str:
    if alarm["signal"] in _DRIFT:
        return "distance from the reference"
    if alarm["signal"] == "slice":
        return f"{unit.name} of the slice"
    if alarm["signal"] == "risk":
        names = {"regression": "mean absolute error", "ranking": "gain"}
        return names.get(unit.task or "", "share of wrong predictions")
    return str(alarm["signal"])


def _point(window: Mapping[str, Any], alarm: Mapping[str, Any], unit: LossUnit) -> _Point | None:
    signals, signal = window["signals"], alarm["signal"]
    status: Any = signals.get(signal)
    if signal in _DRIFT:
        status = (status or {}).get(alarm["feature"] or "")
    elif isinstance(status, Sequence):
        wanted = alarm["slice"]
        status = next((each for each in status if each.get("slice") == wanted), None)
    if not isinstance(status, Mapping):
        return None
    figure: Mapping[str, Any] = status
    performance: Mapping[str, Any] = signals.get("performance") or {}
    if signal == "risk" and unit.task == "regression":
        figure = {**status, **_error(performance)}
    elif signal in ("risk", "slice"):
        risk = _risk(performance) if signal == "risk" else {}
        figure = {**status, **_in_unit({**status, **risk}, unit)}
    names = ("distance",) if signal in _DRIFT else _FIGURES
    value = next((figure[name] for name in names if isinstance(figure.get(name), float)), None)
    return _Point(
        value,
        figure.get("lower"),
        figure.get("upper"),
        figure.get("tolerated"),
        figure.get("evidence"),
        figure.get("threshold"),
    )


def _risk(performance: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the risk with its interval, from the figure that it leaves."""
    rest: Mapping[str, Any] = next((performance[n] for n in RISKLESS if n in performance), {})
    turned = {"risk": "value", "lower": "upper", "upper": "lower"}
    known = {name: rest.get(source) for name, source in turned.items()}
    return {name: None if value is None else 1 - value for name, value in known.items()}


def _in_unit(figure: Mapping[str, Any], unit: LossUnit) -> dict[str, float | None]:
    """Return a risk, the ends of its interval and what is tolerated, as people read them."""
    names = ("risk", "lower", "upper", "tolerated")
    known = {name: figure.get(name) for name in names}
    told = {name: None if risk is None else unit.value(risk) for name, risk in known.items()}
    if unit.task == "ranking":
        told["lower"], told["upper"] = told["upper"], told["lower"]
    return told


def _error(performance: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the mean error with its interval; what is tolerated is of another mean."""
    mean: Mapping[str, Any] = performance.get("mae") or {}
    ends = {name: mean.get(name) for name in ("lower", "upper")}
    return {"risk": mean.get("value"), **ends, "tolerated": None}
