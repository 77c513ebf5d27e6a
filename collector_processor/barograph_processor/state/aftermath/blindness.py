"""What can no longer be seen of a model: traffic, labels, confidence, a reference that holds."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from barograph_processor.state.aftermath.silence import Silence
from barograph_processor.state.alarm.finding import Finding
from barograph_processor.state.alarm.phrases import lasting, moment
from barograph_processor.state.condition import Sight

__all__ = ["Blindness"]

_PATIENCE: Final = 20
_FACTOR: Final = 3
_WITHOUT_CONFIDENCE: Final = 2

_ADVICE: Final = {
    "traffic": (
        "Find out whether the model is still called: a stopped job, a route that moved, an "
        "exporter or a Collector that is down. Until predictions come, nothing is known of it."
    ),
    "labels": (
        "Look at the job that sends labels, and at the ids that it sends: late facts that find "
        "no prediction are counted as unjoined. Until labels come, quality is not known."
    ),
    "confidence": (
        "Look at what was released: the model or its wrapper no longer gives a confidence."
    ),
    "reference": (
        "Promote a newer reference, if what the model does now is what it should do: "
        "`barograph baseline promote`."
    ),
}


class Blindness:
    """Follows what a model used to show, and finds what it no longer does.

    Labels have stopped after 20 windows without one, or three times as many as usually
    were without one; confidence after two windows without one, where the
    reference had it; a reference is stale at an age.

    State size: a few numbers. Not locked; its owner is.

    Args:
        silence_s: Seconds without a prediction that are too long, if that is an objective.
        stale_s: Age at which a reference is stale, s of event time.
    """

    def __init__(self, *, silence_s: float | None, stale_s: float) -> None:
        self.silence = Silence(silence_s)
        self._stale_ns = round(stale_s * 1e9)
        self._confident = 0
        self._without_confidence = 0
        self._waited = 0
        self._longest_wait = 0
        self._longest_once = 0
        self._findings: list[Finding] = []

    @property
    def label_patience(self) -> int:
        """Windows without a label after which labels have stopped."""
        return max(_PATIENCE, _FACTOR * self._longest_wait)

    def see(self, confident: int) -> None:
        """Take the rows of a window that have a confidence."""
        self._confident += confident

    def close(
        self,
        window: int,
        *,
        end_ns: int,
        sight: Sight,
        had_confidence: bool,
        reference_end_ns: int,
        start_of: Callable[[int], int],
    ) -> None:
        """End a window.

        Args:
            window: Its number.
            end_ns: Event time of its last row.
            sight: By what it is judged, and since when by nothing.
            had_confidence: Whether the reference had one.
            reference_end_ns: Event time of the reference's last row.
            start_of: When a window began, ns.
        """
        without = had_confidence and not self._confident
        self._without_confidence = self._without_confidence + 1 if without else 0
        self._confident = 0
        self._findings = []
        if sight.windows_since_label is not None:
            self._follow_labels(sight.windows_since_label)
            if sight.windows_since_label > self.label_patience:
                self._note_labels(window, sight, start_of)
        if self._without_confidence >= _WITHOUT_CONFIDENCE:
            first = window - self._without_confidence + 1
            since_ns = start_of(first)
            sentence = f"it gives no confidence any more since {moment(since_ns)}"
            self._note("confidence", sentence, since_ns, first)
        age_ns = end_ns - reference_end_ns
        if age_ns > self._stale_ns:
            sentence = (
                f"its reference is stale: it ended {lasting(age_ns, end_ns)} ago, at "
                f"{moment(reference_end_ns)}, and what was normal then may be no longer"
            )
            self._note("reference", sentence, reference_end_ns + self._stale_ns, window)

    def findings(self) -> list[Finding]:
        """Return what could not be seen as of the last window."""
        return self._findings

    def silent(self, begin_ns: int, length_ns: int, window: int) -> Finding:
        """Say that no prediction came for so long.

        Args:
            begin_ns: Event time of the last one.
            length_ns: How long none came.
            window: The window that is open.
        """
        patience_ns = self.silence.patience_ns
        # A silence that is over may have taught that it is usual.
        usual = (
            f"up to {lasting(patience_ns, begin_ns)} would be usual"
            if patience_ns < length_ns
            else "as it came before, it is usual from now on"
        )
        return Finding(
            signal="blind",
            feature="traffic",
            severity="ticket",
            sentence=(
                f"no prediction has come for {lasting(length_ns, begin_ns)}, since "
                f"{moment(begin_ns)}; {usual}. Nothing is known of the model"
            ),
            advice=_ADVICE["traffic"],
            since_ns=begin_ns,
            since_window=window,
        )

    def _follow_labels(self, waited: int) -> None:
        """Learn how long labels may be away; what came once and was too long teaches nothing."""
        over, self._waited = self._waited, waited
        if waited >= over:
            return
        if over <= self.label_patience:
            self._longest_wait = max(self._longest_wait, over)
        else:
            self._longest_wait = max(self._longest_wait, min(self._longest_once, over))
            self._longest_once = max(self._longest_once, over)

    def _note_labels(self, window: int, sight: Sight, start_of: Callable[[int], int]) -> None:
        waited = sight.windows_since_label or 0
        first = window - waited + 1
        since_ns = start_of(first)
        sentence = (
            f"no {sight.judged_by} has come for {waited} windows, since {moment(since_ns)}; up to "
            f"{self._longest_wait} were usual. Its quality is not known"
        )
        self._note("labels", sentence, since_ns, max(first, 0))

    def _note(self, what: str, sentence: str, since_ns: int, since_window: int) -> None:
        self._findings.append(
            Finding(
                signal="blind",
                feature=what,
                severity="ticket",
                sentence=sentence,
                advice=_ADVICE[what],
                since_ns=since_ns,
                since_window=since_window,
            )
        )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues; findings live for one window."""
        return {
            "silence": self.silence.state(),
            "confident": self._confident,
            "without_confidence": self._without_confidence,
            "waits": [self._waited, self._longest_wait, self._longest_once],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.silence.load(state["silence"])
        self._confident = state["confident"]
        self._without_confidence = state["without_confidence"]
        self._waited, self._longest_wait, self._longest_once = state["waits"]
