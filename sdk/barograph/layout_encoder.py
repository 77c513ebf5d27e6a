"""Writes spans of one layout: a function made for exactly their keys and types.

Ids, times and doubles go through one `struct.pack` between the constant bytes of their keys;
strings and whole numbers through bounded caches of encoded attributes; then one join.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any, Final, TypeAlias

from barograph import semconv
from barograph.layout import Layout
from barograph.protobuf import attribute, field, varint

__all__ = ["Encoder", "layout_encoder"]

Encoder: TypeAlias = Callable[[tuple[Any, ...], bytes, bytes, bytes, int, int, int], bytes]
"""Given values, trace id, span id, parent's span id or b"", start, end, and flags."""

KIND_INTERNAL: Final = 1
EMPTY_STATUS: Final = b"\x7a\x00"
TAG_FLAGS: Final = b"\x85\x01"
_MAX_CACHED: Final = 4096
_MAX_CACHED_CHARS: Final = 64
_MAX_CACHED_IN_ALL: Final = 131_072  # about 20 MiB
_DOUBLE_BYTES: Final = 8
_ONE_BYTE: Final = 64  # lengths up to here, and all those around them, fit in a byte
_UNIQUE: Final = frozenset({semconv.PREDICTION_ID, semconv.EVENT_TIME})
_SIZES: Final = [b"\x12" + varint(size) for size in range(8192)]


_cached = 0


def _room_for_one() -> bool:
    """Whether one more attribute may be remembered; counts it."""
    global _cached  # noqa: PLW0603  # one bound for all layouts
    _cached += 1
    return _cached <= _MAX_CACHED_IN_ALL


class _Strings(dict[str, bytes]):
    """Encoded attributes of one key by value; at most 4,096, none where values hardly repeat."""

    __slots__ = ("_heads", "_key", "_room")

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._room = 0 if key in _UNIQUE else _MAX_CACHED
        # What precedes a value of each length.
        small = len(key.encode()) <= _ONE_BYTE / 2
        self._heads = (
            [attribute(key, "x" * n)[: -n or None] for n in range(_ONE_BYTE)] if small else []
        )

    def __missing__(self, value: str) -> bytes:
        raw = value.encode()
        heads = self._heads
        done = heads[len(raw)] + raw if len(raw) < len(heads) else attribute(self._key, value)
        if len(self) < self._room and len(value) <= _MAX_CACHED_CHARS and _room_for_one():
            self[value] = done
        return done


class _Numbers(dict[Any, bytes]):
    """Encoded attributes of one key by whole number or boolean; at most 4,096."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def __missing__(self, value: Any) -> bytes:
        done = attribute(self._key, value)
        if len(self) < _MAX_CACHED and _room_for_one():
            self[value] = done
        return done


class _Packed:
    """Collects what goes through the one `struct.pack`."""

    def __init__(self, environment: dict[str, Any]) -> None:
        self.format = "<"
        self.arguments: list[str] = []
        self._environment = environment

    def constant(self, content: bytes) -> None:
        """Add bytes that are the same in every span."""
        name = f"c{len(self.arguments)}"
        self._environment[name] = content
        self.add(f"{len(content)}s", name)

    def add(self, code: str, name: str) -> None:
        """Add a variable of the function."""
        self.format += code
        self.arguments.append(name)


def layout_encoder(layout: Layout) -> Encoder:
    """Return the function that encodes the spans of `layout`, tag and length included."""
    environment: dict[str, Any] = {"sizes": _SIZES, "varint": varint, "join": b"".join}
    body = _source(layout, environment, parent=False)
    child = _source(layout, environment, parent=True)
    names = "".join(f"v{at}, " for at in range(len(layout.keys)))
    unpack = f"{names}= values" if names else "pass"
    source = (
        "def encode(values, trace, span, parent, start, end, flags):\n"
        f"    {unpack}\n"
        f"    body = join(({child}) if parent else ({body}))\n"
        "    size = len(body)\n"
        "    return (sizes[size] if size < 8192 else b'\\x12' + varint(size)) + body\n"
    )
    # Keys and values never enter the source: it holds names and positions alone.
    exec(compile(source, "<barograph layout>", "exec"), environment)  # noqa: S102  # generated above
    encode: Encoder = environment["encode"]
    return encode


def _source(layout: Layout, environment: dict[str, Any], *, parent: bool) -> str:
    """Return the parts of a span, as a tuple display in the names of `environment`."""
    scoped: dict[str, Any] = {}
    packed = _Packed(scoped)
    packed.constant(b"\x0a\x10")
    packed.add("16s", "trace")
    packed.constant(b"\x12\x08")
    packed.add("8s", "span")
    if parent:
        packed.constant(b"\x22\x08")
        packed.add("8s", "parent")
    packed.constant(field(0x2A, layout.name.encode()) + b"\x30" + varint(KIND_INTERNAL) + b"\x39")
    packed.add("Q", "start")
    packed.constant(b"\x41")
    packed.add("Q", "end")
    rest: list[str] = []
    for at, (key, kind) in enumerate(zip(layout.keys, layout.kinds, strict=True)):
        if kind is float:
            packed.constant(attribute(key, 0.0)[:-_DOUBLE_BYTES])
            packed.add("d", f"v{at}")
        else:
            cache = f"cache{at}"
            environment.setdefault(cache, _Strings(key) if kind is str else _Numbers(key))
            rest.append(f"{cache}[v{at}], ")
    packed.constant(_constants(layout.constants) + EMPTY_STATUS + TAG_FLAGS)
    packed.add("I", "flags")
    prefix = "child_" if parent else "root_"
    environment.update({prefix + name: content for name, content in scoped.items()})
    environment[f"{prefix}pack"] = Struct(packed.format).pack
    arguments = ", ".join(prefix + name if name in scoped else name for name in packed.arguments)
    # Fields of a message may come in any order.
    return f"{prefix}pack({arguments}), {''.join(rest)}"


def _constants(constants: Mapping[str, Any]) -> bytes:
    return b"".join(attribute(key, value) for key, value in constants.items())
