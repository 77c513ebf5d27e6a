"""Replay histories that others made: ``python -m benchmarks.histories.run``.

Barograph, NannyML and Evidently, each with its defaults and in an environment of its own, on
the same rows. README.md says what is measured, and the benchmark's own bias first.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.detection.contenders import CONTENDERS
from benchmarks.histories.data import histories, shuffled, write
from benchmarks.histories.flag import KINDS, Flag
from benchmarks.histories.history import History
from benchmarks.histories.verdict import Verdict
from benchmarks.machine import machine

_ROOT = Path(__file__).resolve().parents[2]
_WHO = ("barograph", "nannyml", "evidently")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def ask(who: str, history: History, folder: Path, *, aloud: bool) -> tuple[list[Flag], float]:
    """Return what a contender says of a history, and its CPU seconds."""
    python = next(each for each in CONTENDERS if each.name == who).python()
    done = subprocess.run(
        [str(python), "-m", f"benchmarks.histories.peers.{who}", str(folder), history.name],
        stdout=subprocess.PIPE,
        stderr=None if aloud else subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
    )
    said = json.loads(done.stdout)
    return [Flag(*flag) for flag in said["flags"]], said["seconds"]


def rows(
    chosen: str, contenders: list[str], *, seed: int, aloud: bool
) -> Iterator[tuple[str, str, Verdict, float]]:
    """Yield history, contender, verdict and CPU seconds, each history as it is and shuffled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for history, table in histories():
            if chosen not in history.name:
                continue
            for told, order in ((history, table), shuffled(history, table, seed=seed)):
                write(told, order, folder)
                for who in contenders:
                    flags, seconds = ask(who, told, folder, aloud=aloud)
                    yield told.name, who, Verdict(told, flags), seconds


def main(arguments: list[str]) -> None:
    """Print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="histories whose name contains this")
    parser.add_argument("--who", nargs="*", default=list(_WHO), choices=_WHO)
    parser.add_argument("--seed", type=int, default=1, help="of the order of shuffled rows")
    parser.add_argument("--sentences", action="store_true", help="what Barograph says, to stderr")
    given = parser.parse_args(arguments)
    print(machine(), end="\n\n")
    heads = [
        *("history", "tool", "windows", "false, all", "of them by labels"),
        *(f"first: {kind}" for kind in KINDS),
        *("alarms, all", "pages", "CPU seconds"),
    ]
    print("| " + " | ".join(heads) + " |")
    print("| " + " | ".join(["---"] * len(heads)) + " |", flush=True)
    for name, who, verdict, seconds in rows(
        given.only, given.who, seed=given.seed, aloud=given.sentences
    ):
        cells = [name, who, *verdict.cells(), f"{seconds:.1f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
