"""What slices nobody registered are made of: the levels of an attribute, and ranges of them."""

from dataclasses import dataclass

__all__ = ["Attribute"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A registered dimension, or an input.

    Attributes:
        name: Of either.
        codes: How many levels it has, at most 13.
        ordered: How many of them, the first ones, follow each other, so that they make ranges.
    """

    name: str
    codes: int
    ordered: int = 0

    def choices(self) -> list[tuple[int, int]]:
        """Return the first and last code of each range and level that can be a slice."""
        ranges = [
            (first, last)
            for first in range(self.ordered)
            for last in range(first, self.ordered)
            if first or last < self.ordered - 1
        ]
        return ranges + self._single()

    def wide_choices(self) -> list[tuple[int, int]]:
        """Return the same with bins twice as wide, and the range of all of them."""
        ranges = [
            (first, min(last + 1, self.ordered - 1))
            for first in range(0, self.ordered, 2)
            for last in range(first, self.ordered, 2)
        ]
        return ranges + self._single()

    def cover(self, first: int, last: int) -> int:
        """Return the place of the smallest of ``wide_choices`` that holds a choice."""
        if first < self.ordered:
            last = min(last | 1, self.ordered - 1)
        return self.wide_choices().index((first & ~1 if first < self.ordered else first, last))

    def _single(self) -> list[tuple[int, int]]:
        return [(code, code) for code in range(self.ordered, self.codes)]
