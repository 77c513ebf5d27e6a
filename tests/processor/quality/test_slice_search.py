"""What is searched for slices nobody registered: levels, rectangles, swings, hindsight."""

from typing import Any

import numpy as np
import pytest

from barograph_processor.quality.slice.attribute import Attribute
from barograph_processor.quality.slice.correlations import SliceCorrelations
from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.evidence import SliceEvidence
from barograph_processor.quality.slice.hindsight import Hindsight
from barograph_processor.quality.slice.pair_counts import PairCounts, pairs_of
from barograph_processor.quality.slice.rectangles import Rectangles
from barograph_processor.quality.slice.rest import noise_of_rest, tolerated_risk
from barograph_processor.quality.slice.search import SliceSearch
from barograph_processor.quality.slice.searched_inputs import KnownSlice

_ATTRIBUTES = (Attribute("a", 13, 12), Attribute("b", 6, 5), Attribute("c", 3))
_PAIRS = pairs_of(3, 3)


def _codes(rng: np.random.Generator, n: int) -> Any:
    return np.stack([rng.integers(0, each.codes, n) for each in _ATTRIBUTES], 1).astype(np.uint8)


@pytest.mark.parametrize("attribute", _ATTRIBUTES)
def test_the_cover_of_a_choice_is_the_smallest_wide_one_that_holds_it(attribute: Attribute) -> None:
    wide = attribute.wide_choices()
    for first, last in attribute.choices():
        holding = [own for own in wide if own[0] <= first and last <= own[1]]
        if first >= attribute.ordered:
            holding = [(first, last)]
        smallest = min(holding, key=lambda own: own[1] - own[0])
        assert wide[attribute.cover(first, last)] == smallest


def test_rectangles_count_the_rows_in_them() -> None:
    rng = np.random.default_rng(1)
    codes, losses = _codes(rng, 500), rng.random(500).round(2)
    losses = np.rint(losses * 256) / 256
    choices = [each.choices() for each in _ATTRIBUTES]
    found = Rectangles(choices, _PAIRS).counts(PairCounts.of(codes, losses, _PAIRS), np.arange(6))
    for pair, (one, other) in enumerate(_PAIRS.T.tolist()):
        for _ in range(20):
            at, by = (int(rng.integers(len(choices[each]))) for each in (one, other))
            (a, b), (c, d) = choices[one][at], choices[other][by]
            rows = (codes[:, one] >= a) & (codes[:, one] <= b)
            rows &= (codes[:, other] >= c) & (codes[:, other] <= d)
            assert found.labels[pair, at, by] == rows.sum()
            assert found.losses[pair, at, by] == pytest.approx(losses[rows].sum())
    assert found.all_labels == 500
    assert found.all_losses == pytest.approx(losses.sum())


def _correlations(swing: float, *, blocks: int, windows: int = 1) -> SliceCorrelations:
    """Those of blocks of 500 labels a window, of which level 0 of ``c`` swings."""
    rng = np.random.default_rng(2)
    counts = []
    for _ in range(blocks):
        parts = []
        for _ in range(windows):
            codes = _codes(rng, 500)
            size = 1 / swing - 1 if swing else 1e9
            risk = np.where(codes[:, 2] == 0, rng.beta(0.2 * size, 0.8 * size), 0.2)
            losses = (rng.random(500) < risk).astype(np.float64)
            parts.append(PairCounts.of(codes, losses, _PAIRS))
        counts.append(parts[0] if windows == 1 else parts[0].merge(parts[1]))
    return SliceCorrelations.learn(_ATTRIBUTES, _PAIRS, counts, windows=windows)


@pytest.mark.parametrize("windows", [1, 2])
def test_each_slice_has_the_correlation_of_its_own(windows: int) -> None:
    """Up by a standard error, of a third here; blocks of two windows tell the same."""
    found = _correlations(0.05, blocks=80, windows=windows)
    assert 0.035 < found.of((("c", 0, 0),)) < 0.08
    assert found.of((("a", 0, 5), ("c", 0, 0))) > 0.025
    assert found.of((("a", 0, 5),)) < found.of((("c", 0, 0),)) / 3
    assert _correlations(0.0, blocks=80, windows=windows).of((("c", 0, 0),)) < 0.01
    assert _correlations(0.05, blocks=3).of((("c", 0, 0),)) == 0


def test_a_narrow_slice_has_the_correlation_of_the_wide_one_that_holds_it_and_text_keeps_all() -> (
    None
):
    found = _correlations(0.05, blocks=20)
    back = SliceCorrelations.from_text(_ATTRIBUTES, _PAIRS, found.to_text())
    assert found.of((("a", 3, 4), ("b", 1, 1))) == found.of((("a", 2, 5), ("b", 0, 1)))
    every = np.arange(_PAIRS.shape[1])
    assert np.array_equal(back.fine(every), found.fine(every))
    at = _ATTRIBUTES[0].choices().index((3, 4)), _ATTRIBUTES[1].choices().index((1, 1))
    assert found.fine(every)[3][at] == found.of((("a", 3, 4), ("b", 1, 1)))
    with pytest.raises(ValueError, match="damaged"):
        SliceCorrelations.from_text(_ATTRIBUTES, _PAIRS, "eHh4")


