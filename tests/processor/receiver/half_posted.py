"""A client of HTTP that sends a part of large bodies on many connections, as fast as it is let.

Run as a program, ``half_posted.py HOST:PORT CONNECTIONS SIZE SENT``: what it sends is held in
another process. It says what it has sent, and how many were answered before their end, once it
can send no more.
"""

import selectors
import socket
import sys
import time

from tests.processor.receiver.held import hold

_PART = bytes(65536)


def main() -> None:
    """Send, and hold the connections until the input ends."""
    address, connections, size, part = sys.argv[1:]
    host, _, port = address.rpartition(":")
    head = (
        "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
        f"Content-Length: {size}\r\n\r\n"
    ).encode()
    selector = selectors.DefaultSelector()
    left: dict[socket.socket, int] = {}
    for _ in range(int(connections)):
        fresh = socket.create_connection((host, int(port)))
        fresh.sendall(head)
        fresh.settimeout(0)
        selector.register(fresh, selectors.EVENT_READ | selectors.EVENT_WRITE)
        left[fresh] = int(part)
    sent, answered = 0, set()
    end = time.monotonic() + 3.0
    while time.monotonic() < end:
        for key, events in selector.select(0.1):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            try:
                if events & selectors.EVENT_READ:
                    answered.add(one)
                    if not one.recv(65536):
                        selector.unregister(one)
                elif left[one]:
                    done = one.send(_PART[: left[one]])
                    left[one] -= done
                    sent += done
                    end = time.monotonic() + 3.0
            except BlockingIOError:
                continue
            except OSError:
                selector.unregister(one)
        time.sleep(0.001)
    hold(sent, len(answered))


if __name__ == "__main__":
    main()
