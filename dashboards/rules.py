"""Prometheus rules: harm, an objective on quality, blindness, the processor's health.

The objective is on time: a model may be harmed for 1% of 30 days. A burn rate of 1
uses that budget up in exactly 30 days; the pairs of windows are those of the
Google SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
"""

from typing import Any, Final

from dashboards.queries import BY_MODEL, HARM, the

__all__ = ["rules"]

OBJECTIVE: Final = 0.99
"""Share of time, over 30 days, in which a model does no harm."""

HOLD: Final = "15m"
"""How long an alert on a model's state goes on after that state has ended.

As ``alarm.hold_windows`` does for webhooks: what is now so and now not is told once. Rules know
no windows, so it should be about as long as that many windows of the models take.
"""

_HARMED: Final = "barograph:model_harmed:bool"
_BURN: Final = "barograph:model_burn_rate:ratio"
_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_BURNS: Final = (
    ("page", 14.4, "1h", "5m", "2% of the month's budget in an hour"),
    ("page", 6.0, "6h", "30m", "5% of the month's budget in six hours"),
    ("ticket", 3.0, "1d", "2h", "10% of the month's budget in a day"),
    ("ticket", 1.0, "3d", "6h", "10% of the month's budget in three days"),
)
_MODEL: Final = "{{ $labels.barograph_model_name }} {{ $labels.barograph_model_version }}"
_DOCS: Final = "docs/page.md"


def rules() -> dict[str, Any]:
    """Return the rule file's content."""
    return {
        "groups": [
            {"name": "barograph-quality", "rules": [*_recorded(), *_quality()]},
            {"name": "barograph-objective", "rules": _objective()},
            {"name": "barograph-processor", "rules": _processor()},
        ]
    }


def _recorded() -> list[dict[str, Any]]:
    harm = "|".join(HARM)
    state = the("barograph.model.state", f'state=~"{harm}"')
    burn = f"{1 - OBJECTIVE:.2f}"
    return [
        {"record": _HARMED, "expr": f"max by ({BY_MODEL}) ({state})"},
        *(
            {
                "record": f"{_BURN}{window}",
                "expr": f"avg_over_time({_HARMED}[{window}]) / {burn}",
            }
            for window in _WINDOWS
        ),
    ]


def _state(state: str) -> str:
    selected = the("barograph.model.state", f'state="{state}"')
    return f"{selected} == 1"


def _quality() -> list[dict[str, Any]]:
    labels, rows = the("barograph.labels"), the("barograph.predictions")
    return [
        _alert(
            "BarographSilentDegradation",
            _state("silent_degradation"),
            "page",
            f"{_MODEL} gives worse answers, and latency and errors do not show it",
            "Open the model's page: since when, which predictions show it, what to do.",
            hold=HOLD,
        ),
        _alert(
            "BarographDegraded",
            _state("degraded"),
            "page",
            f"{_MODEL} gives worse answers",
            "Latency, errors or traffic are unusual too: they may be the cause.",
            hold=HOLD,
        ),
        _alert(
            "BarographDrifting",
            _state("drifting"),
            "ticket",
            f"{_MODEL}: outputs or confidence have drifted",
            "Whether that harms is not known yet: get labels for the predictions since then.",
            wait="10m",
            hold=HOLD,
        ),
        _alert(
            "BarographBlind",
            f"({_state('blind')}) and on ({BY_MODEL}) sum by ({BY_MODEL}) (rate({rows}[1h])) > 0",
            "ticket",
            f"{_MODEL} predicts, and nobody can say how well",
            "The reference is still being learnt, or labels do not come.",
            wait="1h",
            hold=HOLD,
        ),
        _alert(
            "BarographLabelsStopped",
            f"sum by ({BY_MODEL}) (increase({labels}[1d])) == 0 "
            f"and sum by ({BY_MODEL}) ({labels}) > 0 "
            f"and sum by ({BY_MODEL}) (increase({rows}[1d])) > 0",
            "ticket",
            f"{_MODEL}: no label has come for a day",
            "Quality is not known while they are away. Look at the pipeline of labels.",
            wait="1h",
        ),
    ]


def _objective() -> list[dict[str, Any]]:
    return [
        _alert(
            f"BarographQualityBudgetBurn{long}",
            f"{_BURN}{long} > {factor:g} and {_BURN}{short} > {factor:g}",
            severity,
            f"{_MODEL} burns its error budget of quality {factor:g} times too fast",
            f"{spent}; the objective is {OBJECTIVE:.0%} of 30 days without harm.",
        )
        for severity, factor, long, short, spent in _BURNS
    ]


def _processor() -> list[dict[str, Any]]:
    return [
        _alert(
            "BarographAway",
            f"absent({the('barograph.monitor.models')})",
            "page",
            "Barograph's processor sends nothing",
            "No model is watched. Look at the processor, its exporter, and the Collector.",
            wait="5m",
        ),
        _alert(
            "BarographDropping",
            _grown("barograph.monitor.dropped"),
            "page",
            "Barograph has lost what it had acknowledged",
            "A damaged journal record, or a mistake in the code: see the processor's log.",
        ),
        _alert(
            "BarographBehind",
            f"max ({the('barograph.monitor.lag')}) > 60",
            "ticket",
            "Barograph is more than a minute behind",
            "Figures and alarms are late. See queue and CPU of the processor.",
            wait="10m",
        ),
        _alert(
            "BarographRefusing",
            _grown("barograph.monitor.refused"),
            "ticket",
            "Barograph refuses requests",
            "Overload is retried by the Collector and nothing is lost; what is malformed is.",
            wait="10m",
        ),
        _alert(
            "BarographExportFailing",
            _grown("barograph.monitor.exports", 'result=~"failed|refused|dropped"'),
            "ticket",
            "Barograph cannot send its signals on",
            "Dashboards that read them from the Collector stand still.",
            wait="10m",
        ),
        _alert(
            "BarographRotationFailing",
            _grown("barograph.monitor.reloads", 'result="failed"'),
            "ticket",
            "Barograph cannot use its new tokens or certificates",
            "It goes on with those before, until they expire: see the processor's log.",
            wait="10m",
        ),
        _alert(
            "BarographForgetting",
            # Windows that the page no longer shows are missed by nobody.
            _grown("barograph.monitor.evicted", 'what!="total_history_bytes"'),
            "ticket",
            "Barograph has reached a limit and forgets",
            "The label `what` of the metric says what; raise the limit in [limits].",
            wait="10m",
        ),
    ]


def _grown(name: str, labels: str = "") -> str:
    """Return whether a counter grew within an hour, from nothing too.

    ``increase`` does not see the first increment of a counter that was not there
    before, and these are there only once something went wrong.
    """
    now = f"sum ({the(name, labels)})"
    before = f"sum ({the(name, labels)} offset 1h)"
    return f"{now} - ({before} or 0 * {now}) > 0"


def _alert(
    name: str,
    expr: str,
    severity: str,
    summary: str,
    description: str,
    *,
    wait: str | None = None,
    hold: str | None = None,
) -> dict[str, Any]:
    alert: dict[str, Any] = {"alert": name, "expr": expr}
    if wait is not None:
        alert["for"] = wait
    if hold is not None:
        alert["keep_firing_for"] = hold
    alert["labels"] = {"severity": severity}
    alert["annotations"] = {"summary": summary, "description": description, "runbook": _DOCS}
    return alert
