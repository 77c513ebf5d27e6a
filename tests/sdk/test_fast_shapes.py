"""Blocks, streams and texts are written by plan as they are without one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import barograph
from tests.sdk.ways import by_all_ways, features, plain, results, tasks, text


@given(
    features=features,
    more=features,
    slices=st.dictionaries(st.text(max_size=8), text, max_size=2),
    key=st.none() | text | st.integers(),
    result=results,
    task=tasks,
    stated=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_blocks_are_written_alike(
    features: dict[str, Any],
    more: dict[str, Any],
    slices: dict[str, str],
    key: Any,
    result: Any,
    task: str | None,
    stated: bool,
) -> None:
    def block() -> Any:
        with barograph.prediction(
            model="m", task=task, id=key, features=features, slices=slices, holdout=0.5
        ) as p:
            p.input(**{name: value for name, value in more.items() if name != "self"})
            if p.ref is not None and p.ref.prediction_id is not None:
                assert p.holdout == p.holdout
            if stated:
                p.output(result, confidence=0.5, label="a")
            else:
                p.output(result)

    first, second, third = by_all_ways(lambda: [block() for _ in range(2)])
    assert first == second == third


@given(
    features=features,
    items=st.lists(st.text(max_size=100), max_size=4),
    returned=results,
    task=tasks,
    error=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_streams_are_written_alike(
    features: dict[str, Any], items: list[str], returned: Any, task: str | None, error: bool
) -> None:
    @barograph.observe(model="m", task=task)
    def stream(features: dict[str, Any]) -> Iterator[str]:
        yield from items
        if error:
            raise ZeroDivisionError
        return returned  # type: ignore[no-any-return]  # whatever it is

    @barograph.observe(model="m", task=task)
    async def astream(features: dict[str, Any]) -> AsyncIterator[str]:
        for item in items:
            yield item

    async def drain() -> None:
        async for _ in astream(features):
            pass

    def call() -> None:
        walk = drain()
        with suppress(StopIteration):
            walk.send(None)
        list(stream(features))

    first, second, third = by_all_ways(call)
    assert first == second == third


@given(answer=st.text(max_size=300), task=tasks, argument=plain)
@settings(max_examples=150, deadline=None)
def test_texts_are_written_alike(answer: str, task: str | None, argument: Any) -> None:
    @barograph.observe(model="m", task=task, review=0.25)
    def ask(question: Any) -> str:
        barograph.current_prediction().review(0.5)
        return answer

    first, second, third = by_all_ways(lambda: (ask(argument), ask(argument)))
    assert first == second == third
