"""What monitors find and the alarms that are open stay in step, after a restart too."""

from dataclasses import replace
from typing import Literal

import pytest

from barograph_processor.config import parse_config
from barograph_processor.observation import ModelKey
from barograph_processor.quality.slice.status import SliceStatus, SliceTransition
from barograph_processor.signal import Apart
from barograph_processor.state.aftermath.blindness import Blindness
from barograph_processor.state.label.labelled import LabelledQuality
from barograph_processor.state.narrative import harm_finding
from barograph_processor.state.verdicts import Verdicts
from barograph_processor.state.watch.open_window import Sample
from barograph_processor.state.watch.watch import ClosedWindow, Watch
from barograph_processor.state.window.operations import OperationsWindow
from tests.processor.state.rows import Bench, rows

_CONFIG = parse_config({"reference": {"rows": 200}, "window": {"rows": 100}})
_NORTH_PHONES = SliceStatus(
    key=(("region", "north"), ("device", "phone")),
    risk=0.4,
    low=0.3,
    high=0.5,
    rest=0.08,
    tolerated=0.1,
    reference=0.05,
    labels=100.0,
    share=0.1,
    log10_evidence=7.0,
    log10_threshold=6.0,
    harmed=True,
)


@pytest.fixture
def watch() -> Watch:
    bench = Bench.of({"reference": {"rows": 200}, "window": {"rows": 100}})
    bench.registry.observe(rows(300))
    assert bench.model.watch is not None
    return bench.model.watch


def _verdicts() -> Verdicts:
    return Verdicts(ModelKey("m", "1"), cost=lambda _now, _before, _since: "", hold_windows=0)


def _closed(number: int) -> ClosedWindow:
    operations = replace(OperationsWindow.empty(), rows=100, first_ns=number, last_ns=number + 1)
    return ClosedWindow(
        number=number,
        partial=False,
        operations=operations,
        update=None,
        sample=Sample(),
        labels=None,
        scores=None,
        leaves=None,
    )


def _quality(kind: Literal["open", "resolved"], patch: pytest.MonkeyPatch) -> LabelledQuality:
    quality = LabelledQuality(_CONFIG.model("m").alarm)
    step = SliceTransition(kind, _NORTH_PHONES, 3)
    patch.setattr(quality.slices, "close_window", lambda _number, **_: [step])
    return quality


def test_a_slice_of_two_dimensions_is_over_after_a_restart(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dimensions come in the order of the spans, and that is not the alphabet's."""
    first = _verdicts()
    raised = first.slices(_closed(4), _quality("open", monkeypatch), watch=watch)
    assert [change.change for change in raised] == ["open"]
    second = _verdicts()
    second.book.load(first.book.state())
    over = second.slices(_closed(5), _quality("resolved", monkeypatch), watch=watch)
    assert [(change.change, change.alarm.id) for change in over] == [
        ("resolved", raised[0].alarm.id)
    ]
    assert second.book.open == ()


def test_several_silences_of_one_window_are_several_alarms(watch: Watch) -> None:
    verdicts, blindness = _verdicts(), Blindness(silence_s=None, stale_s=1.0)
    for begin_ns in (10, 1_000):
        verdicts.silence(blindness.silent(begin_ns, 50, 4), begin_ns + 50, 4, watch=watch)
        verdicts.heard(begin_ns + 60, 4)
    first, second = verdicts.book.resolved
    assert first.id != second.id


def test_what_does_better_than_all_predictions_is_not_where_they_are_worst() -> None:
    """Its figures are of before: the harm has grown beyond them since."""
    slow, worse = (Apart({"region": name}, now, 0.1) for name, now in (("s", 0.46), ("n", 0.7)))
    came = Apart({"trace.service.version": "2"}, 0.3, None, 1)
    finding = harm_finding(
        LabelledQuality(_CONFIG.model("m").alarm),
        (0.8, 0.65, 0.9),
        cost="",
        since_ns=1,
        since_window=0,
        evidence=(7.0, 6.0),
        apart=(slow, worse, came),
    )
    assert finding.apart == (worse, came)
