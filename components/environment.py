"""Virtual environments for packages that must not meet ours: peers and oracles."""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from components.build import cache_directory, locked
from components.errors import ComponentError, ComponentMissingError

__all__ = ["ENVIRONMENTS", "Environment"]


@dataclass(frozen=True)
class Environment:
    """A set of pinned packages in a virtual environment of its own.

    It appears under its name only when it is whole, and two builds of it
    exclude each other by a file lock.
    """

    name: str
    """What it is called here and on the command line."""

    packages: tuple[str, ...]
    """Pinned requirements, tried together; their own dependencies follow from them."""

    sources: tuple[str, ...] = ()
    """Requirements without a wheel, built afterwards with the packages as tools."""

    @property
    def directory(self) -> Path:
        """Where it is, or will be."""
        return cache_directory() / "environments" / f"{self.name}-{self.digest()}"

    def digest(self) -> str:
        """Return 16 hex digits that change with the packages and with Python."""
        known = (platform.python_version_tuple()[:2], platform.machine(), self)
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def find(self) -> Path:
        """Return its interpreter.

        Raises:
            ComponentMissingError: It has not been made.
        """
        python = self.directory / "bin" / "python"
        if not python.is_file():
            raise ComponentMissingError(
                f"the packages of {self.name} are not installed: "
                f"run `python -m components environment {self.name}`"
            )
        return python

    def build(self) -> Path:
        """Make it unless that has been done, and return its interpreter.

        Raises:
            ComponentError: pip failed; what it said stands above.
        """
        with locked(cache_directory() / "environments" / f"{self.name}.lock"):
            with contextlib.suppress(ComponentMissingError):
                return self.find()
            # Made under its own name, since scripts in it name their interpreter.
            shutil.rmtree(self.directory, ignore_errors=True)
            try:
                self._make()
            except BaseException:
                shutil.rmtree(self.directory, ignore_errors=True)
                raise
        return self.find()

    def _make(self) -> None:
        _run([sys.executable, "-m", "venv", str(self.directory)], {})
        pip = [str(self.directory / "bin" / "pip"), "--quiet", "install"]
        _run([*pip, *self.packages], {})
        if self.sources:
            headers = next(self.directory.glob("lib/python3*/site-packages/boost_headers"), None)
            path = f"{self.directory / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
            where = {"PATH": path, **({} if headers is None else {"BOOST_ROOT": str(headers)})}
            _run([*pip, "--no-build-isolation", "--no-deps", *self.sources], where)


def _run(command: list[str], more: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "TMPDIR": scratch, **more}
        done = subprocess.run(command, env=environment, check=False)
    if done.returncode != 0:
        raise ComponentError(f"`{' '.join(command)}` failed with {done.returncode}, see above")


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        # The oracle for confidence sequences: a source distribution that needs Boost's
        # headers, a numpy that still has float_, and pandas of the same age.
        Environment(
            "confseq",
            (
                "boost-headers==1.85.0.post1",
                "cmake<5",
                "matplotlib<3.10",
                "multiprocess<0.71",
                "ninja",
                "numpy==1.26.4",
                "pandas<2.3",
                "pybind11<4",
                "scikit-build<0.20",
                "scipy<1.16",
                "setuptools<81",
                "wheel",
            ),
            sources=("confseq==0.0.11",),
        ),
        # The oracle for estimated performance, and a peer of the detection benchmark. It
        # forgets to ask for statsmodels, and does not import beside pandas 3.
        Environment(
            "nannyml",
            (
                "nannyml==0.13.1",
                "numpy==2.2.6",
                "pandas==2.3.3",
                "scikit-learn==1.9.1",
                "statsmodels==0.15.0",
            ),
        ),
    )
}
"""By name."""
