"""What is odd about a history as a whole, though no row of it is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from barograph_processor.history.config import ReplayConfig
from barograph_processor.history.kinds import Kinds
from barograph_processor.history.values import categories, is_text, numbers
from barograph_processor.quality.loss import canonical_class
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["Doubts"]

_KEPT: Final = 100
"""Classes that are remembered; more make no sentence better."""

_SHOWN: Final = 5
_ENOUGH_ROWS: Final = 100
_MANY: Final = 0.5
_SOME: Final = 0.05
_SIDES: Final = 2


class Doubts:
    """Collects them while a history is read.

    They are warnings and no errors: each may be meant.

    Args:
        config: What the columns should be.
    """

    def __init__(self, config: ReplayConfig) -> None:
        self._config = config
        self._about_columns: list[str] = []
        self._task: str | None = None
        self._predicted: dict[str, None] = {}
        self._true: dict[str, None] = {}

    def look(self, columns: Mapping[str, Any], kinds: Kinds, features: Iterable[str]) -> None:
        """Look at the first piece: are the features what they seem to be?

        Args:
            columns: Arrow columns by name, decoded.
            kinds: What was decided about them.
            features: The columns that are watched as inputs.
        """
        self._task = kinds.task
        declared = {*self._config.columns.categorical, *self._config.columns.slices}
        for name in features:
            if name in declared or name in kinds.numeric or not is_text(columns[name]):
                continue
            found = categories(columns[name])
            known = int((found.codes >= 0).sum())
            if known < _ENOUGH_ROWS:
                continue
            _, bad = numbers(columns[name])
            share = (known - len(bad)) / known
            if share > _SOME:
                self._about_columns.append(
                    f"column {name!r} is taken for names, though {share:.0%} of its first values "
                    f"are numbers, unlike {columns[name][int(bad[0])].as_py()!r}; "
                    "columns.categorical says that it is meant"
                )
            elif len(found.levels) > _MANY * known:
                self._about_columns.append(
                    f"column {name!r} is taken for names, and nearly each row has its own, such as "
                    f"{found.levels[0]!r}: numbers with decimal commas, or an id?"
                )

    def see(self, predicted: CategoricalColumn | None, true: Column | None) -> None:
        """Take note of the classes of some rows."""
        for column, classes in ((predicted, self._predicted), (true, self._true)):
            if isinstance(column, CategoricalColumn):
                used = np.unique(column.codes[column.codes >= 0]).tolist()
                for code in used:
                    if len(classes) < _KEPT:
                        classes.setdefault(canonical_class(column.levels[code]))

    @property
    def sentences(self) -> list[str]:
        """What is odd so far, for people."""
        return [*self._about_columns, *self._about_classes()]

    def _about_classes(self) -> Iterable[str]:
        if self._task == "ranking":
            # Its labels are places, and no items.
            return
        positive = self._config.model.positive
        if self._predicted and self._true and not self._predicted.keys() & self._true.keys():
            yield (
                f"no label is ever what was predicted: predictions are {_shown(self._predicted)}, "
                f"labels {_shown(self._true)}"
            )
        if self._task != "binary":
            return
        for what, classes in (("predictions", self._predicted), ("labels", self._true)):
            if len(classes) > _SIDES:
                yield (
                    f"the task is binary, and its {what} are {_shown(classes)}: all but the "
                    "positive class count as negative"
                )
        if positive is not None and self._true and canonical_class(positive) not in self._true:
            yield (
                f"the positive class is {canonical_class(positive)!r}, and no label is: "
                f"they are {_shown(self._true)}"
            )


def _shown(classes: Iterable[str]) -> str:
    names = [repr(name) for name in classes]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
