"""An HTTP server that takes everything, says 200, and costs as little as it can.

python -m benchmarks.sdk_overhead.sink PORT

It is told what to do with what arrives: `/-/drop` (as at first), `/-/keep`, or `/-/hold`, which
answers nothing until another order comes. `/-/calls` says of how many different calls the
kept bodies speak, whatever their format: every call has a mark of its own among its inputs.
"""

import asyncio
import gzip
import json
import re
import sys
import zlib

from benchmarks.sdk_overhead.workload import MARK

__all__ = ["serve"]

# What Opik, Weave and Datadog's agent are asked before they send; the rest reads nothing of it.
ANSWERS = {
    b"/obj/create": {"digest": "0" * 43, "object_id": "o"},
    b"/file/create": {"digest": "0" * 43},
    b"/info": {"endpoints": ["/evp_proxy/v2/", "/v0.4/traces"], "client_drop_p0s": False},
}


class Sink:
    """What arrived since the last order."""

    def __init__(self) -> None:
        self.kept: list[tuple[bool, bytes]] = []
        self.keeps = False
        self.free = asyncio.Event()
        self.free.set()

    def obey(self, order: bytes) -> None:
        self.kept.clear()
        self.keeps = order == b"keep"
        if order == b"hold":
            self.free.clear()
        else:
            self.free.set()

    def calls(self) -> int:
        marks: set[bytes] = set()
        for zipped, body in self.kept:
            marks.update(re.findall(MARK.encode(), _plain(body) if zipped else body))
        return len(marks)

    async def answer(self, path: bytes, body: bytes, *, zipped: bool) -> bytes:
        if path.startswith(b"/-/calls"):
            return json.dumps(self.calls()).encode()
        if path.startswith(b"/-/"):
            self.obey(path[3:])
            return b"{}"
        if self.keeps and body:
            self.kept.append((zipped, body))
        await self.free.wait()
        return json.dumps(ANSWERS.get(path, {})).encode()


def _plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else zlib.decompress(body)


async def serve(sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            headers = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
            )
            body = await _body(reader, headers)
            zipped = headers.get(b"content-encoding", b"") in {b"gzip", b"deflate"}
            answer = await sink.answer(path, body, zipped=zipped)
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(answer), answer)
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _body(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding") != b"chunked":
        return await reader.readexactly(int(headers.get(b"content-length", 0)))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


async def main(port: int) -> None:
    sink = Sink()
    server = await asyncio.start_server(
        lambda reader, writer: serve(sink, reader, writer), "127.0.0.1", port, limit=1 << 20
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
