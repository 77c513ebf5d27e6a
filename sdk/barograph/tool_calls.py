"""The tool calls of a response, gathered from its pieces, and whether their arguments are JSON."""

import json

__all__ = ["ToolCalls"]

_MAX_CALLS = 128
_MAX_CHARS = 65_536  # of one call's arguments; of longer ones nothing is said


class ToolCalls:
    """What a model asked tools to do.

    State: at most 128 calls, with at most 65,536 characters of arguments each.
    """

    __slots__ = ("_chars", "_open", "_pieces")

    def __init__(self) -> None:
        self._pieces: dict[str, list[str]] = {}
        self._chars: dict[str, int] = {}
        self._open: dict[int | None, str] = {}

    def __len__(self) -> int:
        return len(self._pieces)

    def begin(self, key: str | None, place: int | None = None) -> str | None:
        """Note a call by its id, and where it stands among those that come in pieces.

        Returns the name under which it is known: its id, else that of the call at `place`, else
        one made up; None beyond the bound.
        """
        if key is None:
            key = self._open.get(place)
        if key is None:
            key = f"#{len(self._pieces)}"
        if key not in self._pieces:
            if len(self._pieces) >= _MAX_CALLS:
                return None
            self._pieces[key] = []
            self._chars[key] = 0
        self._open[place] = key
        return key

    def add(self, key: str | None, place: int | None, piece: str) -> None:
        """Add a piece of the arguments of the call of this id, or at this place."""
        known = self.begin(key, place)
        if known is None:
            return
        if self._chars[known] <= _MAX_CHARS:
            self._pieces[known].append(piece)
        self._chars[known] += len(piece)

    def replace(self, key: str | None, arguments: str) -> None:
        """Note a call whose arguments are all here."""
        known = self.begin(key)
        if known is not None:
            self._pieces[known] = [arguments]
            self._chars[known] = len(arguments)

    def validity(self) -> float | None:
        """Return the share of calls whose arguments are a JSON object, in [0, 1].

        No arguments at all are one without fields. None if there is no call to judge: all are
        too long, or there is none.

        >>> calls = ToolCalls()
        >>> calls.add("a", 0, '{"city": ')
        >>> calls.add(None, 0, '"Bonn"}')
        >>> calls.replace("b", "city=Bonn")
        >>> calls.validity()
        0.5
        """
        judged = [
            _is_object("".join(pieces))
            for key, pieces in self._pieces.items()
            if self._chars[key] <= _MAX_CHARS
        ]
        return sum(judged) / len(judged) if judged else None


def _is_object(text: str) -> bool:
    try:
        return not text or isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
