"""Who runs, in which environment, and how often."""

import sys
from dataclasses import dataclass
from pathlib import Path

from components.environment import ENVIRONMENTS, Environment

__all__ = ["CONTENDERS", "Contender"]


@dataclass(frozen=True, slots=True)
class Contender:
    """A package under test.

    Attributes:
        name: Also its module in ``peers``.
        shown: The distributions whose versions are printed.
        environment: Where it is installed; None for this interpreter.
        runs: Runs of each stream in the full profile; slow ones have fewer.
        quick: The same in the quick profile.
    """

    name: str
    shown: tuple[str, ...]
    environment: Environment | None
    runs: int
    quick: int

    def python(self) -> Path:
        """Return its interpreter, after installing what it needs."""
        return Path(sys.executable) if self.environment is None else self.environment.build()


def _peer(name: str, *packages: str, runs: int, quick: int) -> Contender:
    environment = Environment(f"peer-{name}", (f"{name}{packages[0]}", *packages[1:]))
    return Contender(name, (name, "numpy"), environment, runs, quick)


# Pins are sets that were seen to work: Evidently does not import beside pandas 3.
CONTENDERS = (
    Contender("barograph", ("numpy",), None, runs=20, quick=5),
    Contender("scipy", ("scipy",), None, runs=20, quick=5),
    _peer("frouros", "==0.9.0", "numpy==2.1.3", "scipy==1.14.1", runs=10, quick=3),
    _peer("river", "==0.26.1", "numpy==2.4.6", "scipy==1.17.1", runs=3, quick=2),
    Contender("nannyml", ("nannyml", "numpy"), ENVIRONMENTS["nannyml"], runs=5, quick=3),
    _peer("evidently", "==0.7.23", "numpy==2.4.6", "pandas==2.3.3", runs=2, quick=2),
)
"""In the order of the tables."""
