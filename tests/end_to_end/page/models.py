"""Models with a known story, served in process, for tests of the page.

``Traffic`` feeds a registry as the pipeline would; ``serve`` puts the web
application before it. Nothing here needs the command line.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from barograph_processor.access import Access
from barograph_processor.asgi import AsgiServer
from barograph_processor.config import parse_config
from barograph_processor.observation import EventBatch, EventKind, ModelKey, ObservationBatch
from barograph_processor.pipeline import Pipeline
from barograph_processor.signal import Signal
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from barograph_processor.telemetry import Telemetry
from barograph_processor.web.app import web_app

START = 1_357_000_000
"""2013-01-01 00:26:40 UTC, s since the epoch."""

_NS = 1_000_000_000
_BATCH = 100


class HeldPipeline:
    """What the web application needs of a pipeline: a lock, and whether it is ready."""

    def __init__(self) -> None:
        self.ready = True
        self._lock = threading.RLock()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep others out."""
        with self._lock:
            yield


class Traffic:
    """One model's predictions and labels, with faults when they are asked for.

    Args:
        registry: Where it goes.
        name: The model.
        version: Its version.
        features: Names of numeric inputs; one categorical comes on top, the carrier.
        carriers: Its levels, which are the slices too.
        seconds: Event time between two predictions.
        seed: Of everything random.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        name: str,
        version: str = "1",
        *,
        features: Sequence[str] = ("distance", "departure delay"),
        carriers: Sequence[str] = ("AA", "B6", "DL", "UA"),
        seconds: float = 60.0,
        seed: int = 0,
    ) -> None:
        self._registry = registry
        self.key = ModelKey(name, version)
        self._features = features
        self._carriers = tuple(carriers)
        self._seconds = seconds
        self._random = np.random.default_rng([seed, len(name)])
        self._sent = 0

    def send(
        self,
        rows: int,
        *,
        wrong: float = 0.1,
        wrong_at: Mapping[str, float] | None = None,
        shift: Mapping[str, float] | None = None,
        latency: float = 0.04,
        failed: float = 0.0,
        labels: bool = True,
        reactions: Mapping[str, float] | None = None,
        worth: Mapping[str, float] | None = None,
    ) -> None:
        """Send predictions by the hundred, each followed by their labels.

        Args:
            rows: How many.
            wrong: Share of predictions that miss their label.
            wrong_at: The same for some carriers, which are the slices.
            shift: By how many standard deviations a feature has moved.
            latency: Median duration of a call, s.
            failed: Share of calls that fail.
            labels: Whether labels come.
            reactions: Share of the predictions with a reaction of each kind.
            worth: By unit what a good prediction is worth; a bad one is worth nothing.
        """
        for start in range(0, rows, _BATCH):
            self._send(
                min(_BATCH, rows - start),
                wrong=wrong,
                wrong_at=wrong_at or {},
                shift=shift or {},
                latency=latency,
                failed=failed,
                labels=labels,
                reactions=reactions or {},
                worth=worth or {},
            )

    def _send(
        self,
        rows: int,
        *,
        wrong: float,
        wrong_at: Mapping[str, float],
        shift: Mapping[str, float],
        latency: float,
        failed: float,
        labels: bool,
        reactions: Mapping[str, float],
        worth: Mapping[str, float],
    ) -> None:
        random, first = self._random, self._sent
        self._sent += rows
        truth = random.random(rows) < 0.3
        carrier = random.integers(0, len(self._carriers), rows).astype(np.int32)
        share = np.array([wrong_at.get(level, wrong) for level in self._carriers])[carrier]
        said = np.where(random.random(rows) < share, ~truth, truth)
        names = tuple(f"{self.key.name}/{row}" for row in range(first, first + rows))
        at = START * _NS + (np.arange(first, first + rows) * self._seconds * _NS).astype(np.int64)
        inputs: dict[str, Column] = {
            feature: NumericColumn(random.normal(shift.get(feature, 0.0), 1.0, rows))
            for feature in self._features
        }
        carriers = CategoricalColumn(carrier, self._carriers)
        inputs["carrier"] = carriers
        self._registry.observe(
            ObservationBatch(
                model=self.key,
                ids=random.integers(1, 2**63, (rows, 3)).astype(np.uint64),
                prediction_ids=names,
                event_time=at,
                latency=latency * np.exp(random.normal(0, 0.25, rows)),
                failed=random.random(rows) < failed,
                task="binary",
                inputs=inputs,
                slices={"carrier": carriers},
                value=np.where(said, 0.8, 0.2) + random.normal(0, 0.05, rows),
            )
        )
        later = at + 3600 * _NS
        if labels:
            words = ["true" if true else "false" for true in truth]
            self._tell("label", names, later, text=words, number=truth.astype(np.float64))
        if reactions:
            kinds = [*reactions, None]
            shares = [*reactions.values(), 1 - sum(reactions.values())]
            drawn = [kinds[each] for each in random.choice(len(kinds), rows, p=shares)]
            some = [row for row, kind in enumerate(drawn) if kind is not None]
            self._tell(
                "reaction", [names[r] for r in some], later[some], text=[drawn[r] for r in some]
            )
        for unit, value in worth.items():
            came = value * (said == truth) + random.normal(0, value / 5, rows)
            self._tell("outcome", names, later, text=[unit] * rows, number=came)

    def _tell(
        self,
        kind: EventKind,
        names: Sequence[str],
        at: Any,
        *,
        text: Sequence[str | None],
        number: Any = None,
    ) -> None:
        rows = len(names)
        nothing = (None,) * rows
        self._registry.attach(
            EventBatch(
                kind=kind,
                prediction_ids=tuple(names),
                ids=np.zeros((rows, 3), dtype=np.uint64),
                time=at,
                number=np.full(rows, np.nan) if number is None else number,
                text=tuple(text),
                name=nothing,
                source=nothing,
                model_names=nothing,
                model_versions=nothing,
            )
        )


def new_registry(*, reference: int = 2000, window: int = 200) -> ModelRegistry:
    """Return an empty registry with small windows, so that little traffic makes many."""
    config = parse_config({"reference": {"rows": reference}, "window": {"rows": window}})
    return ModelRegistry(config, Telemetry(), clock=lambda: START * _NS)


@contextmanager
def serve(
    registry: ModelRegistry,
    *,
    pipeline: HeldPipeline | None = None,
    trace_url: str | None = None,
    access: Access | None = None,
) -> Iterator[str]:
    """Serve the page and its API on a free port of loopback; yield its address."""
    held = pipeline or HeldPipeline()

    def signals() -> Sequence[Signal]:
        with held.hold():
            return list(registry.signals())

    app = web_app(registry, cast("Pipeline", held), signals, trace_url=trace_url, access=access)
    server = AsgiServer(app, "127.0.0.1:0", what="page")
    server.start()
    try:
        yield f"http://{server.address}"
    finally:
        server.stop()


def tell_stories(registry: ModelRegistry) -> None:
    """Fill a registry with a model for each state that the page has a face for."""
    silent = Traffic(registry, "flight-delay", "2013.1", seed=1)
    silent.send(2000 + 6000)
    silent.send(1600, shift={"departure delay": 0.5})
    silent.send(4400, shift={"departure delay": 0.5}, wrong=0.3)
    silent.send(1600, wrong_at={"UA": 0.6}, wrong=0.2, shift={"departure delay": 0.5})
    loud = Traffic(registry, "credit-risk", "7", features=("income", "age", "debt"), seed=2)
    loud.send(9000)
    loud.send(2000, wrong=0.3, latency=0.2, failed=0.06)
    for number in range(3):
        Traffic(registry, f"recommender-{'abc'[number]}", seed=3 + number).send(6000)
    Traffic(registry, "churn", "2", seed=6).send(5000, labels=False)
    drifting = Traffic(registry, "search-ranking", "4.2", features=("query length",), seed=7)
    drifting.send(6000)
    drifting.send(3000, shift={"query length": 0.7})
    Traffic(registry, "brand-new", "0.1", seed=8).send(700)
    registry.drain()


def tell_of_people(registry: ModelRegistry) -> None:
    """Add a model that people react to and that is worth money, and that fails in both."""
    model = Traffic(registry, "ticket-drafts", "3", seed=9)
    usual = {"accepted": 0.5, "edited": 0.2, "rejected": 0.03}
    model.send(2000 + 5000, reactions=usual, worth={"EUR": 12.0})
    model.send(
        4000,
        wrong=0.3,
        reactions={"accepted": 0.35, "edited": 0.25, "rejected": 0.16},
        worth={"EUR": 12.0},
    )
    registry.drain()
