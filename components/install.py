"""Brings what Debian packages: Prometheus, Alertmanager, Chromium, a C compiler and headers."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from components.errors import ComponentError

__all__ = ["PACKAGES", "install", "missing_packages"]

PACKAGES = {
    "prometheus": ("prometheus", "promtool"),
    "prometheus-alertmanager": ("prometheus-alertmanager",),
    "chromium": ("chromium",),
    "build-essential": ("cc",),
    # Its headers come with this program, as they do with a Python from elsewhere.
    "python3-dev": ("python3-config",),
}
"""From packages to the programs that are wanted of them."""

_POLICY = Path("/usr/sbin/policy-rc.d")
_APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3")


def missing_packages() -> list[str]:
    """Return the packages of which a program is missing."""
    return [
        package
        for package, programs in PACKAGES.items()
        if not all(shutil.which(program) for program in programs)
    ]


def install() -> list[str]:
    """Install what is missing, start no daemon, and return what was installed.

    Does nothing, and needs no rights, when nothing is missing.

    Raises:
        ComponentError: Not root, no apt-get, or apt-get failed.
    """
    wanted = missing_packages()
    if not wanted:
        return []
    by_hand = f"install {' and '.join(wanted)} by hand"
    if shutil.which("apt-get") is None:
        raise ComponentError(f"this is not Debian or one of its children: {by_hand}")
    if os.geteuid() != 0:
        raise ComponentError(f"installing needs root: run this again as root, or {by_hand}")
    with _no_daemons():
        _run([*_APT, "update"])
        _run([*_APT, "install", "--yes", "--no-install-recommends", *wanted])
    _no_daemons_at_boot()
    if still := missing_packages():
        raise ComponentError(f"apt-get installed {', '.join(wanted)}, and {still} lack programs")
    return wanted


@contextlib.contextmanager
def _no_daemons() -> Iterator[None]:
    """Have packages start nothing, by Debian's own policy layer.

    We want the program, not a daemon on port 9090 that tests would talk to. A
    policy that is there already is somebody's decision and stays as it is.
    """
    try:
        with _POLICY.open("x") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    try:
        _POLICY.chmod(0o755)
        yield
    finally:
        _POLICY.unlink()


def _no_daemons_at_boot() -> None:
    """Undo what the package enables where systemd runs."""
    if Path("/run/systemd/system").is_dir():
        daemons = ("prometheus", "prometheus-alertmanager")
        subprocess.run(["systemctl", "disable", "--now", "--quiet", *daemons], check=False)


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise ComponentError(f"`{' '.join(command)}` failed with {done.returncode}, see above")
