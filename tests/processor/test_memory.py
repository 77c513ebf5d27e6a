"""What the process may take is found where the kernel says it, and what is short keeps going."""

import os
from pathlib import Path

import numpy as np
import pytest

from barograph_processor.memory import AT_REST_BYTES, Memory, release
from barograph_processor.telemetry import Telemetry
from components.processor import Processor

_MIB = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MACHINE = os.sysconf("SC_PHYS_PAGES") * _PAGE


def _root(root: Path, groups: str, limits: dict[str, str], *, pages: int = 1) -> Path:
    """Write a system's files: the process's groups, and what each file of a group says."""
    files = {"proc/self/cgroup": groups, "proc/self/statm": f"9 {pages} 3 1 0 4 0"}
    files |= {f"sys/fs/cgroup/{path}": text for path, text in limits.items()}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "limits", "expected"),
    [
        pytest.param("0::/\n", {"memory.max": f"{64 * _MIB}\n"}, 64 * _MIB, id="container"),
        pytest.param("0::/a/b\n", {"a/memory.max": f"{64 * _MIB}"}, 64 * _MIB, id="parent"),
        pytest.param(
            "0::/a/b\n",
            {"a/b/memory.max": "max\n", "a/b/memory.high": f"{32 * _MIB}"},
            32 * _MIB,
            id="throttled",
        ),
        pytest.param(
            "0::/of/outside\n", {"memory.max": f"{64 * _MIB}"}, 64 * _MIB, id="path of outside"
        ),
        pytest.param(
            "4:cpu,memory:/a\n0::/\n",
            {"memory/a/memory.limit_in_bytes": f"{64 * _MIB}"},
            64 * _MIB,
            id="first version",
        ),
        pytest.param(
            "4:memory:/\n3:cpu:/a\n",
            {"memory/memory.limit_in_bytes": "9223372036854771712", "a/memory.max": "4096"},
            _MACHINE,
            id="no limit",
        ),
        pytest.param("0::/\n", {"memory.max": "max\n"}, _MACHINE, id="max"),
    ],
)
def test_the_limit_is_the_least_that_holds(
    tmp_path: Path, groups: str, limits: dict[str, str], expected: int
) -> None:
    assert Memory(root=_root(tmp_path, groups, limits)).limit == expected


def test_a_system_that_does_not_say_is_never_short(tmp_path: Path) -> None:
    memory = Memory(1, root=tmp_path)
    assert (memory.resident, memory.short, memory.allows(100, least=1)) == (0, False, 100)


def test_what_is_short_allows_what_is_left_and_never_nothing(tmp_path: Path) -> None:
    root = _root(tmp_path, "", {}, pages=80)
    memory = Memory(100 * _PAGE, root=root)
    for pages, expected in ((80, 1000), (81, 19), (90, 10), (100, 1), (200, 1)):
        _root(tmp_path, "", {}, pages=pages)
        memory.look()
        assert memory.short == (pages > 80)
        assert memory.allows(1000 * _PAGE, least=_PAGE) == expected * _PAGE
    assert memory.allows(2 * _PAGE, least=_PAGE) == _PAGE


def test_this_process_is_seen_to_grow_and_to_shrink() -> None:
    memory, telemetry = Memory(), Telemetry()
    before = memory.resident
    held = [np.ones(_MIB // 16) for _ in range(200)]
    memory.measure(telemetry)
    assert memory.resident > before + 50 * _MIB
    assert telemetry.gauges()["barograph.monitor.memory.bytes", ()] == memory.resident
    assert telemetry.gauges()["barograph.monitor.memory.limit.bytes", ()] <= _MACHINE
    held.clear()
    release()
    memory.look()
    assert memory.resident < before + 50 * _MIB


def test_short_memory_is_said_at_a_start_with_figures(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = _root(tmp_path, "0::/\n", {}, pages=85 * _MIB // _PAGE)
    Memory(200 * _MIB, root=root).warn()
    assert caplog.messages == []
    Memory(100 * _MIB, root=root).warn()
    [said] = caplog.messages
    assert "85 MiB are taken of 100, and from 80 on" in said
    assert "limits.memory_bytes" in said


def test_what_is_taken_at_rest_is_as_it_is_said(tmp_path: Path) -> None:
    """Of a real processor; and that it is short then is in its log."""
    config = tmp_path / "barograph.toml"
    config.write_text("[limits]\nmemory_bytes = 50_000_000\n")
    with Processor(tmp_path, config=config) as processor:
        pages = int(Path(f"/proc/{processor.pid}/statm").read_text().split()[1])
        assert 0.7 * AT_REST_BYTES < pages * _PAGE < AT_REST_BYTES
        assert "memory is short from the start" in processor.log_tail()
