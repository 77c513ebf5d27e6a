"""Streams of a model's answers whose quality changes: inputs, scores, and true labels.

The model is right about the probability of each label until live window `ONSET`; inputs
never change. Labels come with their rows.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.detection.streams import ONSET, Floats, Outcome, Run, Stream, make_run

__all__ = ["QUALITY", "LabelledStream", "make_labelled_run"]

QUALITY = "quality"
"""What an alarm on such a stream is about."""

_SLICE = 3
"""The level of c9, 9% of the rows, that fails on the stream of a failing slice."""


@dataclass(frozen=True, slots=True)
class LabelledStream:
    """What goes wrong with the answers.

    Attributes:
        name: Its name.
        windows: Live windows of 1,000 rows.
        reference: Reference windows.
        concept: What the weight of f1 in the truth is multiplied by from the onset on.
        flipped: Share of wrong labels that one slice gets on top.
        overconfidence: What the score's log odds are multiplied by; choices stay the same.
    """

    name: str
    windows: int = 100
    reference: int = 10
    concept: float = 1.0
    flipped: float = 0.0
    overconfidence: float = 1.0
    season_declared: None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """What an alarm should be about; nothing if nothing changes."""
        changed = (self.concept, self.flipped, self.overconfidence) != (1.0, 0.0, 1.0)
        return (QUALITY,) if changed else ()


def make_labelled_run(stream: LabelledStream, seed: int) -> Run:
    """Draw one run."""
    run = make_run(Stream("", windows=stream.windows, reference=stream.reference), seed)
    rng = np.random.default_rng([seed, 31_337])
    after = run.window >= run.reference + ONSET
    f0, f1 = run.columns["f0"], run.columns["f1"]
    odds = 2.0 * f0 - 1.5 * f1 - 0.5
    true_odds = np.where(after, 2.0 * f0 - 1.5 * stream.concept * f1 - 0.5, odds)
    label = rng.uniform(size=len(odds)) < _probability(true_odds)
    failing = after & (run.columns["c9"] == _SLICE) & (rng.uniform(size=len(odds)) < stream.flipped)
    score = _probability(np.where(after, stream.overconfidence, 1.0) * odds)
    outcome = Outcome(score, odds >= 0, label ^ failing)
    return Run(
        run.columns, run.categorical, run.window, run.time, run.reference, run.windows, outcome
    )


def _probability(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))
