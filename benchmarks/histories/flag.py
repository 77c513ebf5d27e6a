"""What a contender says: an alarm, and what it has cost to say all of them."""

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.histories.history import History

__all__ = ["KINDS", "Answer", "Flag", "answer"]

KINDS = ("inputs", "outputs", "estimated", "labels")
"""What an alarm is about."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One alarm.

    Attributes:
        window: In which it is raised.
        kind: One of ``KINDS``.
        subject: The column, metric or slice.
        page: Whether somebody should be woken up; None where a tool has no such notion.
    """

    window: int
    kind: str
    subject: str
    page: bool | None = None


Answer = Callable[[History, Path], list[Flag]]
"""From a history and its file to all alarms."""


def answer(contender: Answer, arguments: list[str]) -> None:
    """Be the program of a contender: ``<folder> <name>``, and print what it says as JSON."""
    folder, name = Path(arguments[0]), arguments[1]
    warnings.simplefilter("ignore")
    answers_to, sys.stdout = sys.stdout, sys.stderr
    history = History.read(folder, name)
    started = time.process_time()
    flags = contender(history, folder / f"{name}.csv")
    seconds = time.process_time() - started
    said = [[flag.window, flag.kind, flag.subject, flag.page] for flag in flags]
    answers_to.write(json.dumps({"seconds": seconds, "flags": said}) + "\n")
