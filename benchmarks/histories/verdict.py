"""How what a tool said of a history is judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.histories.flag import KINDS, Flag
from benchmarks.histories.history import History

__all__ = ["Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A history, and all that a tool said of it."""

    history: History
    flags: Sequence[Flag]

    @property
    def alarms(self) -> list[Flag]:
        """Flags as a person would count them: one that goes on in the next window is the same."""
        said = {(flag.window, flag.kind, flag.subject) for flag in self.flags}
        return [
            flag
            for flag in self.flags
            if flag.page is not None or (flag.window - 1, flag.kind, flag.subject) not in said
        ]

    @property
    def false(self) -> list[Flag] | None:
        """Alarms while nothing has changed yet; None where nobody knows what changes."""
        if self.history.name.endswith("shuffled"):
            return self.alarms
        if self.history.change is None:
            return None
        return [flag for flag in self.alarms if flag.window < self.history.change]

    def delay(self, kind: str) -> int | None:
        """Return in which window after the change a kind of alarm comes first, counted from 1.

        One that was raised before and goes on is found at once. Without a known change it is
        the window of the history. None where there is no alarm.
        """
        change = self.history.change or 0
        after = [f.window for f in self.flags if f.kind == kind and f.window >= change]
        return min(after) - change + 1 if after else None

    @property
    def pages(self) -> int | None:
        """How often somebody would be woken up; None where a tool has no such notion."""
        known = [flag.page for flag in self.alarms if flag.page is not None]
        return sum(known) if known or not self.alarms else None

    def cells(self) -> list[str]:
        """Return what the table says."""
        false = self.false
        delays = [self.delay(kind) for kind in KINDS]
        quiet = self.history.name.endswith("shuffled")
        return [
            str(self.history.windows),
            "" if false is None else str(len(false)),
            "" if false is None else str(sum(flag.kind == "labels" for flag in false)),
            *("" if quiet else "-" if delay is None else str(delay) for delay in delays),
            str(len(self.alarms)),
            "-" if self.pages is None else str(self.pages),
        ]
