"""A client of gRPC in raw bytes that sends half of large messages, as fast as it is let.

Run as a program, ``half_sent.py HOST:PORT CALLS SIZE SENT``: what it sends is held in another
process, and its own memory stays small. It says what it has sent once it can send no more.
"""

import selectors
import socket
import sys
import time
from collections import defaultdict

from tests.processor.receiver.held import (
    CALL,
    DATA,
    END_HEADERS,
    HEADERS,
    PREFACE,
    frame,
    hold,
    literal,
)

_SETTINGS, _RESET, _PING, _WINDOW, _ACK = 4, 3, 6, 8, 1
_INITIAL_WINDOW_SIZE = 4
_PART = bytes(16384)


class HalfSent:
    """Calls on one connection, of messages of a size of which only a part is sent.

    Attributes:
        sent: Bytes of all of them so far.
        ended: Calls that the server ended.
    """

    def __init__(self, address: str, *, calls: int, size: int, part: int) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.settimeout(0)
        self._in, self._out = b"", PREFACE + frame(_SETTINGS, 0, 0, b"")
        self._initial, self._all = 65535, 65535
        self._more: dict[int, int] = defaultdict(int)
        self._left: dict[int, int] = {}
        self.sent, self.ended = 0, 0
        block = b"".join(literal(*header) for header in CALL.items())
        for stream in range(1, 2 * calls, 2):
            self._out += frame(HEADERS, END_HEADERS, stream, block)
            self._out += frame(DATA, 0, stream, b"\0" + size.to_bytes(4))
            self._all -= 5
            self._more[stream] -= 5
            self._left[stream] = part

    def run(self, seconds: float) -> None:
        """Send what the server lets, until it lets nothing for so long."""
        selector = selectors.DefaultSelector()
        selector.register(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            selector.select(0.1)
            self._read()
            if self._write():
                end = time.monotonic() + seconds
            else:
                time.sleep(0.001)

    def _write(self) -> bool:
        for stream, left in self._left.items():
            if self._out:
                break
            room = min(self._all, self._initial + self._more[stream], left, len(_PART))
            if room > 0:
                self._out = frame(DATA, 0, stream, _PART[:room])
                self._all -= room
                self._more[stream] -= room
                self._left[stream] -= room
                self.sent += room
        if not self._out:
            return False
        try:
            self._out = self._out[self._socket.send(self._out) :]
        except BlockingIOError:
            return False
        return True

    def _read(self) -> None:
        try:
            self._in += self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        while len(self._in) >= 9 + (size := int.from_bytes(self._in[:3])):
            kind, flags, stream = self._in[3], self._in[4], int.from_bytes(self._in[5:9])
            content, self._in = self._in[9 : 9 + size], self._in[9 + size :]
            self._answer(kind, flags, stream, content)

    def _answer(self, kind: int, flags: int, stream: int, content: bytes) -> None:
        if kind == _WINDOW:
            if stream:
                self._more[stream] += int.from_bytes(content)
            else:
                self._all += int.from_bytes(content)
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            for at in range(0, len(content) if kind == _SETTINGS else 0, 6):
                if int.from_bytes(content[at : at + 2]) == _INITIAL_WINDOW_SIZE:
                    self._initial = int.from_bytes(content[at + 2 : at + 6])
            self._out += frame(kind, _ACK, 0, b"" if kind == _SETTINGS else content)
        elif kind == _RESET and self._left.pop(stream, None) is not None:
            self.ended += 1


def main() -> None:
    """Send, say how much it was, and hold it until the input ends."""
    address, calls, size, part = sys.argv[1:]
    client = HalfSent(address, calls=int(calls), size=int(size), part=int(part))
    client.run(3.0)
    hold(client.sent, client.ended)


if __name__ == "__main__":
    main()
