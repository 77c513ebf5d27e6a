"""Checks of what is configured, without asking anybody."""

import math
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from barograph_processor.access import Access
from barograph_processor.config import AlarmConfig, Config, exposures
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.otlp import compiled
from barograph_processor.receiver import Certificates
from barograph_processor.state.alarm.harm_budget import HARM_SHARES, harm_budget
from barograph_processor.state.window.baseline import read_baselines

__all__ = ["budget", "references", "security", "versions"]

_PACKAGES: Final = ("numpy", "grpcio", "opentelemetry-proto", "protobuf", "starlette", "uvicorn")


def versions() -> Iterator[Finding]:
    """Say what runs."""
    found = [f"Python {platform.python_version()}", *map(_version, ("barograph", *_PACKAGES))]
    yield fine("versions", ", ".join(found))
    if compiled.wire is not None:
        yield fine("compiled", "spans are read by compiled code")
    else:
        yield fine(
            "compiled",
            "spans are read by numpy, for four to six times the CPU: at installation there was no "
            "C compiler, or the sources have changed since",
        )


def security(config: Config) -> Iterator[Finding]:
    """Look for open doors, and for secrets and certificates that cannot be read."""
    open_doors = exposures(config)
    for door in open_doors:
        if config.serve.trust_network:
            yield warning("exposure", f"{door}; trust_network allows it", "see that it is guarded")
        else:
            yield error("exposure", door, "give [tls] and [tokens], or trust_network")
    if not open_doors:
        yield fine("exposure", "nothing is open to others without TLS and a token or certificate")
    try:
        Access.configured(config.tokens)
        Certificates.configured(config.tls)
    except ConfigurationError as mistake:
        yield error(
            "secrets",
            str(mistake),
            "mend the file or variable: a processor that runs goes on with what it had, and "
            "does not start again",
        )
    else:
        yield fine("secrets", "tokens and certificates that are configured can be read")


def references(config: Config) -> Iterator[Finding]:
    """Read the baselines that are named, if any are."""
    try:
        read = read_baselines(config.reference_files, config.tasks)
    except ConfigurationError as mistake:
        yield error("reference", str(mistake), "mend the file or its name; serve will not start")
    else:
        if read:
            yield fine("reference", f"baselines that can be read: {len(read)}")


def budget(config: Config) -> Iterator[Finding]:
    """Say how the alarm budget is split, and at which evidence each part alarms."""
    yield fine("budget", _budget(config.alarm))
    for name, model in sorted(config.models.items()):
        if model.alarm != config.alarm:
            yield fine(f"budget of {name}", _budget(model.alarm))


def _budget(alarm: AlarmConfig) -> str:
    """Return the split in a sentence.

    >>> _budget(AlarmConfig()).partition(";")[0]
    'one false alarm in 10,000 windows: 50% for harm, 50% for drift'
    """
    windows = alarm.windows_between_false_alarms
    drift = windows / (1 - alarm.harm_share)
    parts = [f"drift alarms at 10^{math.log10(drift):.1f} shared by what is watched"]
    parts += [
        f"{monitor} at 10^{math.log10(harm_budget(alarm, monitor)):.1f} "
        f"({alarm.harm_share * share:.1%})"
        for monitor, share in HARM_SHARES.items()
    ]
    return (
        f"one false alarm in {windows:,.0f} windows: {alarm.harm_share:.0%} for harm, "
        f"{1 - alarm.harm_share:.0%} for drift; {'; '.join(parts)}"
    )


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} is missing"
