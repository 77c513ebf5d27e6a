"""A disk of our own that can be made to fail: a file as ext4, where the machine lets us mount."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

__all__ = ["Disk", "mounted_disk"]

_BYTES: Final = 48 * 1024 * 1024
# EXT4_IOC_SHUTDOWN, without writing what waits: from now on every access is an EIO.
_SHUTDOWN: Final = 0x8004587D
_NO_LOG: Final = 2


class Disk:
    """A file system in a file.

    Args:
        image: The file.
        path: Where it is mounted.
    """

    def __init__(self, image: Path, path: Path) -> None:
        self._image = image
        self.path = path

    def mount(self) -> None:
        """Put it in its place, whole again."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def unmount(self) -> None:
        """Take it away, which only goes while nobody holds a file of it."""
        _run("umount", str(self.path))

    def turn_read_only(self) -> None:
        """As ext4 does when it finds an error, for files that are open too."""
        _run("mount", "-o", "remount,abort", str(self.path))

    def break_off(self) -> None:
        """Answer every read and write with EIO, as if the cable were pulled."""
        directory = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, _SHUTDOWN, struct.pack("I", _NO_LOG))
        finally:
            os.close(directory)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let there be no room: everything fails with ENOSPC."""
        ballast = self.path / "ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        try:
            size = 1 << 20
            while size:
                try:
                    size = os.write(file, bytes(size)) and size
                except OSError:
                    size //= 2
        finally:
            os.close(file)
        yield
        ballast.unlink()


@contextmanager
def mounted_disk(directory: Path) -> Iterator[Disk]:
    """Return a mounted disk; skip the test where that is not allowed.

    Also in CI: it is a right of whoever runs the tests, as to be root is, and nothing that could
    be installed. pytest says so at its end.
    """
    image, path = directory / "image", directory / "disk"
    path.mkdir()
    with image.open("wb") as file:
        file.truncate(_BYTES)
    disk = Disk(image, path)
    try:
        _run("mkfs.ext4", "-q", "-F", str(image))
        disk.mount()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=False, capture_output=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
