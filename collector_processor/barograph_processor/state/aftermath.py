"""What follows predictions beside their labels, and what it says of the model."""

from collections.abc import Callable, Mapping
from typing import Any

from barograph_processor.config import ModelConfig
from barograph_processor.observation import ObservationBatch
from barograph_processor.state.finding import Finding
from barograph_processor.state.reactions import Reactions

__all__ = ["Aftermath"]


class Aftermath:
    """The monitors of one model that live on rows, late facts and closed windows alone.

    Not locked; its owner is.

    Args:
        config: How the model is watched.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.reactions = Reactions(config.alarm, block=config.window.max_rows or 1000)

    def see(self, rows: ObservationBatch) -> None:
        """Take punctual rows, in order of arrival."""
        self.reactions.see(len(rows))

    def close(self, window: int) -> None:
        """End a window that is judged."""
        self.reactions.close(window)

    def findings(self, start_of: Callable[[int], int], *, quality_harmed: bool) -> list[Finding]:
        """Return what is wrong as of the last window.

        Args:
            start_of: When a window began, ns.
            quality_harmed: Labels say that predictions are wrong too often.
        """
        return self.reactions.findings(start_of, quality_harmed=quality_harmed)

    def figures(self) -> dict[str, Any]:
        """Return the figures of the last window by signal, in plain values."""
        return self.reactions.figures()

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"reactions": self.reactions.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.reactions.load(state["reactions"])
