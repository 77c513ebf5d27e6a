"""Compiled code neither reads nor writes what is not its own: watched by sanitizers.

The code is compiled a second time, with AddressSanitizer and UndefinedBehaviorSanitizer,
and reads requests that were cut and changed in a process of its own, which ends where
one of the two finds anything.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_SOURCES = _ROOT / "collector_processor/barograph_processor/otlp/wire"
_READS = """
import importlib.util, random, sys
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

spec = importlib.util.spec_from_file_location("_wire", sys.argv[1])
wire = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wire)
from barograph_processor.otlp import compiled
from barograph_processor.otlp.usual import read_usual_requests
from barograph_processor.otlp.dimensions import TraceDimensions
from barograph_processor.otlp.message import length_delimited
from benchmarks.ingest.load import SHAPES, Template

compiled.wire = wire
rng = random.Random(11)
dimensions = TraceDimensions(("service.version",), ("http.route",), True, True)
read = 0
for _ in range(400):
    shape = rng.choice(list(SHAPES))
    request = bytearray(Template.make(shape, spans=rng.choice([1, 2, 3, 4, 5, 64])).request())
    for _ in range(rng.randrange(4)):
        request[rng.randrange(len(request))] = rng.choice([0, 1, 0x0A, 0x12, 0x7F, 0x80, 0xFF])
    if rng.random() < 0.3:
        del request[rng.randrange(len(request)):]
    # A bytes object of its own, so that what lies behind it is none of it.
    read += read_usual_requests([bytes(request)], dimensions) is not None
    for way in range(3):
        wire.read((bytes(request),), lambda prefix: way)
for shape in SHAPES:
    request = ExportTraceServiceRequest.FromString(Template.make(shape, spans=1).request())
    span = request.resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    for size in range(len(span)):
        # Cut anywhere, and longer than it is: what it says would lead behind the end. In a
        # frame whose ends are its own, and in one that is cut itself.
        for changed in (span[:size], span[:size] + bytes([127]) + span[size + 1 :]):
            framed = length_delimited(1, length_delimited(2, length_delimited(2, changed)))
            for payload in (framed, framed[:size]):
                for way in (1, 2):
                    wire.read((payload,), lambda prefix: way)
    # A value that ends too early, as the last of all bytes.
    del request.resource_spans[0].scope_spans[0].spans[0].attributes[:]
    bare = request.resource_spans[0].scope_spans[0].spans[0].SerializeToString()
    number, whole = b"\\x21" + bytes(8), b"\\x18" + b"\\xff" * 9 + b"\\1"
    for value in (number, whole, b"\\x0a\\5hello", b"\\x10\\1"):
        for size in range(len(value) + 1):
            pair = length_delimited(1, b"k") + length_delimited(2, value[:size])
            span = bare + length_delimited(9, pair)
            framed = length_delimited(1, length_delimited(2, length_delimited(2, span)))
            for way in (1, 2):
                wire.read((framed,), lambda prefix: way)
