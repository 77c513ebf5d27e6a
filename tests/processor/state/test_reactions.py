"""Reactions of users: counted once, held against the reference, told as what they are."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.signal import Alarm
from barograph_processor.stats.column import CategoricalColumn
from tests.processor.state.rows import Bench, facts, pieces, plain, rows, unlabelled

TABLES = {
    "reference": {"rows": 10_000},
    "alarm": {"windows_between_false_alarms": 500},
}
NORMAL = {"accepted": 0.2, "edited": 0.05, "rejected": 0.015, "verified": 0.02}
_BUDGET = {"alarm": TABLES["alarm"]}


def react(
    bench: Bench,
    start: int,
    windows: int,
    rates: dict[str, float] = NORMAL,
    *,
    only: str | None = None,
    magnitude: float = 0.2,
    sizes: Sequence[int] = (1000,),
) -> None:
    """Feed windows of rows, with reactions at these rates; of one region only if it is named."""
    for window in range(start, start + windows):
        batch = unlabelled(rows(1000, start=1000 * window, seed=3))
        draw = np.random.default_rng([5, window]).random(1000)
        region = batch.slices["region"].values()
        names, kinds = [], []
        for row in range(1000):
            usual = only is not None and region[row] != only
            edge = 0.0
            for kind, rate in (NORMAL if usual else rates).items():
                if edge <= draw[row] < edge + rate:
                    names.append(batch.prediction_ids[row])
                    kinds.append(kind)
                edge += rate
        for piece in pieces(batch, sizes):
            bench.registry.observe(piece)
        bench.registry.attach(facts("reaction", names, text=kinds, number=[magnitude] * len(names)))


def opened(bench: Bench) -> list[dict[str, Any]]:
    return [
        event["alarm"] for event in plain(bench.registry.drain()) if event.get("change") == "open"
    ]


def test_trust_that_erodes_is_told_with_what_really_shows_it() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 20)
    assert opened(bench) == []
    react(bench, 20, 20, NORMAL | {"rejected": 0.06})
    (alarm,) = opened(bench)
    assert (alarm["signal"], alarm["feature"], alarm["severity"]) == ("trust", None, "page")
    assert "users trust it less since" in alarm["sentence"]
    assert alarm["before"] == pytest.approx(1 - 0.015 / 0.285, abs=0.02)
    assert alarm["interval"][0] < alarm["now"] < alarm["interval"][1] < alarm["before"]
    assert 8 <= alarm["since_window"] <= 12
    # Trace n + 1 is that of prediction n; its draw says whether it was rejected.
    assert len(alarm["trace_ids"]) == 5
    for trace in alarm["trace_ids"]:
        row = int(trace[16:], 16) - 1
        draw = np.random.default_rng([5, row // 1000]).random(1000)[row % 1000]
        assert 0.25 <= draw < 0.31
    assert bench.model.condition.state == "silent_degradation"


def test_trust_that_returns_ends_the_alarm() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 20)
    react(bench, 20, 10, NORMAL | {"rejected": 0.1})
    (_,) = bench.model.verdicts.book.open
    react(bench, 30, 20)
    (alarm,) = bench.model.verdicts.book.resolved
    assert alarm.sentence.startswith("Over by")
    assert not bench.model.verdicts.book.open


def test_one_cohort_alone_is_named() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 20)
    react(bench, 20, 25, NORMAL | {"rejected": 0.12}, only="e")
    first = opened(bench)[0]
    assert (first["signal"], first["slice"]) == ("trust", {"region": "e"})
    assert "users for region=e trust it less than the others" in first["sentence"]
    assert first["trace_ids"]
    slices = bench.model.history[-1].signals["trust"]["slices"]
    assert slices[0]["slice"] == {"region": "e"}


def test_more_verification_is_users_who_adapt() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 20)
    react(bench, 20, 15, NORMAL | {"verified": 0.12})
    (alarm,) = opened(bench)
    assert (alarm["signal"], alarm["feature"], alarm["severity"]) == ("trust", "verified", "ticket")
    assert "users adapt: they verify more by hand" in alarm["sentence"]
    assert bench.model.condition.state == "drifting"


def test_edits_are_weighed_by_how_much_they_change() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 20, magnitude=0.2)
    react(bench, 20, 10, magnitude=0.9)
    (alarm,) = opened(bench)
    assert (alarm["signal"], alarm["feature"]) == ("trust", "edited")
    assert alarm["before"] == pytest.approx(0.05 / 0.285 * 0.2, abs=0.01)
    assert "users edit more" in alarm["sentence"]


def test_the_same_reaction_twice_counts_once() -> None:
    bench = Bench.of(TABLES)
    bench.registry.observe(unlabelled(rows(10)))
    for _ in range(3):
        bench.registry.attach(facts("reaction", ["p1", "p1", "p2"], text=["edited"] * 3))
    assert (
        bench.counted("barograph.monitor.unjoined", kind="reaction", reason="already_reacted") == 7
    )
    (signal,) = [s for s in bench.registry.signals() if s.metric == "barograph.reactions"]
    assert signal.value == 2


def test_unknown_kinds_and_predictions_are_counted_and_teach_nothing() -> None:
    bench = Bench.of(TABLES)
    bench.registry.observe(unlabelled(rows(10)))
    bench.registry.attach(facts("reaction", ["p1", "nobody"], text=["liked", "rejected"]))
    unjoined = "barograph.monitor.unjoined"
    assert bench.counted(unjoined, kind="reaction", reason="unknown_kind") == 1
    assert bench.counted(unjoined, kind="reaction", reason="unknown_prediction") == 1
    assert bench.model.standing.aftermath.figures() == {}


@pytest.mark.parametrize("magnitude", [float("nan"), float("inf"), -1.0, 7.0])
def test_an_impossible_magnitude_counts_as_a_whole_edit(magnitude: float) -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 12, magnitude=magnitude)
    reactions = bench.model.standing.aftermath.reactions
    assert reactions._recent["edited.amount"].estimate() == pytest.approx(
        reactions._recent["edited.share"].estimate()
    )


def test_a_later_rejection_counts_though_the_first_reaction_was_another() -> None:
    bench = Bench.of(TABLES)
    bench.registry.observe(unlabelled(rows(10)))
    bench.registry.attach(facts("reaction", ["p1"], text=["accepted"]))
    bench.registry.attach(facts("reaction", ["p1"], text=["rejected"]))
    bench.registry.attach(facts("reaction", ["p1"], text=["escalated"]))
    window = bench.model.standing.aftermath.reactions._window
    assert window[1:3].tolist() == [2, 1]


def test_figures_and_metrics_agree() -> None:
    bench = Bench.of(TABLES)
    react(bench, 0, 15)
    figures = bench.model.history[-1].signals
    trust = figures["trust"]
    assert trust["lower"] < trust["value"] < trust["upper"]
    assert trust["value"] == pytest.approx(1 - 0.015 / 0.285, abs=0.03)
    assert trust["coverage"] == pytest.approx(0.285, abs=0.02)
    accepted = figures["reactions"]["accepted"]
    assert accepted["rate"]["lower"] < 0.2 < accepted["rate"]["upper"]
    assert accepted["share"]["lower"] < 0.2 / 0.285 < accepted["share"]["upper"]
    points = {s.metric: s.value for s in bench.registry.signals()}
    assert points["barograph.trust"] == trust["value"]
    assert points["barograph.trust.coverage"] == trust["coverage"]


def test_batches_and_restarts_make_no_difference() -> None:
    def run(sizes: Sequence[int], *, restart: bool) -> tuple[Any, tuple[Alarm, ...]]:
        bench = Bench.of(TABLES)
        for window in range(0, 36, 6):
            rates = NORMAL if window < 20 else NORMAL | {"rejected": 0.08, "verified": 0.1}
            react(bench, window, 6, rates, sizes=sizes)
            bench = bench.restarted() if restart else bench
        book = bench.model.verdicts.book
        return bench.model.standing.aftermath.state(), book.open

    whole = run([1000], restart=False)
    assert whole[1]
    for other in (run([1000], restart=True), run([333, 17], restart=False)):
        assert other[1] == whole[1]
        assert repr(other[0]) == repr(whole[0])


def test_a_level_of_ten_kilobytes_is_shortened_in_the_sentence() -> None:
    bench = Bench.of(TABLES)
    levels = ("n", "e" * 10_000, "s", "w")
    for window in range(25):
        batch = unlabelled(rows(1000, start=1000 * window, seed=3))
        codes = batch.slices["region"].codes
        slices = {"region": CategoricalColumn(codes, levels)}
        bench.registry.observe(replace(batch, slices=slices))
        rate = np.where((codes == 1) & (window >= 20), 0.6, 0.05)
        bad = np.random.default_rng([6, window]).random(1000) < rate
        kinds = ["rejected" if each else "accepted" for each in bad.tolist()]
        bench.registry.attach(facts("reaction", batch.prediction_ids, text=kinds))
    alarm = next(alarm for alarm in opened(bench) if alarm["slice"])
    assert len(alarm["sentence"]) < 700


def test_a_prompts_new_version_is_a_slice_like_any_other() -> None:
    """Rejections of one version of a prompt are told of it."""
    bench = Bench.of({"reference": {"rows": 4000}, "window": {"rows": 400}, **_BUDGET})
    for window in range(40):
        batch = unlabelled(rows(400, start=400 * window))
        rng = np.random.default_rng([5, window])
        codes = rng.integers(0, 3, 400).astype(np.int32)
        slices = {"prompt_version": CategoricalColumn(codes, ("1", "2", "3"))}
        bench.registry.observe(replace(batch, slices=slices))
        bad = rng.random(400) < np.where((codes == 2) & (window >= 25), 0.4, 0.08)
        kinds = ["rejected" if each else "accepted" for each in bad.tolist()]
        bench.registry.attach(facts("reaction", batch.prediction_ids, text=kinds))
    slices_told = [a.slice for a in bench.model.verdicts.book.open if a.signal == "trust"]
    assert {"prompt_version": "3"} in slices_told
