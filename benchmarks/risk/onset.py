"""How soon harm can be found, how soon it is, and how well its beginning is dated."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from barograph_processor.config import AlarmConfig
from barograph_processor.quality.risk import RiskMonitor
from barograph_processor.sequential.shiryaev_roberts import shiryaev_roberts
from barograph_processor.state.alarm.harm_budget import harm_budget

__all__ = [
    "bad_runs",
    "date_errors",
    "delays_of_knowing",
    "latch_delays",
    "monitor",
    "stretches",
]

BLOCK = 20
_RECOVERY = 10_000.0

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def monitor(tolerated: float, window: int) -> RiskMonitor:
    """Return the monitor as the processor has it, for windows of so many labels."""
    budget = harm_budget(AlarmConfig(), "risk") * window
    return RiskMonitor(tolerated, budget_labels=budget, block=BLOCK, recovery=_RECOVERY)


def stretches(flagged: Bools, bad: Bools, clear: Bools) -> Iterator[slice]:
    """Yield the stretches of bad windows that begin while nothing is flagged.

    A stretch begins with a window that is clearly bad behind one that is not bad and not
    flagged, and ends with the next that is not bad.
    """
    at = 1
    while at < len(bad):
        if bad[at] and clear[at] and not bad[at - 1] and not flagged[at - 1]:
            end = at + int(np.argmin(np.append(bad[at:], False)))
            yield slice(at, end)
            at = end
        at += 1


def bad_runs(bad: Bools) -> list[slice]:
    """Return the runs of bad windows, clearly so or not."""
    edges = np.diff(np.concatenate([[False], bad, [False]]).astype(int))
    begins, ends = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    return [slice(*run) for run in zip(begins, ends, strict=True)]


def latch_delays(losses: Floats, runs: list[slice], watching: RiskMonitor) -> list[int | None]:
    """Return the labels until harm is latched in each run of windows, as the prototype did.

    A run that begins while it is latched counts with 0; None where it is not latched in it.

    Args:
        losses: Of the labels that are seen, a row each window.
        runs: Of bad windows.
        watching: The monitor, new.
    """
    states = [(watching.update(block), watching.harmed)[1] for block in losses.reshape(-1, BLOCK)]
    latched = np.array(states).reshape(len(losses), -1)
    delays: list[int | None] = []
    for run in runs:
        found = np.flatnonzero(latched[run].ravel())
        before = run.start > 0 and latched[run.start - 1, -1]
        first = None if not len(found) else (int(found[0]) + 1) * BLOCK
        delays.append(0 if before else first)
    return delays


def delays_of_knowing(
    risks: Floats, labels: int, *, tolerated: float, budget: float, runs: int, seed: int
) -> Floats:
    """Return the labels until Shiryaev and Roberts' rule, told all risks, finds a stretch.

    Of all rules with as few false alarms it is the quickest, up to what vanishes beside the
    delay (Pollak 1985, Ann. Statist. 13(1)). It is told the risk of each piece of a window,
    and that the one before was the tolerated one.

    Args:
        risks: Of the pieces of windows of the stretch, in order, shape ``(w,)``.
        labels: That are seen of each.
        tolerated: The largest risk that is no harm.
        budget: Labels between false alarms.
        runs: How often labels are drawn.
        seed: Of the draws.

    Returns:
        Shape ``(runs,)``; infinite where it is not found in the stretch.
    """
    rng = np.random.default_rng(seed)
    evidence, found = np.zeros(runs), np.full(runs, np.inf)
    for block, risk in enumerate(np.repeat(risks, labels // BLOCK), 1):
        told = min(max(risk, tolerated), 1 - 1e-4)
        lost = rng.binomial(BLOCK, risk, runs)
        bets = lost * np.log(told / tolerated)
        bets += (BLOCK - lost) * np.log((1 - told) / (1 - tolerated))
        evidence = shiryaev_roberts(evidence, bets)
        found = np.where((evidence >= budget / BLOCK) & np.isinf(found), block * BLOCK, found)
    return found


def date_errors(
    before: float, after: float, *, tolerated: float, runs: int, seed: int
) -> tuple[Ints, Floats]:
    """Return by how many labels the stated onset misses a known one, and what its interval holds.

    Args:
        before: Risk of the first 10,000 labels.
        after: Of the 20,000 labels from then on.
        tolerated: The largest risk that is no harm.
        runs: How often.
        seed: Of the draws.

    Returns:
        Errors with their sign, and whether the interval of 90% holds the truth, of the runs in
        which harm was found.
    """
    rng = np.random.default_rng(seed)
    truth, errors, held = 10_000, [], []
    for _ in range(runs):
        risk = np.repeat([before, after], [truth, 20_000])
        losses = (rng.uniform(size=len(risk)) < risk).astype(np.float64)
        onsets = [step for step in monitor(tolerated, 1000).update(losses) if step.harmed]
        if onsets:
            errors.append(onsets[0].since_label - truth)
            held.append(onsets[0].since_low <= truth <= onsets[0].since_high)
    return np.array(errors, dtype=np.int64), np.array(held, dtype=np.float64)
