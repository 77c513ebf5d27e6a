"""A history that all contenders read: a CSV file, and what its columns are."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["LABEL", "PREDICTION", "SCORE", "History"]

PREDICTION, SCORE, LABEL = "prediction", "score", "label"
"""The columns that every history has, by these names; a regression has no score."""


@dataclass(frozen=True, slots=True)
class History:
    """What a contender is told of a history, and, for the judge, what happens in it.

    Attributes:
        name: Its name; the file is ``<name>.csv``.
        task: ``binary``, ``multiclass`` or ``regression``.
        numeric: Inputs that are numbers.
        categorical: Inputs that are names.
        reference: Rows that are taken for normal.
        window: Rows of each window after them; a rest is left out.
        windows: How many windows there are.
        change: The window in which something changes; None where nobody knows, or nothing does.
        classes: Of a multiclass task; the score of each is in the column ``score_<class>``.
    """

    name: str
    task: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    reference: int
    window: int
    windows: int
    change: int | None = None
    classes: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the model says: the score where there is one, a value, or a class and its score."""
        return {"binary": (SCORE,), "regression": (PREDICTION,)}.get(self.task, (PREDICTION, SCORE))

    def write(self, folder: Path) -> None:
        """Write it beside its file."""
        (folder / f"{self.name}.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> "History":
        """Undo ``write``."""
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        known: dict[str, Any] = {
            field: tuple(value) if isinstance(value, list) else value
            for field, value in json.loads(text).items()
        }
        return cls(**known)
