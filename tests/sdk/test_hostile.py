"""Whatever a program hands the SDK, its call runs as if the SDK were not there."""

# ruff: noqa: ARG002, FBT003, A002  # the models of a test ignore what they are given

import math
import sys
import threading
import time
from collections import OrderedDict, defaultdict
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import barograph
from barograph.testing import Recorder


class Hostile:
    """Raises, or takes its time, whatever is asked of it."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        time.sleep(5)
        raise RuntimeError("do not touch")

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __hash__ = __eq__ = __float__ = _refuse
    __getattr__ = __int__ = __index__ = __getitem__ = __contains__ = __array__ = _refuse


class Closed(Hostile):
    """Not even its attributes can be read."""

    __getattribute__ = Hostile._refuse


class HostileDict(dict[str, Any]):
    __len__ = __iter__ = items = keys = __getitem__ = Hostile._refuse


class HostileList(list[Any]):
    __len__ = __iter__ = __getitem__ = Hostile._refuse


class HostileStr(str):
    __slots__ = ()
    __len__ = __str__ = __hash__ = __eq__ = Hostile._refuse


class HostileFloat(float):
    __float__ = __repr__ = __eq__ = __hash__ = Hostile._refuse


class Color(Enum):
    RED = "red"


class Word(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        Hostile,
        Closed,
        lambda: HostileDict(a=1),
        lambda: HostileList([1.0]),
        lambda: HostileStr("x"),
    ],
    ids=["object", "closed", "dict", "list", "str"],
)
def test_hostile_arguments_and_results_pass_untouched(
    recorder: Recorder, make: Any, batch: bool
) -> None:
    @barograph.observe(model="m", batch=batch, id="id", slices=("value",), time="time")
    def score(value: Any, id: Any, time: Any) -> Any:
        return value

    hostile = make()
    begin = time.perf_counter()
    assert score(hostile, Hostile(), Hostile()) is hostile
    assert time.perf_counter() - begin < 1
    assert len(recorder.spans) == 1


def test_the_base_types_own_values_are_read(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score(**features: Any) -> None:
        return None

    score(
        text=HostileStr("x"),
        number=HostileFloat(1.5),
        color=Color.RED,
        word=Word.RED,
        one=Number.ONE,
        price=Decimal("1.25"),
        key=UUID(int=1),
        big=2**70,
        huge=10**400,
        surrogate="\ud800",
        single=np.float32(0.5),
        flag=np.bool_(True),
        size_one=np.array([[7]]),
        nothing=None,
        ordered=OrderedDict(a=1),
        default=defaultdict(int, b=2),
    )
    prefix = "barograph.input."
    found = {k.removeprefix(prefix): v for k, v in recorder.predictions[0].items() if prefix in k}
    assert found == {
        "text": "x",
        "number": 1.5,
        "color": "red",
        "word": "red",
        "one": 1,
        "price": 1.25,
        "key": "00000000-0000-0000-0000-000000000001",
        "big": float(2**70),
        "surrogate": "?",
        "single": 0.5,
        "flag": True,
        "size_one": 7,
        "a": 1,
        "b": 2,
    }
    assert all(type(value) in {str, int, float, bool} for value in found.values())


def test_a_structure_that_contains_itself_ends(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score(features: dict[str, Any]) -> dict[str, Any]:
        return features

    loop: dict[str, Any] = {"x": 1}
    loop["self"] = loop
    loop["list"] = [loop]
    assert score(loop) is loop
    assert recorder.predictions[0]["barograph.input.x"] == 1


def test_recursion_to_the_limit_is_the_users_own_error(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def down(depth: int) -> int:
        return down(depth + 1)

    with pytest.raises(RecursionError):
        down(0)
    assert len(recorder.spans) > 10

    @barograph.observe(model="m")
    def factorial(n: int) -> int:
        return 1 if n < 2 else n * factorial(n - 1)

    assert factorial(sys.getrecursionlimit() // 10) > 0


def test_an_exception_that_cannot_be_printed_passes() -> None:
    class Mute(Exception):  # noqa: N818  # what it is
        def __str__(self) -> str:
            raise RuntimeError

    @barograph.observe(model="m")
    def score() -> None:
        raise Mute

    with Recorder(capture="full") as recorder, pytest.raises(Mute):
        score()
    assert len(recorder.spans) == 1


def test_failing_selectors_cost_their_own_part_alone(recorder: Recorder) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise LookupError

    @barograph.observe(
        model="m", id=fail, slices={"s": fail, "t": "x"}, time=fail, features=fail, output=fail
    )
    def score(x: float) -> float:
        return x

    assert score(1.0) == 1.0
    attributes = recorder.predictions[0]
    assert set(attributes) == {
        "barograph.model.name",
        "barograph.model.version",
        "barograph.slice.t",
    }


def test_huge_arguments_are_bounded_in_time_and_size(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def score(text: str, vector: Any, matrix: Any, many: dict[str, int]) -> str:
        return "y" * 10_000_000

    many = {f"k{at}": at for at in range(100_000)}
    score("x" * 10_000_000, [0.5] * 1_000_000, np.zeros((1000, 50)), many)
    (attributes,) = recorder.predictions
    assert len(attributes) < 1_200
    assert attributes["barograph.input.text.length"] == 10_000_000
    assert attributes["barograph.input.matrix.rows"] == 1000
    assert attributes["barograph.output.length"] == 10_000_000


def test_a_processor_that_fails_costs_nothing_but_the_span(recorder: Recorder) -> None:
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor  # noqa: PLC0415  # this test's own

    class Broken(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            raise RuntimeError

        def on_end(self, span: ReadableSpan) -> None:
            raise RuntimeError

    recorder.tracer_provider.add_span_processor(Broken())

    @barograph.observe(model="m")
    def score(x: float) -> float:
        return x

    assert score(1.0) == 1.0


def test_threads_do_not_mix(recorder: Recorder) -> None:
    @barograph.observe(model="m", id="key")
    def score(key: int) -> int:
        time.sleep(0.0001)
        ref = barograph.current_ref()
        assert ref is not None
        assert ref.id == str(key)
        return key

    failures: list[BaseException] = []

    def work(base: int) -> None:
        try:
            for at in range(50):
                assert score(base + at) == base + at
        except BaseException as error:  # noqa: BLE001  # reported below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(base * 1000,)) for base in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ids = [attributes["barograph.prediction.id"] for attributes in recorder.predictions]
    assert len(ids) == len(set(ids)) == 400


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda children: st.lists(children) | st.dictionaries(st.text() | st.integers(), children),
    max_leaves=20,
)


@given(argument=json, result=json)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("task", [None, "multiclass", "regression", "ranking", "generation"])
def test_any_data_passes_and_what_is_sent_has_wire_types(
    argument: Any, result: Any, batch: bool, task: str | None
) -> None:
    @barograph.observe(model="m", task=task, batch=batch, id="id", slices=("x",))
    def score(argument: Any) -> Any:
        return result

    with Recorder() as recorder:
        before = barograph.stats().failures
        assert score(argument) is result
        after = barograph.stats().failures
    # A result of other length than the batch is counted, and an id that nothing has.
    assert {place for place in after if after[place] != before.get(place)} <= {"output", "id"}
    (attributes,) = recorder.predictions
    size = attributes.get("barograph.batch.size")
    for key, value in attributes.items():
        if isinstance(value, tuple):
            assert len({type(item) for item in value}) == 1
            assert type(value[0]) in {str, int, float, bool}
            assert len(value) == size, key
        else:
            assert type(value) in {str, int, float, bool}
    confidence = attributes.get("barograph.prediction.confidence", 0.5)
    for number in confidence if isinstance(confidence, tuple) else (confidence,):
        assert math.isnan(number) or 0 <= number <= 1
