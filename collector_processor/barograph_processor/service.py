"""The service: the only place where the stages are wired together."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from barograph_processor.access import Access, bearer
from barograph_processor.asgi import AsgiServer
from barograph_processor.config import Config, check_exposure
from barograph_processor.exceptions import OverloadedError
from barograph_processor.exporter import (
    AlarmQueue,
    Exporter,
    OtlpTally,
    QueuedAlarm,
    connect_renewed,
)
from barograph_processor.instance import instance_id, state_directory
from barograph_processor.journal import Journal
from barograph_processor.listening import Listening
from barograph_processor.memory import Memory
from barograph_processor.notify import Links, Notifier, renewed_webhook
from barograph_processor.otlp import TraceDimensions, encode_alarms, encode_metrics
from barograph_processor.pipeline import Pipeline
from barograph_processor.receiver import (
    Authorize,
    Certificates,
    GrpcReceiver,
    Intake,
    ReceiverLimits,
    http_receiver,
)
from barograph_processor.rotation import Rotation
from barograph_processor.signal import Signal
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.state.registry import Happening, ModelRegistry
from barograph_processor.state.window.baseline import read_baselines
from barograph_processor.telemetry import Telemetry
from barograph_processor.web.app import web_app

__all__ = ["Service"]

_LOG: Final = logging.getLogger(__name__)


class Service:
    """Receives OTLP, keeps state, and shows and exports what it means.

    A context manager: entering it restores the state and listens, leaving it
    stops listening, finishes what was acknowledged, and writes a checkpoint.

    Args:
        config: Addresses, limits, and how models are watched.
        listener: Called with what happened, from the thread that evaluates; must not block.

    Raises:
        ConfigurationError: The state directory or an address cannot be used.
        StateError: The state is damaged, or of another version.
    """

    def __init__(
        self, config: Config, *, listener: Callable[[Sequence[Happening]], None] | None = None
    ) -> None:
        self._config = config
        self._listener = listener
        check_exposure(config)
        self._directory = state_directory(Path(config.serve.state_dir))
        self.instance_id = instance_id(self._directory)
        self.telemetry = Telemetry()
        self.registry = ModelRegistry(
            config,
            self.telemetry,
            clock=time.time_ns,
            baselines=read_baselines(config.reference_files, config.tasks),
        )
        limits = config.limits
        endpoint = config.serve.export
        sender = endpoint and connect_renewed(endpoint, config.exporter, self.telemetry)
        webhooks = [(each, renewed_webhook(each, self.telemetry)) for each in config.webhooks]
        access, tls = Access.configured(config.tokens), Certificates.configured(config.tls)
        self._rotations = [
            Rotation(
                "tokens",
                config.tokens.files,
                partial(access.renew, config.tokens),
                self.telemetry,
            ),
            Rotation("certificates", tls.files, tls.renew, self.telemetry),
        ]
        self._journal = Journal(
            self._directory / "journal.sqlite",
            max_bytes=limits.journal_bytes,
            telemetry=self.telemetry,
        )
        self.pipeline = Pipeline(
            self.registry,
            self._journal,
            self.telemetry,
            max_queue_bytes=limits.queue_bytes,
            seen_capacity=limits.seen_ids,
            checkpoint_seconds=limits.checkpoint_seconds,
            dimensions=TraceDimensions.of(config.traces),
        )
        intake = Intake(self.pipeline.begin, self.telemetry, _writers(access))
        bounds = ReceiverLimits(max_request_bytes=limits.request_bytes)
        self._memory = Memory(limits.memory_bytes)
        self._grpc = GrpcReceiver(
            config.serve.otlp_grpc,
            intake,
            limits=bounds,
            memory=self._memory,
            credentials=tls.otlp_grpc,
        )
        self._http = AsgiServer(
            http_receiver(intake, limits=bounds, memory=self._memory),
            config.serve.otlp_http,
            what="otlp-http",
            hosts=config.serve.hosts,
            tls=tls.otlp_http,
        )
        page = web_app(
            self.registry,
            self.pipeline,
            self.signals,
            trace_url=config.serve.trace_url,
            access=access,
            telemetry=self.telemetry,
        )
        self._web = AsgiServer(
            page, config.serve.web, what="web", hosts=config.serve.hosts, tls=tls.web
        )
        self._exporter = None
        if sender:
            tally = OtlpTally(self.telemetry)
            queue = AlarmQueue(
                self._directory / "alarms.sqlite",
                max_bytes=config.exporter.queue_bytes,
                tally=tally,
            )
            self._exporter = Exporter(sender, queue, tally)
        links = Links(config.serve.public_url, config.serve.trace_url)
        self._notifier = Notifier(webhooks, self._directory, links, self.telemetry)
        self._latest_ns = 0
        self._stopping = threading.Event()
        self._listening = Listening(time.time_ns(), time.monotonic_ns())
        self._evaluation = threading.Thread(
            target=self._evaluate_forever, name="barograph-evaluation", daemon=True
        )

    def __enter__(self) -> Self:
        """Restore, then listen."""
        with ExitStack() as undo:
            undo.callback(self._close)
            self._web.start()
            # Before the replay, and refusing until its end: who is told that the
            # service is ready must find it listening.
            self._grpc.start()
            self._http.start()
            self.pipeline.start()
            self._memory.warn()
            self._evaluation.start()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, finish what was acknowledged, write a checkpoint."""
        self._close()

    def _close(self) -> None:
        started = self.pipeline.ready
        # Before anything else: who balances load must send us nothing more.
        self.pipeline.leave()
        self._grpc.stop()
        self._http.stop()
        self._stopping.set()
        if self._evaluation.is_alive():
            self._evaluation.join(timeout=10)
        self.pipeline.close()
        if started:
            self._evaluate_safely()
            # What has been told must not be told again after a restart.
            self._checkpoint()
        if self._exporter is not None:
            self._exporter.close(timeout=5.0)
        self._notifier.close(timeout=5.0)
        self._web.stop()
        self._journal.close()

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where it listens: ``otlp_grpc``, ``otlp_http``, ``web``, as ``HOST:PORT``."""
        host = self._config.serve.otlp_grpc.rpartition(":")[0]
        return {
            "otlp_grpc": f"{host}:{self._grpc.port}",
            "otlp_http": self._http.address,
            "web": self._web.address,
        }

    def signals(self) -> list[Signal]:
        """Return every point of this moment."""
        self.pipeline.measure()
        self._memory.measure(self.telemetry)
        with self.pipeline.hold():
            found = list(self.registry.signals())
        own = self.telemetry
        for (metric, attributes), value in own.counters().items():
            found.append(Signal(metric, value, dict(attributes), self.pipeline.started_ns))
        found.extend(
            Signal(metric, value, dict(attributes))
            for (metric, attributes), value in own.gauges().items()
        )
        return found

    def evaluate(self) -> None:
        """Export every signal as it stands, and tell what happened since the last time."""
        with self.telemetry.stage("evaluate"):
            self._evaluate(time.time_ns())

    def _evaluate(self, now_ns: int) -> None:
        exporter = self._exporter
        self._listening.look(now_ns, time.monotonic_ns())
        since_ns = self._listening.since_ns
        with self.pipeline.hold():
            happenings = self.registry.drain()
            deaf = self.registry.deaf(now_ns, since_ns=since_ns)
            changes = [event for _, event in happenings if isinstance(event, AlarmChange)]
            # Before the lock is let go: a checkpoint that no longer holds an alarm
            # must not be written before the queues do.
            if exporter is not None:
                exporter.alarms(self._queued(changes))
            self._notifier.tell(changes, self.registry.standing_alarms)
        if deaf and self.pipeline.ready:
            self.pipeline.look(now_ns, since_ns=since_ns)
        if exporter is not None:
            found = self.signals()
            exporter.metrics(
                encode_metrics(found, now_ns=self.now_ns(found), resource=self._resource)
            )
        if self._listener is not None and happenings:
            self._listener(happenings)

    def now_ns(self, signals: Iterable[Signal] = ()) -> int:
        """Return the time of what is exported, ns since the epoch.

        It never goes back, though the clock may, and is not before any start: a point
        that is older than the one before is refused downstream, or taken for a reset.
        """
        starts = (signal.start_ns or 0 for signal in signals)
        self._latest_ns = max(time.time_ns(), self._latest_ns, *starts)
        return self._latest_ns

    @property
    def _resource(self) -> Mapping[str, str]:
        return {"service.name": "barograph", "service.instance.id": self.instance_id}

    def _queued(self, changes: Sequence[AlarmChange]) -> list[QueuedAlarm]:
        now, found = self.now_ns(), []
        # What settles was told as resolved.
        for alarm in ([c.alarm] for c in changes if c.change != "settled"):
            # Without the clock: what a replay finds again has the same key.
            content = encode_alarms(alarm, now_ns=0, resource=self._resource)
            key = hashlib.blake2b(content, digest_size=16).digest()
            payload = encode_alarms(alarm, now_ns=now, resource=self._resource)
            found.append(QueuedAlarm(key, payload))
        return found

    def _evaluate_forever(self) -> None:
        while not self._stopping.wait(self._config.serve.evaluation_seconds):
            for rotation in self._rotations:
                rotation.look()
            self._evaluate_safely()

    def _evaluate_safely(self) -> None:
        try:
            self.evaluate()
        except Exception:  # noqa: BLE001 - one evaluation that fails must not be the last
            _LOG.exception("an evaluation failed; the next one is tried")

    def _checkpoint(self) -> None:
        try:
            self.pipeline.checkpoint()
        except OverloadedError as error:
            _LOG.warning("no checkpoint: %s; the journal is kept", error)


def _writers(access: Access) -> Authorize:
    # Tokens may come and go; while there are none, nobody's headers are looked at.
    return lambda headers: not access.guards("otlp") or access.allows(bearer(headers), "otlp")
