"""What is compiled at installation, and when it is used."""

import importlib.util
import os
from pathlib import Path

import pytest

from barograph_processor.otlp.compiled import is_current
from hatch_build import compiled

_LIBRARY = Path("barograph_processor/otlp/_wire.abi3.so")


@pytest.mark.usefixtures("needs_compiled")
def test_compiled_into_any_folder_from_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "with a space"
    assert compiled(folder) == folder / _LIBRARY
    spec = importlib.util.spec_from_file_location("_wire", folder / _LIBRARY)
    assert spec is not None
    wire = importlib.util.module_from_spec(spec)
    counts, _, urls, *_ = wire.read((b"\x0a\x05\x1a\x03abc", b""), int)
    assert counts == [0, 0]
    assert urls == [b"abc"]


def test_without_a_compiler_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of an earlier installation either."""
    library = tmp_path / _LIBRARY
    library.parent.mkdir(parents=True)
    library.write_bytes(b"of before")
    monkeypatch.setenv("CC", "/bin/false")
    assert compiled(tmp_path) is None
    assert not library.exists()


def test_what_is_older_than_its_sources_is_not_used(tmp_path: Path) -> None:
    """As after a pull in an editable checkout: it may take other arguments than it is given."""
    library, sources = tmp_path / "_wire.abi3.so", tmp_path / "wire"
    library.touch()
    assert is_current(library, sources)
    sources.mkdir()
    for name, seconds in (("a.c", 5), ("a.h", 7), ("README", 9)):
        (sources / name).touch()
        os.utime(sources / name, (seconds, seconds))
    for seconds, current in ((8, True), (7, True), (6, False), (4, False)):
        os.utime(library, (seconds, seconds))
        assert is_current(library, sources) == current
