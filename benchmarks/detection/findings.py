"""What a run of the benchmark found."""

import json
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.contenders import CONTENDERS, Contender
from benchmarks.detection.labelled import LabelledStream
from benchmarks.detection.measure import Measured, measure
from benchmarks.detection.suite import SUITES, AnyStream

__all__ = ["Findings", "machine"]

_VERSIONS = (
    "import sys; from importlib.metadata import version; "
    "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
)


def machine(contenders: Iterable[Contender]) -> dict[str, str]:
    """Return the date, the hardware, and the versions in each environment."""
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{cpu}, {platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
    }
    for each in contenders:
        done = subprocess.run(
            [str(each.python()), "-c", _VERSIONS, *each.shown],
            capture_output=True,
            text=True,
            check=True,
        )
        found[each.name] = done.stdout.strip()
    return found


@dataclass
class Findings:
    """Answers of all contenders.

    Attributes:
        machine: Where it ran.
        profile: Which streams.
        file: Where each answer is kept as it comes, so that a run that was cut off goes on.
        costs: Seconds and memory by detector.
        failures: What raised, as sentences.
    """

    machine: dict[str, str]
    profile: str
    file: Path
    costs: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read what an earlier run left."""
        if self.file.exists():
            for text in self.file.read_text(encoding="utf-8").splitlines():
                contender, answer = json.loads(text)
                self._add(contender, answer)

    def missing(self, contender: str, jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the jobs that a contender has not answered yet."""
        done = {(a["stream"], a["seed"]) for name, a in self._answers if name == contender}
        return [job for job in jobs if (job["stream"], job["seed"]) not in done]

    def take(self, contender: str, answer: dict[str, Any]) -> None:
        """Add an answer, and keep it."""
        self._add(contender, answer)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([contender, answer]) + "\n")

    def take_cost(self, contender: str, answer: dict[str, Any]) -> None:
        """Add what a detector cost."""
        if "failed" in answer:
            self.failures.append(f"{contender}, cost of {answer['cost']}: {answer['failed']}")
        else:
            self.costs.append(answer)

    def _add(self, contender: str, answer: dict[str, Any]) -> None:
        if "failed" in answer:
            name = SUITES[self.profile][answer["stream"]].name
            self.failures.append(f"{contender}, {name}, seed {answer['seed']}: {answer['failed']}")
        else:
            self._answers.append((contender, answer))

    def drift_detectors(self, contender: str) -> list[str]:
        """Return a contender's detectors that need no labels, in order of appearance."""
        streams = SUITES[self.profile]
        return list(
            dict.fromkeys(
                answer["detector"]
                for name, answer in self._answers
                if name == contender and not isinstance(streams[answer["stream"]], LabelledStream)
            )
        )

    def measured(self) -> list[tuple[AnyStream, str, Measured]]:
        """Return the figures of each stream and detector, in the order of the tables.

        Raises:
            ValueError: Two contenders did not see the same rows.
        """
        seen: dict[tuple[int, int], float] = {}
        alarms: dict[tuple[int, str], list[list[Alarm]]] = {}
        rank = {each.name: place for place, each in enumerate(CONTENDERS)}
        for _, answer in sorted(self._answers, key=lambda pair: rank[pair[0]]):
            run = (answer["stream"], answer["seed"])
            if seen.setdefault(run, answer["fingerprint"]) != answer["fingerprint"]:
                raise ValueError(f"{answer['detector']} saw other rows in run {run}")
            where = (answer["stream"], answer["detector"])
            alarms.setdefault(where, []).append([Alarm(*alarm) for alarm in answer["alarms"]])
        streams = SUITES[self.profile]
        return [
            (streams[at], detector, measure(streams[at], runs))
            for (at, detector), runs in sorted(alarms.items(), key=lambda item: item[0][0])
        ]

    def document(self) -> dict[str, Any]:
        """Return everything but the single alarms."""
        return {
            "machine": self.machine,
            "profile": self.profile,
            "rows": [
                {"stream": stream.name, "detector": detector, **asdict(figures)}
                for stream, detector, figures in self.measured()
            ],
            "costs": self.costs,
            "failures": self.failures,
        }
