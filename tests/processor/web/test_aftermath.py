from typing import Any

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.aftermath import aftermath_view


def windows(*signals: dict[str, Any]) -> list[WindowRecord]:
    return [
        WindowRecord(
            n, n * 10**9, (n + 1) * 10**9, 100, partial=False, condition="healthy", signals=s
        )
        for n, s in enumerate(signals)
    ]


def lines_of(*signals: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = aftermath_view(windows(*signals))["lines"]
    return lines


def trust(value: float, *, alarm: bool = False) -> dict[str, Any]:
    found = {"value": value, "lower": value - 0.1, "upper": value + 0.1, "coverage": 0.5}
    return {"trust": {**found, "reference": 0.9, "alarm": alarm}}


def test_what_no_window_has_is_left_out() -> None:
    assert lines_of({}, {"trust": None, "loop": {}}) == []


def test_without_a_window_there_is_nothing() -> None:
    assert aftermath_view([]) == {"time": [], "lines": []}


def test_a_line_has_its_last_figure_what_it_is_held_against_and_its_course() -> None:
    found = {line["key"]: line for line in lines_of(trust(0.9), {}, trust(0.8))}
    assert set(found) == {"trust", "reacted"}
    line = found["trust"]
    assert (line["value"], line["lower"], line["upper"]) == (0.8, 0.7, 0.9)
    assert line["held"] == 0.9
    assert line["trend"] == {
        "value": [0.9, None, 0.8],
        "lower": [0.8, None, 0.7],
        "upper": [1.0, None, 0.9],
    }
    assert aftermath_view(windows(trust(0.9), {}))["time"] == [1000, 2000]
    assert found["reacted"]["lower"] is None


def test_lines_under_an_alarm_come_first() -> None:
    signals = {"calibration": {"error": 0.1, "reference": 0.02}, **trust(0.4, alarm=True)}
    keys = [line["key"] for line in lines_of(signals)]
    assert keys[0] == "trust"
    assert "calibration" in keys


def test_names_of_applications_are_kept_apart_from_ours() -> None:
    outcome = {"EUR": {"mean": -2.0, "lower": -3.0, "upper": -1.0, "reference": 1.0, "alarm": True}}
    never = {"rate": {"value": 0.0, "lower": 0.0, "upper": 0.1}}
    kinds = {"edited": {"rate": {"value": 0.2, "lower": 0.1, "upper": 0.3}}, "retried": never}
    gap = {
        "estimated": {"accuracy": {"value": -0.05, "lower": -0.1, "upper": 0.0}},
        "offline": {"accuracy": {"value": -0.1, "lower": None, "upper": None}},
    }
    found = lines_of({"outcome": outcome, "reactions": kinds, "gap": gap})
    by_key = {line["key"]: line for line in found}
    assert by_key["outcome"]["name"] == "EUR"
    assert by_key["outcome"]["held"] == 1.0
    # What nobody ever did has no line.
    assert [line["name"] for line in found if line["key"] == "reaction"] == ["edited"]
    assert by_key["gap.offline"]["value"] == -0.1
    assert by_key["gap.estimated"]["name"] == "accuracy"
    assert by_key["gap.estimated"]["upper"] == 0.0


def test_a_long_history_is_thinned_to_means() -> None:
    found = aftermath_view(windows(*[trust(n / 1000) for n in range(1000)]))
    (line, _) = found["lines"]
    assert len(found["time"]) == len(line["trend"]["value"]) <= 120
    assert line["trend"]["value"] == sorted(line["trend"]["value"])
    assert line["trend"]["value"][0] == 0.004


def test_what_adds_up_is_thinned_to_ends() -> None:
    """A cost is null while nothing is wrong, and a point is not the mean of what it was."""

    def cost(n: int) -> dict[str, Any]:
        known = {"value": n, "lower": n / 2, "upper": 2 * n}
        return {"outcome": {"EUR": {"mean": 1.0, "cost": known if n >= 500 else None}}}

    found = lines_of(*[cost(n) for n in range(1000)])
    line = next(line for line in found if line["key"] == "cost")
    assert (line["name"], line["value"], line["upper"]) == ("EUR", 999, 1998)
    assert line["trend"]["value"][0] is None
    assert line["trend"]["value"][-1] == 999
    assert line["trend"]["lower"][-1] == 499.5
