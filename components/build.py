"""Builds the Go programs once per set of inputs, outside the checkout."""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.errors import ComponentError, ComponentMissingError

__all__ = ["COLLECTOR", "JAEGER", "RECIPES", "Recipe", "cache_directory", "locked"]

_HERE = Path(__file__).resolve().parent

# Static, without paths of the machine and without symbols: the same inputs give
# the same bytes wherever they are built. `-mod=readonly` keeps go.sum in charge.
_FLAGS = ("-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w")
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off"}


def cache_directory() -> Path:
    """Return where binaries are kept: ``$BAROGRAPH_CACHE``, else in the user's cache."""
    if configured := os.environ.get("BAROGRAPH_CACHE"):
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "barograph"


@dataclass(frozen=True)
class Recipe:
    """How one program is made from a directory with a ``go.mod``.

    Two builds of the same recipe, in one process or in several, exclude each
    other by a file lock, and a binary appears under its name only when it is
    whole.
    """

    name: str
    """What it is called here and on the command line."""

    executable: str
    """File name of the binary."""

    package: str
    """The Go package to build, as ``go build`` wants it."""

    @property
    def directory(self) -> Path:
        """Where go.mod, go.sum and the sources are."""
        return _HERE / self.name

    @property
    def path(self) -> Path:
        """Where the binary is, or will be once it is built."""
        return cache_directory() / f"{self.name}-{self.digest()}" / self.executable

    def digest(self) -> str:
        """Return 16 hex digits that change whenever the binary would have to.

        The version of Go is left out: go.mod names the least one, and a binary
        stays usable on a machine whose Go has moved on or is gone.
        """
        state = hashlib.sha256()
        state.update(repr((sys.platform, platform.machine(), _FLAGS, self.package)).encode())
        for source in sorted(self.directory.iterdir()):
            if source.suffix in {".go", ".mod", ".sum"}:
                state.update(f"{source.name}\0".encode())
                state.update(hashlib.sha256(source.read_bytes()).digest())
        return state.hexdigest()[:16]

    def find(self) -> Path:
        """Return the binary's path.

        Raises:
            ComponentMissingError: It has not been built from the present inputs.
        """
        if not self.path.is_file():
            raise ComponentMissingError(
                f"{self.executable} is not built: run `python -m components build {self.name}`"
            )
        return self.path

    def build(self) -> Path:
        """Build the program unless that has been done, and return its path.

        Takes minutes the first time on a new machine, and no time afterwards.

        Raises:
            ComponentMissingError: Go is absent or too old.
            ComponentError: The build failed; the message has what Go printed last.
        """
        path = self.path
        with locked(cache_directory() / f"{self.name}.lock"):
            if path.is_file():
                return path
            go = self._go()
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as scratch:
                built = Path(scratch) / self.executable
                _run([go, "build", *_FLAGS, "-o", str(built), self.package], self.directory)
                built.replace(path)
        return path

    def _go(self) -> str:
        """Return a ``go`` that is new enough for this go.mod."""
        text = (self.directory / "go.mod").read_text()
        wanted = re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE)
        if wanted is None:
            raise ComponentError(f"{self.directory / 'go.mod'} names no version of Go")
        least = (int(wanted[1]), int(wanted[2]))
        label = f"Go {least[0]}.{least[1]} or newer"
        go = shutil.which("go")
        if go is None:
            raise ComponentMissingError(f"building {self.name} needs {label}, and there is no `go`")
        printed = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
        found = re.search(r"go(\d+)\.(\d+)", printed.stdout)
        if found is None:
            raise ComponentError(f"`{go} version` printed {printed.stdout + printed.stderr!r}")
        if (int(found[1]), int(found[2])) < least:
            raise ComponentMissingError(
                f"building {self.name} needs {label}, and {go} is {found[1]}.{found[2]}"
            )
        return go


COLLECTOR = Recipe(name="collector", executable="otelcol-barograph", package=".")
JAEGER = Recipe(
    name="jaeger", executable="jaeger", package="github.com/jaegertracing/jaeger/cmd/jaeger"
)
RECIPES = {recipe.name: recipe for recipe in (COLLECTOR, JAEGER)}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, across processes; the kernel frees it if we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: list[str], directory: Path) -> None:
    """Run a build, letting it speak on stderr, or fail with the end of what it said."""
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **_ENVIRONMENT},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        lines: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            lines = [*lines[-29:], line]
    if process.returncode != 0:
        raise ComponentError(f"`{' '.join(command)}` failed:\n{''.join(lines)}")