assert 100 < read < 400, read
print("read", read)
"""


_SANITIZED = ("-g", "-O1", "-fno-sanitize-recover=all", "-fsanitize=address,undefined")


def build(sources: Iterable[Path], made: Path, *options: str) -> None:
    command = ["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wshadow", "-Werror", *options]
    command += [f"-I{_SOURCES}", f"-I{sysconfig.get_path('include')}", "-o", str(made)]
    command += map(str, sorted(sources))
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *arguments],
        env=dict(os.environ) | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def read_watched(library: Path) -> "subprocess.CompletedProcess[str]":
    found = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    )
    # Python's own arenas would hide where an object ends, and it frees not all at its end.
    return python(
        "-c",
        _READS,
        str(library),
        LD_PRELOAD=found.stdout.strip(),
        PYTHONMALLOC="malloc",
        ASAN_OPTIONS="detect_leaks=0",
    )


@pytest.mark.usefixtures("needs_compiled")
def test_no_byte_of_others_is_touched(tmp_path: Path) -> None:
    build(_SOURCES.glob("*.c"), tmp_path / "_wire.so", *_SANITIZED)
    done = read_watched(tmp_path / "_wire.so")
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith("read")


@pytest.mark.parametrize(
    ("name", "check", "without"),
    [
        ("wire.h", "return size <= stop - *at ? size : -1;", "return size;"),
        ("spans.c", " || size > stop - at) {", ") {"),
        ("attributes.c", "if (size > stop - start) {", "if (size == 1) {"),
        ("values.c", "if (stop - at != 8) {", "if (stop == at) {"),
    ],
)
@pytest.mark.usefixtures("needs_compiled")
def test_without_one_of_its_checks_it_would_be(
    tmp_path: Path, name: str, check: str, without: str
) -> None:
    shutil.copytree(_SOURCES, tmp_path / "wire")
    source = tmp_path / "wire" / name
    text = source.read_text()
    assert check in text
    source.write_text(text.replace(check, without))
    build((tmp_path / "wire").glob("*.c"), tmp_path / "_wire.so", *_SANITIZED)
    done = read_watched(tmp_path / "_wire.so")
    assert done.returncode != 0
    assert "AddressSanitizer" in done.stderr


_HASHES = """
import ctypes, os, sys

assert sys.hash_info.algorithm == "siphash13"
# With PYTHONHASHSEED Python's secret is of these bytes: `lcg_urandom` of Python/bootstrap_hash.c.
secret, state = bytearray(), int(os.environ["PYTHONHASHSEED"])
for _ in range(16):
    state = (state * 214013 + 2531011) % 2**32
    secret.append(state >> 16 & 0xFF)
os.urandom = lambda size: bytes(secret[:size])
library = ctypes.PyDLL(sys.argv[1])
library.hashed.restype = ctypes.c_uint64
library.hashed.argtypes = ctypes.c_char_p, ctypes.c_ssize_t
assert library.index_draw_seeds() == 0
for size in range(1, 80):
    data = bytes(255 - n for n in range(size))
    assert library.hashed(data, size) == hash(data) % 2**64, size
"""
_HASHED = """
#include "index.c"

uint64_t hashed(const uint8_t *at, Py_ssize_t size) { return hash_of(at, size); }
"""


@pytest.mark.usefixtures("needs_compiled")
def test_tables_are_kept_by_the_hash_of_python(tmp_path: Path) -> None:
    """Of a secret that nobody knows; with one that mixes less, strings collide with any secret."""
    source, library = tmp_path / "hashed.c", tmp_path / "hashed.so"
    source.write_text(_HASHED)
    build([source], library)
    done = python("-c", _HASHES, str(library), PYTHONHASHSEED="7")
    assert done.returncode == 0, done.stderr[-4000:]


_COUNTED = """
#include <stdlib.h>

__attribute__((weak)) long taken_now = 0, left_to_take = -1;

static inline void *
counted(void *taken)
{
    taken_now += taken != NULL;
    return taken;
}

static inline void *
counted_realloc(void *taken, size_t size)
{
    return taken ? realloc(taken, size) : counted(malloc(size));
}

static inline void
counted_free(void *taken)
{
    taken_now -= taken != NULL;
    free(taken);
}

#define malloc(size) (left_to_take-- ? counted(malloc(size)) : NULL)
#define calloc(count, size) (left_to_take-- ? counted(calloc(count, size)) : NULL)
#define realloc(taken, size) (left_to_take-- ? counted_realloc(taken, size) : NULL)
#define free(taken) counted_free(taken)
"""


@pytest.mark.usefixtures("needs_compiled")
def test_nothing_is_kept_wherever_memory_ends(tmp_path: Path) -> None:
    header, library = tmp_path / "counted.h", tmp_path / "_wire.so"
    header.write_text(_COUNTED)
    build(_SOURCES.glob("*.c"), library, "-include", str(header))
    done = python("-m", "tests.processor.otlp.wire_failures", str(library))
    assert done.returncode == 0, done.stderr[-4000:]
    failures = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    # With tables that grow: of spans, of attributes, of their keys, and of what is distinct.
    assert int(failures["usual"]) >= 20
