"""What breaks other detectors: constants, NaN, ties, new levels, wrong types, tiny windows."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from barograph_processor.drift import DriftMonitor, DriftUpdate, ReferenceProfile, StreamKey
from barograph_processor.drift.profile import MAX_WINDOWS
from barograph_processor.stats import CategoricalColumn, Column, NumericColumn

X = StreamKey("input.drift", "x")
N = 500


def learn(column: Column) -> ReferenceProfile:
    n = len(column)
    return ReferenceProfile.learn({X: column}, np.arange(n) // N, np.arange(n, dtype=np.float64))


def feed(profile: ReferenceProfile, columns: Sequence[Column | None]) -> list[DriftUpdate]:
    monitor = DriftMonitor(profile, budget=10_000.0)
    missing = StreamKey("input.drift", "another")
    updates = []
    for w, column in enumerate(columns):
        batch: dict[StreamKey, Column] = {X: column} if column is not None else {}
        batch = batch or {missing: NumericColumn(np.zeros(N))}
        updates.append(monitor.update(profile.count(batch), time=1e4 + N * w, window=w))
    for update in updates:
        for status in update.streams:
            assert math.isfinite(status.log10_evidence)
            assert status.distance is None or math.isfinite(status.distance)
            assert 0 <= status.missing <= 1
            assert 0 <= status.unseen <= 1
            assert 0 <= status.out_of_range <= 1
    return updates


def opened(updates: list[DriftUpdate]) -> list[tuple[int, str]]:
    return [
        (w, alarm.effect.kind)
        for w, update in enumerate(updates)
        for _, what, alarm in update.transitions
        if what == "open"
    ]


def names(rng: np.random.Generator, n: int, levels: tuple[str, ...]) -> CategoricalColumn:
    return CategoricalColumn(rng.integers(0, len(levels), size=n).astype(np.int32), levels)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e300, 1e-300])
def test_a_constant_is_quiet_until_it_changes(value: float) -> None:
    same = NumericColumn(np.full(N, value))
    other = NumericColumn(np.full(N, value / 2 + 1))
    updates = feed(learn(NumericColumn(np.full(10 * N, value))), [same] * 10 + [other] * 6)
    (window, kind), *more = opened(updates)
    assert 10 <= window < 14
    assert kind == "outside"
    assert not more
    assert updates[-1].streams[0].out_of_range == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308])
def test_values_that_are_no_numbers_are_counted_and_found(
    rng: np.random.Generator, bad: float
) -> None:
    profile = learn(NumericColumn(rng.normal(size=10 * N)))
    fine: list[Column | None] = [NumericColumn(rng.normal(size=N)) for _ in range(5)]
    broken: list[Column | None] = [
        NumericColumn(np.where(rng.uniform(size=N) < 0.3, bad, rng.normal(size=N)))
        for _ in range(10)
    ]
    assert [window for window, _ in opened(feed(profile, fine + broken))][:1] < [10]


def test_a_reference_with_infinities_and_gaps_is_learnt(rng: np.random.Generator) -> None:
    def values(n: int) -> NumericColumn:
        x = rng.normal(size=n)
        chance = rng.uniform(size=n)
        x[chance < 0.1], x[chance > 0.95], x[chance > 0.98] = np.nan, np.inf, -np.inf
        return NumericColumn(x)

    assert not opened(feed(learn(values(20 * N)), [values(N) for _ in range(100)]))


def test_a_reference_without_any_value_finds_that_values_come(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(np.full(10 * N, np.nan)))
    nothing: list[Column | None] = [NumericColumn(np.full(N, np.nan))] * 5
    something: list[Column | None] = [NumericColumn(rng.normal(size=N))] * 6
    (window, kind), *_ = opened(feed(profile, nothing + something))
    assert 5 <= window < 9
    assert kind in {"missing", "outside"}


def test_a_column_that_vanishes_is_missing(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(rng.normal(size=10 * N)))
    updates = feed(profile, [NumericColumn(rng.normal(size=N))] * 3 + [None] * 6)
    assert opened(updates)
    assert updates[-1].streams[0].missing == 1
    assert updates[-1].streams[0].distance is None


def test_values_that_stop_are_told_as_all_of_them(rng: np.random.Generator) -> None:
    """Windows of before do not dilute it."""
    profile = learn(NumericColumn(rng.normal(size=10 * N)))
    updates = feed(profile, [NumericColumn(rng.normal(size=N))] * 3 + [None] * 6)
    (told,) = (
        alarm.effect
        for update in updates
        for _, what, alarm in update.transitions
        if what == "open"
    )
    assert (told.kind, told.before, told.now) == ("missing", 0.0, 1.0)


@pytest.mark.parametrize("levels", ["ab", "abc", "abcdefgh"])
def test_a_name_that_stops_is_told_as_one_that_no_longer_comes(
    rng: np.random.Generator, levels: str
) -> None:
    """Though the shares of the others rise, and windows of before held it."""
    profile = learn(names(rng, 10 * N, tuple(levels)))
    before, after = (names(rng, N, tuple(some)) for some in (levels, levels[1:]))
    updates = feed(profile, [before] * 3 + [after] * 8)
    (told,) = (
        alarm for update in updates for _, what, alarm in update.transitions if what == "open"
    )
    assert (told.effect.subject, told.effect.now) == ("a", 0.0)
    assert told.effect.before == pytest.approx(1 / len(levels), abs=0.02)
    assert "no longer comes" in told.description


def test_a_rare_name_that_a_window_does_not_hold_is_not_called_gone(
    rng: np.random.Generator,
) -> None:
    """Of seven that it should have held; what moved is another."""
    profile = learn(names(rng, 10 * N, tuple("a" * 60 + "b" * 39 + "c")))
    updates = feed(profile, [names(rng, N, tuple("a" * 20 + "b" * 80))] * 8)
    told = [alarm for update in updates for _, what, alarm in update.transitions if what == "open"]
    assert [alarm.effect.gone for alarm in told] == [False]


def test_names_that_all_stop_are_told_as_missing(rng: np.random.Generator) -> None:
    """None of them is gone by itself."""
    profile = learn(names(rng, 40 * N, ("a", "b", "b", "c")))
    gone = CategoricalColumn(np.full(N, -1, dtype=np.int32), ("a",))
    updates = feed(profile, [names(rng, N, ("a", "b", "b", "c")), gone, gone])
    assert opened(updates) == [(1, "missing")]
    alarm = updates[-1].streams[0].alarm
    assert alarm is not None
    assert alarm.effect.now == 1.0


@pytest.mark.parametrize("broken", ["missing", "units", "zero"])
def test_a_break_of_all_rows_is_told_with_its_first_window(
    rng: np.random.Generator, broken: str
) -> None:
    """And in its own figures, not in those of the windows before."""
    before = rng.lognormal(3.0, 0.8, size=45 * N)
    after = {"missing": np.nan, "zero": 0.0}.get(broken, 1000 * before[:N])
    columns: list[Column | None] = [
        NumericColumn(before[at : at + N]) for at in range(40 * N, 45 * N, N)
    ]
    updates = feed(
        learn(NumericColumn(before[: 40 * N])), [*columns, NumericColumn(np.full(N, after))]
    )
    ((window, kind),) = opened(updates)
    assert window == 5
    alarm = updates[-1].streams[0].alarm
    assert alarm is not None
    expected = {"missing": 1.0, "zero": 0.0}.get(broken)
    if kind == "mean":
        assert alarm.effect.now == pytest.approx(np.mean(after), rel=0.01, abs=0.01)
    elif expected is not None:
        assert alarm.effect.now == pytest.approx(expected, abs=0.01)
    assert alarm.since_window in (4, 5)


def test_all_rows_under_new_names_are_told_with_their_first_window(
    rng: np.random.Generator,
) -> None:
    profile = learn(names(rng, 40 * N, ("ios", "android")))
    usual = [names(rng, N, ("ios", "android")) for _ in range(3)]
    updates = feed(profile, [*usual, names(rng, N, ("iOS", "Android"))])
    assert [window for window, _ in opened(updates)] == [3]
    alarm = updates[-1].streams[0].alarm
    assert alarm is not None
    assert (alarm.effect.subject, alarm.effect.now) == ("__new__", 1.0)


def test_a_wild_window_that_is_no_break_raises_nothing_alone(rng: np.random.Generator) -> None:
    """Nine standard deviations of a window's mean, and back."""
    profile = learn(NumericColumn(rng.normal(size=40 * N)))
    usual = [NumericColumn(rng.normal(size=N)) for _ in range(10)]
    wild = NumericColumn(rng.normal(0.4, 1.0, size=N))
    assert opened(feed(profile, [*usual[:5], wild, *usual[5:]])) == []


