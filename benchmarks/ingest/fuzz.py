"""Fuzzes what reads foreign bytes: ``python -m benchmarks.ingest.fuzz -max_total_time=60``.

Needs atheris (``pip install atheris``); its options are those of libFuzzer. Coverage of
the decoders leads it, from requests as they are sent. Anything but an answer or a
refusal ends it, as does more than 1 GiB of memory, and so does a request that the fast
way reads otherwise than the plain way.
"""

import contextlib
import importlib
import sys
import tempfile
from pathlib import Path

from barograph_processor.exceptions import UndecodableError
from barograph_processor.otlp import decode_logs, decode_together, decode_traces
from barograph_processor.otlp.decode import decode_traces_plainly
from barograph_processor.otlp.json import logs_from_json, traces_from_json
from barograph_processor.otlp.usual import read_usual_traces
from barograph_processor.receiver.body import unpack
from barograph_processor.receiver.intake import RefusedError
from benchmarks.ingest.load import SHAPES, Template

_MOST_BYTES = 1 << 20
_PACKAGE = "barograph_processor"


def read(data: bytes) -> None:
    """Read bytes as everything that they may be.

    Raises:
        AssertionError: The two ways of reading differ.
    """
    with contextlib.suppress(RefusedError):
        data, _ = unpack(data, _MOST_BYTES)
    for convert in (traces_from_json, logs_from_json):
        with contextlib.suppress(UndecodableError):
            convert(data)
    with contextlib.suppress(UndecodableError):
        decode_logs(data)
    decode_together([data[: len(data) // 2], data[len(data) // 2 :]])
    with contextlib.suppress(UndecodableError):
        decode_traces(data)
        usual = read_usual_traces(data)
        if usual is not None:
            plain = decode_traces_plainly(data)
            assert usual.accepted == plain.accepted
            assert [len(b) for b in usual.batches] == [len(b) for b in plain.batches]


def main() -> None:
    atheris = importlib.import_module("atheris")
    for name in [name for name in sys.modules if name.startswith(_PACKAGE)]:
        for value in list(vars(sys.modules[name]).values()):
            if getattr(value, "__module__", None) == name and hasattr(value, "__code__"):
                atheris.instrument_func(value)
    with tempfile.TemporaryDirectory() as corpus:
        for shape in SHAPES:
            for spans in (1, 3):
                request = Template.make(shape, spans=spans).request()
                (Path(corpus) / f"{shape}-{spans}").write_bytes(request)
        atheris.Setup([sys.argv[0], "-rss_limit_mb=1024", *sys.argv[1:], corpus], read)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
