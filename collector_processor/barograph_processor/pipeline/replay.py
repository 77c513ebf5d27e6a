"""The journal's records as they were when they came: decoded, and many at once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from barograph_processor.exceptions import UndecodableError
from barograph_processor.journal import Record, unpacked
from barograph_processor.otlp import DecodedLogs, DecodedTraces, decode_logs
from barograph_processor.pipeline.decoder import Decoder
from barograph_processor.pipeline.inbox import ENOUGH_ITEMS, Item, Look
from barograph_processor.telemetry import Telemetry

__all__ = ["replayed"]

# Unpacked and decoded together; more of them are hardly cheaper.
_TOGETHER: Final = 16
_TOGETHER_BYTES: Final = 4 * 1024 * 1024

_Decoded = DecodedTraces | DecodedLogs | Look


def replayed(
    records: Iterable[Record], decoder: Decoder, telemetry: Telemetry
) -> Iterator[list[Item]]:
    """Yield what records hold, in order, as much at once as is worth processing together.

    A record that cannot be decoded is counted and left out: its checksum was right, so a
    version before this one could read it.

    Args:
        records: In order.
        decoder: Reads those of spans.
        telemetry: Counts what is left out.
    """
    items, rows = list[Item](), 0
    for group in _groups(records):
        for (record, _), decoded in zip(group, _decoded(group, decoder), strict=True):
            if decoded is None:
                telemetry.add("barograph.monitor.dropped", reason="undecodable_record")
                continue
            size = len(record.payload)
            item = Item(record.seq, record.signal, decoded, size, record.time_ns, size)
            items.append(item)
            rows += item.rows
            if rows >= ENOUGH_ITEMS:
                yield items
                items, rows = [], 0
    if items:
        yield items


def _groups(records: Iterable[Record]) -> Iterator[list[tuple[Record, bytes | None]]]:
    """Yield records with what they hold unpacked, None where that cannot be; a few at a time."""
    group, size = list[tuple[Record, bytes | None]](), 0
    for record in records:
        payload = _unpacked(record)
        group.append((record, payload))
        size += len(payload or b"")
        if len(group) >= _TOGETHER or size >= _TOGETHER_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _decoded(
    group: Sequence[tuple[Record, bytes | None]], decoder: Decoder
) -> Iterator[_Decoded | None]:
    traces = [
        payload for record, payload in group if record.signal == "traces" and payload is not None
    ]
    found = iter(decoder.decode_all(traces))
    for record, payload in group:
        try:
            if payload is None:
                yield None
            elif record.signal == "traces":
                yield _sound(next(found))
            elif record.signal == "logs":
                yield decode_logs(payload, received_ns=record.time_ns)
            else:
                yield Look.unpack(payload)
        except UndecodableError:
            yield None


def _unpacked(record: Record) -> bytes | None:
    try:
        return unpacked(record.payload) if record.signal != "clock" else record.payload
    except UndecodableError:
        return None


def _sound(found: DecodedTraces | Exception) -> DecodedTraces:
    if isinstance(found, Exception):
        raise found
    return found