def test_numbers_that_become_names_are_unparsable(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(rng.normal(size=10 * N)))
    text = CategoricalColumn.of(["1.5"] * N)
    updates = feed(profile, [text] * 6)
    assert opened(updates)
    assert updates[-1].streams[0].missing == 1


def test_names_that_become_numbers_are_compared_by_their_text(rng: np.random.Generator) -> None:
    profile = learn(names(rng, 10 * N, ("0", "1", "2.5")))
    values = NumericColumn(rng.choice([0.0, 1.0, 2.5], size=N))
    updates = feed(profile, [values] * 5)
    assert updates[-1].streams[0].unseen == 0
    other = feed(profile, [NumericColumn(values.values + 7)] * 6)
    assert other[-1].streams[0].unseen == 1
    assert opened(other)


def test_a_new_level_is_found(rng: np.random.Generator) -> None:
    profile = learn(names(rng, 20 * N, ("a", "b", "c")))
    fine: list[Column | None] = [names(rng, N, ("a", "b", "c")) for _ in range(10)]
    broken: list[Column | None] = []
    for _ in range(15):
        column = names(rng, N, ("a", "b", "c", "d"))
        codes = np.where((column.codes == 3) & (rng.uniform(size=N) < 0.9), 0, column.codes)
        broken.append(CategoricalColumn(codes.astype(np.int32), column.levels))
    updates = feed(profile, fine + broken)
    assert 10 <= opened(updates)[0][0] < 20
    assert updates[-1].streams[0].unseen > 0


