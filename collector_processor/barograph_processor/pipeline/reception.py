"""Requests on their way in: what waits together is read, decoded and made durable together."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from barograph_processor.exceptions import OverloadedError, UndecodableError
from barograph_processor.journal import Journal, SignalKind
from barograph_processor.otlp import DecodedLogs, DecodedTraces, decode_logs
from barograph_processor.pipeline.decoder import (
    MOST_BYTES,
    MOST_REQUESTS,
    Decoder,
    without_frames,
)
from barograph_processor.pipeline.inbox import Inbox, Item
from barograph_processor.pipeline.turn import Courtesy
from barograph_processor.telemetry import Telemetry

__all__ = ["Acknowledgement", "Read", "Reception"]

Read = Callable[[], tuple[bytes, bytes | None]]
"""Returns a request's message, and the same in gzip if it came so: what the journal keeps then.

What it raises the sender is told."""

_Decoded = DecodedTraces | DecodedLogs

# While one waits for the disk the other decodes.
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the sender is told about a request that was taken.

    Attributes:
        rejected: Spans or log records refused, not to be sent again.
        message: What was wrong; empty if nothing was. With ``rejected`` 0, a warning.
    """

    rejected: int
    message: str


@dataclass(slots=True)
class _Request:
    signal: SignalKind
    read: Read
    done: "Future[Acknowledgement]" = field(default_factory=Future)

    def refuse(self, error: BaseException) -> None:
        """Have an error raised where the request is waited for, and forget who waits."""
        # The error knows the frames that it came through, and they this request: they would
        # hold each other, and the message, until garbage is collected.
        done = self.done
        del self.done
        done.set_exception(error)


@dataclass(frozen=True, slots=True)
class _Message:
    """A request that was read, and has room in the inbox until it is there or refused."""

    request: _Request
    payload: bytes
    stored: bytes
    received_ns: int


class Reception:
    """Takes requests from any thread, and puts those that are durable into the inbox.

    What comes while some are decoded waits, and is the next group. Of a request of some
    hundred spans much is the same for one and for several: decoding, a sync of the journal,
    and above all that threads wake each other, and take the interpreter's lock and their
    caches from one another each time.

    State size: the requests that wait, as they came; who brings them bounds them.

    Args:
        decoder: Reads spans.
        journal: Makes requests durable.
        inbox: Where they go; its room is taken before they are decoded.
        telemetry: Is told the time that it takes.
        courtesy: Gives a group its turn beside what else calculates.
    """

    def __init__(
        self,
        decoder: Decoder,
        journal: Journal,
        inbox: Inbox,
        telemetry: Telemetry,
        courtesy: Courtesy,
    ) -> None:
        self._decoder = decoder
        self._journal = journal
        self._inbox = inbox
        self._telemetry = telemetry
        self._courtesy = courtesy
        self._guard = threading.Lock()
        self._closed = False
        # None ends one of the threads.
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._decoding = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"barograph-reception-{n}", daemon=True)
            for n in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, signal: SignalKind, read: Read) -> "Future[Acknowledgement]":
        """Have a request taken; a future that is cancelled before its turn comes is not.

        Args:
            signal: What it carries.
            read: Reads it, on another thread.

        Returns:
            Set once the request is durable. It raises UndecodableError if it is no OTLP
            request, OverloadedError if it cannot be taken now, or what ``read`` raises.

        Raises:
            OverloadedError: It is closed.
        """
        request = _Request(signal, read)
        # Taken first: a request that is queued may be refused, and lose it, before we go on.
        done = request.done
        with self._guard:
            if self._closed:
                raise OverloadedError("shutting down")
            # Queued under the guard: behind close's last item nothing would be taken.
            self._waiting.put(request)
        return done

    @property
    def alive(self) -> bool:
        """Whether all its threads are there; one that died took what it had in hand with it."""
        return all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Refuse more, and return when what waits was taken; more than once is no error."""
        with self._guard:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        """Take a group in, once there is one; False at the end."""
        # Held also while nothing waits: else two threads would share what is one group.
        with self._decoding:
            first = self._waiting.get()
            if first is None:
                return False
            with self._courtesy.turn():
                group = self._decode(self._read(first))
        self._keep(group)
        return True

    def _read(self, first: _Request) -> list[_Message]:
        """Read a request and those that wait behind it, as many as are decoded at once."""
        group, size = list[_Message](), 0
        request: _Request | None = first
        with self._telemetry.stage("unpack"):
            while request is not None:
                message = self._message(request)
                if message is not None:
                    group.append(message)
                    size += len(message.payload)
                if len(group) == MOST_REQUESTS or size > MOST_BYTES:
                    break
                request = self._next()
        return group

    def _next(self) -> _Request | None:
        try:
            request = self._waiting.get_nowait()
        except queue.Empty:
            return None
        if request is None:
            self._waiting.put(None)
        return request

    def _message(self, request: _Request) -> _Message | None:
        """Read a request and take its room; None if nobody waits for it, or it was refused."""
        if not request.done.set_running_or_notify_cancel():
            return None
        try:
            payload, packed = request.read()
            self._inbox.reserve(len(payload))
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            request.refuse(error)
            return None
        return _Message(request, payload, packed or payload, time.time_ns())

    def _decode(self, group: Sequence[_Message]) -> "list[tuple[_Message, _Decoded]]":
        """Decode a group, and refuse what cannot be."""
        with self._telemetry.stage("decode"):
            spans = [each.payload for each in group if each.request.signal == "traces"]
            traces = iter(self._decoder.decode_all(spans))
            found = [
                next(traces) if each.request.signal == "traces" else _logs(each) for each in group
            ]
        decoded = list[tuple[_Message, _Decoded]]()
        for message, content in zip(group, found, strict=True):
            if isinstance(content, Exception):
                self._refuse(message, content)
            else:
                decoded.append((message, content))
        return decoded

    def _keep(self, group: "Sequence[tuple[_Message, _Decoded]]") -> None:
        """Have a group written, queue what is durable, and answer."""
        written = [
            self._journal.begin(each.request.signal, each.stored, time_ns=each.received_ns)
            for each, _ in group
        ]
        queued = list[tuple[_Message, _Decoded]]()
        for (message, decoded), seq in zip(group, written, strict=True):
            refusal = seq.exception()
            if refusal is not None:
                self._refuse(message, refusal)
                continue
            cost, stored = len(message.payload), len(message.stored)
            signal, received_ns = message.request.signal, message.received_ns
            self._inbox.put(Item(seq.result(), signal, decoded, cost, received_ns, stored))
            queued.append((message, decoded))
        # Who is answered wakes, and takes the interpreter: behind the last of the group.
        for message, decoded in queued:
            done = Acknowledgement(decoded.rejected, decoded.message)
            message.request.done.set_result(done)

    def _refuse(self, message: _Message, error: BaseException) -> None:
        self._inbox.release(len(message.payload))
        message.request.refuse(error)


def _logs(message: _Message) -> DecodedLogs | Exception:
    try:
        return decode_logs(message.payload, received_ns=message.received_ns)
    except UndecodableError as error:
        return without_frames(error)
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        return error
