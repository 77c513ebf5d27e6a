"""The table of slices: the worst first, new ones and those that are gone marked."""

from typing import Any

from barograph_processor.state.window.record import WindowRecord
from barograph_processor.web.slices import slices_view


def _record(window: int, **signals: Any) -> WindowRecord:
    return WindowRecord(
        window=window,
        start_ns=window * 10**9,
        end_ns=(window + 1) * 10**9,
        rows=100,
        partial=False,
        condition="healthy",
        signals=signals,
    )


def _status(level: str, evidence: float, *, new_since: int | None = None) -> dict[str, Any]:
    return {
        "slice": {"carrier": level},
        "risk": 0.2,
        "lower": 0.1,
        "upper": 0.3,
        "tolerated": 0.15,
        "reference": None if new_since else 0.1,
        "labels": 50.0,
        "new_since": new_since,
        "proposed": False,
        "evidence": evidence,
        "threshold": 4.0,
        "alarm": evidence >= 4.0,
    }


def test_the_surest_come_first_and_those_that_are_gone_last() -> None:
    slices = [_status("AA", 1.0), _status("B6", 5.0, new_since=7), _status("VX", 2.0)]
    gone = [{"slice": {"carrier": "VX"}, "since": 3}, {"slice": {"host": "h"}, "since": 4}]
    shown = slices_view([_record(0, slice=slices), _record(1, slice=slices, gone=gone)])
    named = [(entry["slice"], entry["new_since"], entry["gone_since"]) for entry in shown]
    assert named == [
        ([["carrier", "B6"]], 7, None),
        ([["carrier", "AA"]], None, None),
        ([["carrier", "VX"]], None, 3),
        ([["host", "h"]], None, 4),
    ]
    assert shown[0]["reference"] is None
    assert shown[0]["evidence"] == 1.0
    assert shown[2]["risk"] is None


def test_what_is_gone_is_shown_where_no_slice_is_judged() -> None:
    gone = [{"slice": {"carrier": "VX"}, "since": 3}]
    assert [entry["gone_since"] for entry in slices_view([_record(0, gone=gone)])] == [3]
    assert slices_view([_record(0, gone=gone), _record(1)]) == []
    assert slices_view([]) == []