def test_a_level_that_vanishes_is_found(rng: np.random.Generator) -> None:
    profile = learn(names(rng, 20 * N, ("a", "b", "c", "d")))
    fine: list[Column | None] = [names(rng, N, ("a", "b", "c", "d")) for _ in range(10)]
    without: list[Column | None] = [names(rng, N, ("a", "b", "c")) for _ in range(6)]
    updates = feed(profile, fine + without)
    assert 10 <= opened(updates)[0][0] < 14
    assert updates[-1].streams[0].unseen == 0


@pytest.mark.parametrize("only", [0, 1])
def test_windows_of_one_class_are_found(rng: np.random.Generator, only: int) -> None:
    profile = learn(names(rng, 20 * N, ("no", "yes")))
    one = CategoricalColumn(np.full(N, only, dtype=np.int32), ("no", "yes"))
    updates = feed(profile, [names(rng, N, ("no", "yes"))] * 3 + [one] * 5)
    assert 3 <= opened(updates)[0][0] < 7


def test_a_reference_of_one_class_is_quiet_until_another_comes(rng: np.random.Generator) -> None:
    one = CategoricalColumn(np.zeros(20 * N, dtype=np.int32), ("no",))
    same: list[Column | None] = [one.take(np.arange(N))] * 20
    both: list[Column | None] = [names(rng, N, ("no", "yes")) for _ in range(5)]
    updates = feed(learn(one), same + both)
    assert 20 <= opened(updates)[0][0] < 24
    assert updates[-1].streams[0].unseen > 0.3


def test_an_unbalanced_class_that_grows_is_found(rng: np.random.Generator) -> None:
    """From 1% to 3% of rows: five to fifteen a window."""

    def column(n: int, share: float) -> CategoricalColumn:
        return CategoricalColumn((rng.uniform(size=n) < share).astype(np.int32), ("no", "yes"))

    fine: list[Column | None] = [column(N, 0.01) for _ in range(30)]
    more: list[Column | None] = [column(N, 0.03) for _ in range(20)]
    assert 30 <= opened(feed(learn(column(30 * N, 0.01)), fine + more))[0][0] < 45


