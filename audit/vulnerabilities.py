"""Known vulnerabilities of what is installed, if an advisory service answers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

__all__ = ["Vulnerabilities", "ask"]


@dataclass(frozen=True, slots=True)
class Vulnerabilities:
    """What pip-audit found.

    Attributes:
        known: A line for each.
        unchecked: Why nothing, or not everything, was asked; empty if all was.
    """

    known: tuple[str, ...]
    unchecked: str


def ask(installed: Mapping[str, Distribution], *, timeout: float = 120) -> Vulnerabilities:
    """Ask the advisory service that pip-audit knows about these versions."""
    pins = "".join(f"{name}=={found.version}\n" for name, found in sorted(installed.items()))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pins)
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name]
        options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                [*command, *options, "--cache-dir", str(Path(tempfile.gettempdir()) / "pip-audit")],
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            return Vulnerabilities((), "the advisory service did not answer in time")
    return read(done.stdout, done.stderr)


def read(answer: str, complaint: str = "") -> Vulnerabilities:
    """Read what pip-audit printed.

    >>> read("", "ConnectionError: name not known")
    Vulnerabilities(known=(), unchecked='ConnectionError: name not known')
    """
    try:
        asked = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines() or ["pip-audit gave no answer"]
        return Vulnerabilities((), last[-1])
    known = tuple(
        f"{one['name']} {one['version']}: {found['id']}, fixed in {found['fix_versions'] or 'none'}"
        for one in asked
        for found in one.get("vulns", ())
    )
    skipped = [one["name"] for one in asked if "skip_reason" in one]
    unchecked = f"the service does not know {len(skipped)} of {len(asked)}" if skipped else ""
    return Vulnerabilities(known, unchecked)
