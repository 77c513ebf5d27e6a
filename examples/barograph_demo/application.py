"""The application: a service that predicts delays, watched through the SDK."""

import heapq
from collections.abc import Iterable

import barograph
from barograph_demo.flights import Flight, load_flights, table
from barograph_demo.model import DelayModel

__all__ = ["MODEL", "TRAINING_END", "VERSION", "replay"]

MODEL = "flight-delay"
VERSION = "2013.1"
TRAINING_END = 1_359_676_800
"""2013-02-01 UTC, epoch seconds: the model is trained on the four weeks before."""


class DelayService:
    """What a user would write: a class whose one method calls the model.

    Args:
        model: A fitted model.
    """

    def __init__(self, model: DelayModel) -> None:
        self._model = model

    @barograph.observe(
        model=MODEL,
        version=VERSION,
        task="binary",
        id="flight_id",
        slices=("carrier", "origin"),
        time="departure",
        threshold=0.5,
        features=(
            "carrier",
            "origin",
            "dest",
            "hour",
            "weekday",
            "distance",
            "temp",
            "wind_speed",
            "precip",
            "visib",
        ),
    )
    def predict(
        self,
        flight_id: str,
        departure: int,
        carrier: str,
        origin: str,
        dest: str,
        hour: int,
        weekday: str,
        distance: float,
        temp: float,
        wind_speed: float,
        precip: float,
        visib: float,
    ) -> float:
        """Return the probability that a flight arrives more than 15 minutes late."""
        del flight_id, departure
        return self._model.probability(
            (carrier, origin, dest, hour, weekday, distance, temp, wind_speed, precip, visib)
        )


def replay(endpoint: str, *, limit: int | None = None) -> dict[str, int]:
    """Train, then replay the year; return how many predictions and labels were sent.

    Args:
        endpoint: Base address of an OTLP/HTTP receiver.
        limit: Stop after so many flights.
    """
    frame = table()
    service = DelayService(DelayModel().fit(frame[frame["departure"] < TRAINING_END]))
    flights = load_flights(frame.head(limit) if limit is not None else frame)
    # A replay is far faster than real traffic: wait for the exporter rather than drop.
    barograph.configure(service="flights", endpoint=endpoint, on_full="block")
    labels = _run(service, flights)
    barograph.shutdown()
    stats = barograph.stats()
    return {
        "predictions": len(flights),
        "labels": labels,
        "lost": stats.spans.dropped + stats.spans.failed + stats.facts.dropped + stats.facts.failed,
    }


def _run(service: DelayService, flights: Iterable[Flight]) -> int:
    """Predict in order of departure, and label each flight when it has landed."""
    airborne: list[tuple[int, str, bool]] = []
    labels = 0

    def land(until: float) -> int:
        landed = 0
        while airborne and airborne[0][0] <= until:
            landing, name, late = heapq.heappop(airborne)
            barograph.label(name, late, model=MODEL, source="system", time=landing)
            landed += 1
        return landed

    for flight in flights:
        labels += land(flight.departure)
        service.predict(flight.id, flight.departure, *flight.features)  # type: ignore[arg-type] # in the order of FEATURES
        if flight.late is not None and flight.landing is not None:
            heapq.heappush(airborne, (flight.landing, flight.id, flight.late))
    return labels + land(float("inf"))