def test_a_reference_longer_than_what_is_kept_is_learnt(rng: np.random.Generator) -> None:
    n = 500 * 100
    column = NumericColumn(rng.normal(size=n))
    profile = ReferenceProfile.learn({X: column}, np.arange(n) // 100, np.arange(n, dtype=float))
    assert len(profile.rows) == len(profile.scores) == MAX_WINDOWS
    assert profile.total.rows == n
    again = ReferenceProfile.from_json(profile.to_json())
    fine: list[Column | None] = [NumericColumn(rng.normal(size=100)) for _ in range(20)]
    assert not opened(feed(again, fine))
    moved: list[Column | None] = [NumericColumn(rng.normal(1, 1, size=100)) for _ in range(6)]
    assert opened(feed(again, moved))


def test_identifiers_are_no_drift() -> None:
    """A column of ever new names had ever new names in its reference too."""

    def identifiers(start: int, n: int) -> CategoricalColumn:
        return CategoricalColumn(
            np.arange(n, dtype=np.int32), tuple(f"id{start + i}" for i in range(n))
        )

    profile = learn(identifiers(0, 10 * N))
    updates = feed(profile, [identifiers(10_000 + N * w, N) for w in range(60)])
    assert not opened(updates)


def test_rare_classes_raise_nothing(rng: np.random.Generator) -> None:
    def column(n: int) -> CategoricalColumn:
        codes = (rng.uniform(size=n) < 0.002).astype(np.int32)
        return CategoricalColumn(codes, ("no", "yes"))

    assert not opened(feed(learn(column(20 * N)), [column(N) for _ in range(200)]))


def test_windows_of_any_size_are_taken(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(rng.normal(size=10 * N)))
    sizes = rng.choice([0, 1, 3, 99, 100, 101, 2000], size=150).tolist()
    columns: list[Column | None] = [NumericColumn(rng.normal(size=n)) for n in sizes]
    assert not opened(feed(profile, columns))


def test_a_reference_of_one_window_works(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(rng.normal(size=N)))
    fine: list[Column | None] = [NumericColumn(rng.normal(size=N)) for _ in range(40)]
    assert not opened(feed(profile, fine))
    broken: list[Column | None] = [NumericColumn(rng.normal(1, 1, size=N)) for _ in range(20)]
    assert opened(feed(profile, fine + broken))


def test_a_reference_of_a_few_rows_works(rng: np.random.Generator) -> None:
    profile = learn(NumericColumn(rng.normal(size=7)))
    assert not opened(feed(profile, [NumericColumn(rng.normal(size=N)) for _ in range(30)]))


def test_ties_and_discrete_values_are_kept_together() -> None:
    values = np.repeat([0.0, 1.0, 2.0], [900, 50, 50])
    profile = learn(NumericColumn(np.tile(values, 5)))
    counts = profile.count({X: NumericColumn(np.array([0.0, 1.0, 2.0, 0.5, -1.0, 3.0]))})
    assert counts.slots.tolist() == [1, 1, 2, 1, 1, 0, 0]


def test_time_that_stands_still_or_runs_back_is_taken(rng: np.random.Generator) -> None:
    n = 30 * N
    profile = ReferenceProfile.learn(
        {X: NumericColumn(rng.normal(size=n))}, np.arange(n) // N, np.zeros(n)
    )
    monitor = DriftMonitor(profile, budget=1000.0)
    for w, time in enumerate([0.0, -5.0, 1e12, math.nan, math.inf]):
        update = monitor.update(
            profile.count({X: NumericColumn(rng.normal(size=N))}), time=time, window=w
        )
        assert not update.transitions


def test_an_unknown_time_is_taken_under_a_declared_season(rng: np.random.Generator) -> None:
    n = 60 * N
    time = np.arange(n) * 3600.0 / N
    profile = ReferenceProfile.learn(
        {X: NumericColumn(rng.normal(size=n))}, np.arange(n) // N, time
    )
    monitor = DriftMonitor(profile, budget=1000.0, season="hour_of_day")
    for w, at in enumerate([216_000.0, math.nan, 223_200.0]):
        column = NumericColumn(rng.normal(size=N))
        update = monitor.update(profile.count({X: column}), time=at, window=w)
        assert all(math.isfinite(status.log10_evidence) for status in update.streams)


def test_a_constant_reference_of_two_inputs_has_no_correlation() -> None:
    y = StreamKey("input.drift", "y")
    columns: dict[StreamKey, Column] = {X: NumericColumn(np.ones(N)), y: NumericColumn(np.ones(N))}
    profile = ReferenceProfile.learn(columns, np.arange(N) // 100, np.zeros(N))
    monitor = DriftMonitor(profile, budget=1000.0)
    assert [status.key for status in monitor.streams] == [X, y]


@pytest.mark.parametrize(
    ("rows", "times", "text"), [(0, 0, "at least one row"), (5, 4, "same length")]
)
def test_a_bad_reference_is_refused(rows: int, times: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ReferenceProfile.learn(
            {X: NumericColumn(np.zeros(rows))}, np.zeros(rows, dtype=np.intp), np.zeros(times)
        )


def test_a_reference_without_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="one column"):
        ReferenceProfile.learn({}, np.zeros(5, dtype=np.intp), np.zeros(5))
