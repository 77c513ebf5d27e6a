"""What is no longer seen is told, and is over when it is seen again."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.state.aftermath.silence import Silence
from tests.processor.state.rows import (
    KEY,
    SECOND,
    START,
    Bench,
    labels_of,
    pieces,
    plain,
    rows,
    unlabelled,
)

HOUR = 3600
DAY = 24 * HOUR
TABLES: dict[str, Any] = {
    "reference": {"rows": 2000},
    "window": {"rows": 100},
    "alarm": {"windows_between_false_alarms": 500},
}


def steady(n: int, *, start: int = 0, gap: float = 60.0, after: float = 0.0) -> ObservationBatch:
    """A row a minute, the first of them so long after the start."""
    seconds = after + gap * np.arange(start, start + n, dtype=np.float64)
    return rows(n, start=start, seed=2, seconds=seconds)


def changes(bench: Bench, feature: str) -> list[tuple[str, int]]:
    return [
        (event["change"], event["window"])
        for event in plain(bench.registry.drain())
        if "change" in event and event["alarm"]["feature"] == feature
    ]


class TestTraffic:
    def test_a_gap_in_event_time_is_told_when_it_is_over(self) -> None:
        bench = Bench.of(TABLES)
        bench.registry.observe(steady(3050))
        assert changes(bench, "traffic") == []
        bench.registry.observe(steady(950, start=3050, after=3 * DAY))
        told = [("open", 10), ("resolved", 10), ("settled", 15)]
        assert changes(bench, "traffic") == told
        (alarm,) = bench.model.verdicts.book.resolved
        assert "no prediction has come for 3 days" in alarm.sentence
        assert alarm.since_ns == (START + 60 * 3049) * SECOND
        assert alarm.severity == "ticket"

    def test_a_gap_of_the_reference_is_not_told(self) -> None:
        """It was over when the watch began."""
        bench = Bench.of(TABLES)
        bench.registry.observe(steady(1000))
        bench.registry.observe(steady(2000, start=1000, after=3 * DAY))
        assert changes(bench, "traffic") == []

    def test_what_is_said_of_usual_gaps_is_no_contradiction(self) -> None:
        """The second one as long makes them usual."""
        bench = Bench.of(TABLES)
        bench.registry.observe(steady(3050))
        bench.registry.observe(steady(950, start=3050, after=3 * DAY))
        bench.registry.observe(steady(950, start=4000, after=6 * DAY))
        first, second = bench.model.verdicts.book.resolved
        assert "; up to 1 hour would be usual." in first.sentence
        assert "; as it came before, it is usual from now on." in second.sentence

    @pytest.mark.parametrize("sizes", [[7], [999, 1], [3050]])
    def test_batches_make_no_difference(self, sizes: list[int]) -> None:
        whole, cut = Bench.of(TABLES), Bench.of(TABLES)
        for batch in (steady(3050), steady(950, start=3050, after=3 * DAY)):
            whole.registry.observe(batch)
            for piece in pieces(batch, sizes):
                cut.registry.observe(piece)
        first, second = (b.model.standing.aftermath.state() for b in (whole, cut))
        assert first["blindness"] == second["blindness"]
        assert first["usage"] == second["usage"]
        assert whole.model.verdicts.book.resolved == cut.model.verdicts.book.resolved

    def test_the_wall_clock_tells_it_while_it_lasts(self) -> None:
        bench = Bench.of(TABLES)
        now = 2_000_000_000 * SECOND  # far from event time: a history that is sent now
        bench.registry.observe(replace(steady(3000), received_ns=now))
        assert not bench.registry.deaf(now + HOUR * SECOND // 2, since_ns=0)
        later = now + 2 * HOUR * SECOND
        assert bench.registry.deaf(later, since_ns=0)
        bench.registry.look(later, since_ns=0)
        assert changes(bench, "traffic") == [("open", 10)]
        assert bench.model.condition.state == "blind"
        assert "no prediction has come for 2 hours" in bench.model.condition.reasons[0]
        assert not bench.registry.deaf(later, since_ns=0), "it is told once"
        other = bench.restarted()
        for each in (bench, other):
            each.registry.observe(
                replace(steady(50, start=3000, after=2 * HOUR), received_ns=later + SECOND)
            )
            assert changes(each, "traffic") == [("resolved", 10)]
            assert "traffic" not in {a.feature for a in each.model.verdicts.book.open}
            assert "no prediction has come" not in "".join(each.model.condition.reasons)
            each.registry.observe(
                replace(steady(100, start=3050, after=2 * HOUR), received_ns=later + SECOND)
            )
            assert changes(each, "traffic") == [], "not again by event time"

    def _lately_without_confidence(self) -> Bench:
        """Return a model whose confidence is back, and whose alarm about that is still held."""
        bench = Bench.of(TABLES)
        gone = np.isin(np.arange(3100), np.arange(2500, 2900))
        confidence = np.where(gone, np.nan, 0.7)
        bench.registry.observe(
            replace(steady(3100), confidence=confidence, received_ns=START * SECOND)
        )
        assert [change for change, _ in changes(bench, "confidence")] == ["open", "resolved"]
        return bench.restarted()

    def _look(self, bench: Bench, hours: float) -> list[tuple[str, str]]:
        now_ns = START * SECOND + round(hours * HOUR * SECOND)
        assert bench.registry.deaf(now_ns, since_ns=0)
        bench.registry.look(now_ns, since_ns=0)
        assert not bench.registry.deaf(now_ns, since_ns=0)
        happened = plain(bench.registry.drain())
        return [(event["change"], event["alarm"]["feature"]) for event in happened]

    def test_what_ended_before_is_over_for_people_once_its_windows_would_have_passed(self) -> None:
        """Five of them, of 100 minutes each, of which the first had begun to pass."""
        bench = self._lately_without_confidence()
        assert self._look(bench, 2) == [("open", "traffic")]
        bench = bench.restarted()
        assert not bench.registry.deaf((START + 6 * HOUR) * SECOND, since_ns=0)
        assert self._look(bench, 9) == [("settled", "confidence")]
        assert bench.model.verdicts.book.held == ()

    def test_after_a_long_silence_it_is_over_with_it(self) -> None:
        told = [("open", "traffic"), ("settled", "confidence")]
        assert self._look(self._lately_without_confidence(), 9) == told

    def test_what_comes_back_after_a_silence_goes_on_with_its_incident(self) -> None:
        """Live, and in a history, where the silence is told once it is over."""
        live, history = (self._lately_without_confidence() for _ in range(2))
        assert self._look(live, 2) == [("open", "traffic")]
        for bench in (live, history):
            batch = steady(400, start=3100, after=2 * HOUR)
            bench.registry.observe(replace(batch, confidence=np.full(400, np.nan)))
            told = changes(bench, "confidence")
            assert [change for change, _ in told] == ["open"]
            (back,) = (a for a in bench.model.verdicts.book.open if a.feature == "confidence")
            assert back.incident.openings == 2

    def test_nobody_listened_is_no_silence(self) -> None:
        bench = Bench.of(TABLES)
        bench.registry.observe(replace(steady(3000), received_ns=0))
        half_past_eight = 8 * HOUR * SECOND + HOUR * SECOND // 2
        assert not bench.registry.deaf(9 * HOUR * SECOND, since_ns=half_past_eight)

    def test_a_model_that_still_learns_is_not_missed(self) -> None:
        bench = Bench.of(TABLES)
        bench.registry.observe(replace(steady(100), received_ns=0))
        assert not bench.registry.deaf(99 * DAY * SECOND, since_ns=0)

    def test_without_a_wall_clock_there_is_no_look(self) -> None:
        bench = Bench.of(TABLES)
        bench.registry.observe(steady(3000))
        assert not bench.registry.deaf(2**62, since_ns=0)

    def test_an_objective_says_what_is_too_long(self) -> None:
        bench = Bench.of(TABLES | {"operations": {"silence_s": 300}})
        bench.registry.observe(steady(3050))
        bench.registry.observe(steady(950, start=3050, after=600))
        told = [("open", 10), ("resolved", 10), ("settled", 15)]
        assert changes(bench, "traffic") == told


class TestSilence:
    def see(self, silence: Silence, *hours: float) -> None:
        times = np.array([round(h * HOUR * SECOND) for h in hours], dtype=np.int64)
        silence.see(times, received_ns=None)

    def test_nights_are_no_failure(self) -> None:
        silence = Silence(None)
        for day in range(5):
            self.see(silence, *(24 * day + np.arange(8, 18, 0.1)))
        assert silence.take_episode() is None
        assert silence.patience_ns == pytest.approx(3 * 14.1 * HOUR * SECOND, rel=0.01)

    def test_clock_that_was_put_back_does_not_hide_it(self) -> None:
        """What came when it was ahead is later than now: it says nothing about how long ago."""
        silence = Silence(3600.0)
        now_ns, minute_ns = 10**18, 60 * SECOND
        silence.see(np.array([0], dtype=np.int64), received_ns=now_ns + 10 * HOUR * SECOND)
        for minutes, long in ((59, False), (61, True)):
            later_ns = now_ns + minutes * minute_ns
            assert silence.too_long(later_ns, since_ns=now_ns) == long

    def test_what_came_twice_is_usual(self) -> None:
        silence = Silence(None)
        told = []
        start = 0.0
        for _ in range(4):
            self.see(silence, *(start + np.arange(0, 48, 0.5)))
            start += 48 + 100
            self.see(silence, start)
            told.append(silence.take_episode() is not None)
        assert told == [True, True, False, False]

    @pytest.mark.parametrize("objective_s", [None, 1800.0, 1e6])
    @pytest.mark.parametrize("weekends", [False, True])
    def test_one_by_one_is_all_together(self, objective_s: float | None, *, weekends: bool) -> None:
        """Also where event time stepped back, and where gaps are too long."""
        rng = np.random.default_rng(1)
        gaps = np.where(
            rng.random(500) < 0.05, rng.exponential(100, 500), rng.normal(0.2, 0.2, 500)
        )
        together, alone = (Silence(objective_s, weekends=weekends) for _ in range(2))
        for part in np.split(np.round(np.cumsum(gaps) * HOUR * SECOND).astype(np.int64), 20):
            together.see(part, received_ns=None)
            for time_ns in part.tolist():
                alone.see_one(time_ns)
            assert alone.state() == together.state()
            assert alone.take_episode() == together.take_episode()


class TestLabels:
    def test_labels_that_stop(self) -> None:
        bench = Bench.of(TABLES)
        for window in range(60):
            batch = rows(100, start=100 * window, seed=2)
            bench.registry.observe(unlabelled(batch))
            if not 30 <= window < 55:
                bench.registry.attach(labels_of(batch))
        told = changes(bench, "labels")
        assert [change for change, _ in told] == ["open", "resolved"]
        # Windows count from the end of the reference, the 20th hundred of rows: the first
        # of them without a label is 10, and 21 of them are too many.
        assert told[0][1] == 30
        assert told[1][1] in (35, 36)
        (alarm,) = [a for a in bench.model.verdicts.book.resolved if a.feature == "labels"]
        assert "no label has come for 2" in alarm.sentence

    def test_labels_that_come_in_lots_are_waited_for(self) -> None:
        """Labels every 15 windows make 45 the patience."""
        bench = Bench.of(TABLES)
        held: list[ObservationBatch] = []
        for window in range(130):
            batch = rows(100, start=100 * window, seed=2)
            bench.registry.observe(unlabelled(batch))
            held.append(batch)
            if window % 15 == 0 and window < 80:
                for each in held:
                    bench.registry.attach(labels_of(each))
                held = []
        assert 40 <= bench.model.standing.aftermath.blindness.label_patience <= 48
        told = changes(bench, "labels")
        assert [change for change, _ in told] == ["open"]

    def test_none_at_all_is_a_reason_and_no_alarm(self) -> None:
        bench = Bench.of(TABLES)
        bench.registry.observe(unlabelled(rows(6000)))
        assert changes(bench, "labels") == []
        assert bench.model.condition.state == "blind"


class TestConfidence:
    def test_confidence_that_is_gone(self) -> None:
        bench = Bench.of(TABLES)
        for window in range(40):
            batch = rows(100, start=100 * window, seed=2)
            value = np.random.default_rng(window).uniform(0.5, 1.0, size=100)
            gone = 30 <= window < 36
            bench.registry.observe(replace(batch, confidence=None if gone else value))
        told = changes(bench, "confidence")
        assert told == [("open", 11), ("resolved", 16)]

    @pytest.mark.parametrize("confidence", [None, np.full(4000, np.nan)])
    def test_none_from_the_beginning_is_no_loss(
        self, confidence: npt.NDArray[np.float64] | None
    ) -> None:
        """Nor is one that is sent and never known."""
        bench = Bench.of(TABLES)
        bench.registry.observe(replace(rows(4000), confidence=confidence))
        assert changes(bench, "confidence") == []


class TestReference:
    def test_a_stale_reference(self) -> None:
        bench = Bench.of(TABLES | {"reference": {"rows": 2000, "stale_days": 1}})
        bench.registry.observe(steady(4000))
        told = changes(bench, "reference")
        # 1440 minutes after row 2000 the window of rows 3400 to 3500 ends.
        assert told == [("open", 14)]
        assert bench.model.condition.state == "blind"
        assert KEY in bench.registry.models