def _search(correlation: int = 0) -> SliceSearch:
    """A reference of 20,000 labels, a tenth of them lost; level 0 of ``c`` may swing."""
    rng = np.random.default_rng(4)
    codes = _codes(rng, 20_000)
    reference = PairCounts.of(codes, (rng.random(20_000) < 0.1).astype(np.float64), _PAIRS)
    widest = max(len(each.wide_choices()) for each in _ATTRIBUTES)
    values = np.zeros((_PAIRS.shape[1], widest, widest), dtype=np.uint8)
    values[2, 0, 0] = correlation
    return SliceSearch(
        _ATTRIBUTES, _PAIRS, reference, SliceCorrelations(_ATTRIBUTES, _PAIRS, values)
    )


def test_a_slice_of_a_window_that_was_bad_for_all_is_not_what_looks_worst() -> None:
    """Level 0 of ``c`` comes in the bad window alone; level 1 of it is worse than the rest."""
    rng = np.random.default_rng(5)
    codes, window = _codes(rng, 4000), np.repeat([0, 1], 2000)
    codes[:, 2] = np.where(window == 1, np.where(rng.random(4000) < 0.7, 0, 2), 2)
    codes[rng.random(4000) < 0.1, 2] = 1
    risk = np.where(window == 1, 0.3, 0.1) * np.where(codes[:, 2] == 1, 1.7, 1.0)
    losses = (rng.random(4000) < risk).astype(np.float64)
    alone = [key for key in _search().find(codes, losses, window) if len(key) == 1]
    assert alone[0] == (("c", 1, 1),)


@pytest.mark.parametrize(("correlation", "first"), [(0, 0), (100, 1)])
def test_what_swings_looks_less_bad(correlation: int, first: int) -> None:
    rng = np.random.default_rng(6)
    codes, window = _codes(rng, 4000), np.repeat([0, 1], 2000)
    codes[:, 2] = rng.choice(3, 4000, p=[0.1, 0.1, 0.8])
    risk = np.array([0.3, 0.22, 0.1])[codes[:, 2]]
    losses = (rng.random(4000) < risk).astype(np.float64)
    alone = [key for key in _search(correlation).find(codes, losses, window) if len(key) == 1]
    assert alone[0] == (("c", first, first),)


def test_half_of_the_weight_is_of_slices_of_one_attribute_and_half_of_two() -> None:
    attributes, pairs = _ATTRIBUTES[:2], pairs_of(2, 2)
    reference = PairCounts.of(np.zeros((1, 2), dtype=np.uint8), np.zeros(1), pairs)
    correlations = SliceCorrelations.learn(attributes, pairs, [], windows=1)
    search = SliceSearch(attributes, pairs, reference, correlations)
    one, other = ([((each.name, *own),) for own in each.choices()] for each in attributes)
    assert sum(search.weight(key) for key in (*one, *other)) == pytest.approx(0.5)
    assert sum(search.weight(a + b) for a in one for b in other) == pytest.approx(0.5)


def test_hindsight_is_what_a_watched_slice_has_for_evidence() -> None:
    rng = np.random.default_rng(3)
    reference = SliceCounts(np.array([900]), np.array([90.0]), 10_000, 1000.0)
    known = KnownSlice(900, 90.0, 0.01)
    window = np.repeat(np.arange(5, 9), 300)
    inside = rng.random(len(window)) < 0.1
    losses = (rng.random(len(window)) < np.where(inside, 0.3, 0.1)).astype(np.float64)
    found = Hindsight(reference, 0.02, 1000.0).evidence([known], [inside], losses, window)
    watched = SliceEvidence(1)
    for number in range(5, 9):
        rows = window == number
        now = SliceCounts(
            np.array([(rows & inside).sum()]),
            np.array([losses[rows & inside].sum()]),
            300,
            float(losses[rows].sum()),
        )
        tau = tolerated_risk(
            np.array([known.risk]), np.array([known.bound]), now, reference, tolerance=0.02
        )
        phi = (1 + (now.labels - 1) * 0.01) * noise_of_rest(now)
        watched.update(
            now.labels.astype(np.float64), now.losses, tau, phi, window=number, most=1000.0
        )
    assert found.of_harm[0] == pytest.approx(watched.of_harm[0])
    assert found.of_harm[0] > 10
    assert len(Hindsight(reference, 0.02, 1000.0).evidence([], [], losses, window).of_harm) == 0
