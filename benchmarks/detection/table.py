"""The tables of a run, in Markdown."""

from collections.abc import Sequence

from benchmarks.detection.findings import Findings
from benchmarks.detection.labelled import LabelledStream
from benchmarks.detection.measure import Measured

__all__ = ["BIAS", "markdown"]

BIAS = (
    "Its bias, first: the streams were made by the people who made the detector, whose constants "
    "were chosen while looking at streams of these kinds (with other seeds). Peers run with their "
    "defaults, since that is what their users run; most could be made quieter by hand, and then "
    "find less. Drift is the same shift of a latent normal everywhere, and all features of a "
    "stream share what happens to its windows. At most one alarm a window and feature counts; a "
    "detector without a notion of an alarm that lasts is charged for every window."
)

_COST = (
    "Cost of 100,000 rows of ten features in 100 windows: CPU seconds, and the peak of memory "
    "beyond what the process held before with the rows."
)


def markdown(results: Findings) -> str:
    """Return the bias, the machine, and the tables."""
    measured = results.measured()
    quiet = [m for m in measured if not m[0].targets]
    moved = [m for m in measured if m[0].targets and not isinstance(m[0], LabelledStream)]
    harmed = [m for m in measured if m[0].targets and isinstance(m[0], LabelledStream)]
    parts = [
        BIAS,
        "\n".join(f"- {name}: {text}" for name, text in results.machine.items()),
        "Without drift. The run length is the mean of windows to the first false alarm.",
        _table(
            ("stream", "detector", "runs", "false alarms a run", "runs with any", "run length"),
            [(s.name, d, str(m.runs), *_false(m), _length(m)) for s, d, m in quiet],
        ),
        "With drift, from live window 20. The first drifted window has delay 1.",
        _found(moved),
        "With labels that say more and more that the model is wrong, from live window 20.",
        _found(harmed),
        _COST,
        _table(
            ("detector", "CPU s", "MiB"),
            [
                (c["detector"], f"{c['cpu_seconds']:.2f}", f"{c['peak_extra_mib']:.0f}")
                for c in results.costs
            ],
        ),
    ]
    if results.failures:
        parts += ["Failed:", "\n".join(f"- {text}" for text in results.failures)]
    return "\n\n".join(parts) + "\n"


def _found(measured: Sequence[tuple[object, str, Measured]]) -> str:
    head = (
        *("stream", "detector", "runs", "found", "within 80", "median delay", "numeric"),
        *("false alarms a run", "runs with any", "dated", "resolved"),
    )
    rows = []
    for stream, detector, m in measured:
        shown = (m.delay, m.delay_numeric, m.dated, m.resolved)
        delay, numeric, dated, resolved = ("" if x is None else f"{x:g}" for x in shown)
        share = (f"{m.found}/{m.of}", f"{m.within_80}/{m.of}", delay or "never", numeric)
        name = getattr(stream, "name", "")
        rows.append((name, detector, str(m.runs), *share, *_false(m), dated, resolved))
    return _table(head, rows)


def _false(m: Measured) -> tuple[str, str]:
    return f"{m.false_alarms:.2f}", f"{m.runs_with_false}/{m.runs}"


def _length(m: Measured) -> str:
    return f"> {m.windows:,}" if m.run_length is None else f"{m.run_length:,.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
