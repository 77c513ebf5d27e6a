"""What the load test holds against a processor: each of its checks can fail."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.ingest.testbed import CEILING_MIB, Result

_GOOD = Result(
    acknowledged=512,
    counted=512,
    refused=3,
    failed=0,
    seconds=1.0,
    cpu_s=0.1,
    peak_mib=100.0,
    early_mib=90.0,
    late_mib=100.0,
    p99_ms=10.0,
)


def test_what_holds_is_no_fault() -> None:
    """Nor is a refusal that may be sent again."""
    assert _GOOD.faults() == []


@pytest.mark.parametrize(
    "change",
    [
        {"counted": 511},
        {"counted": 513},
        {"failed": 1},
        {"peak_mib": CEILING_MIB + 1.0},
    ],
    ids=["lost", "counted twice", "not answered", "memory"],
)
def test_each_fault_is_told(change: dict[str, Any]) -> None:
    assert len(replace(_GOOD, **change).faults()) == 1
