"""Compiles the part of the processor that is written in C: when it is installed, or as a script.

Where that fails, for want of a compiler say, the installation goes on without it, and
numpy does the same.
"""

import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

ROOT: Final = Path(__file__).parent
SOURCES: Final = "collector_processor"
MODULE: Final = "barograph_processor.otlp._wire"
SUFFIX: Final = ".abi3.so"


class Compile(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own is of no use here
    """What hatchling calls before it makes a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name what was made, if anything was."""
        del version
        made = compiled(ROOT / SOURCES)
        if made is None:
            return
        build_data["artifacts"].append(str(made.relative_to(ROOT)))
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{platform}"


def compiled(folder: Path) -> Path | None:
    """Compile into a folder of packages, and return the file; None if that failed."""
    sources = Path(ROOT, SOURCES, *MODULE.split(".")).parent / "wire"
    made = Path(folder, *MODULE.split(".")).with_suffix(SUFFIX)
    made.unlink(missing_ok=True)
    extension = Extension(
        MODULE,
        sources=[str(source) for source in sorted(sources.glob("*.c"))],
        depends=[str(header) for header in sorted(sources.glob("*.h"))],
        py_limited_api=True,
        optional=True,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    with TemporaryDirectory() as temporary:
        command.build_lib, command.build_temp = str(folder), temporary
        command.ensure_finalized()
        command.run()
    return made if made.exists() else None


if __name__ == "__main__":
    made = compiled(ROOT / SOURCES)
    sys.exit(None if made else "it could not be compiled")
