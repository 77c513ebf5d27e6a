"""Generators run in the consumer's own task, and their span ends exactly once."""

# the models of a test ignore what they are given

import asyncio
import gc
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.trace.status import StatusCode

import barograph
from barograph.testing import Recorder


@barograph.observe(model="echo", task="generation")
def echo(prompt: str) -> Generator[str, str | None, str]:
    got: list[str] = []
    try:
        while (sent := (yield f"<{len(got)}>")) is not None:
            got.append(sent)
    except ValueError:
        yield "caught"
    return ",".join(got)


@barograph.observe(model="words", task="generation")
async def words(count: int) -> AsyncIterator[str]:
    for at in range(count):
        assert trace.get_current_span().is_recording()
        await asyncio.sleep(0)
        yield f"word{at} "


def test_a_stream_is_one_span_with_the_text_summarized(recorder: Recorder) -> None:
    @barograph.observe(model="gpt", task="generation")
    def stream(prompt: str) -> Iterator[str]:
        yield from ("Hello ", "world")

    assert "".join(stream("hi")) == "Hello world"
    (attributes,) = recorder.predictions
    assert attributes["barograph.output.length"] == 11
    assert attributes["barograph.output.items"] == 2
    assert attributes["barograph.output.complete"] == 1
    assert attributes["barograph.input.prompt.length"] == 2
    assert "Hello" not in str(attributes)


def test_values_exceptions_and_results_pass(recorder: Recorder) -> None:
    generator = echo("x")
    assert next(generator) == "<0>"
    assert generator.send("a") == "<1>"
    assert generator.throw(ValueError()) == "caught"
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "a"
    assert len(recorder.spans) == 1


def test_yield_from_gets_the_returned_value(recorder: Recorder) -> None:
    def outer() -> Generator[str, str | None, str]:
        return (yield from echo("x"))

    generator = outer()
    next(generator)
    generator.send("a")
    with pytest.raises(StopIteration) as stopped:
        generator.send(None)
    assert stopped.value.value == "a"


def test_no_context_is_held_across_a_yield(recorder: Recorder) -> None:
    before = context.get_current()
    first, second = echo("x"), echo("y")
    next(first)
    assert context.get_current() is before
    next(second)
    first.close()
    assert context.get_current() is before
    second.close()
    assert context.get_current() is before
    assert all(span.parent is None for span in recorder.spans)


def test_a_break_ends_the_span_once_and_without_error(recorder: Recorder) -> None:
    for _ in echo("x"):
        break
    gc.collect()
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.UNSET
    assert (span.attributes or {})["barograph.output.complete"] == 0


def test_a_generator_that_never_started_has_no_span(recorder: Recorder) -> None:
    echo("x").close()
    assert recorder.spans == ()


def test_an_exception_in_the_stream_passes_and_is_an_error(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    def stream() -> Iterator[str]:
        yield "a"
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        list(stream())
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["barograph.output.items"] == 1


def test_the_generators_own_span_is_current_inside(recorder: Recorder) -> None:
    seen: list[Any] = []

    @barograph.observe(model="m")
    def stream() -> Iterator[int]:
        for at in range(3):
            seen.append(trace.get_current_span().get_span_context().span_id)
            yield at

    list(stream())
    assert seen == [recorder.spans[0].context.span_id] * 3


async def test_an_async_stream_is_one_span(recorder: Recorder) -> None:
    assert [word async for word in words(3)] == ["word0 ", "word1 ", "word2 "]
    (attributes,) = recorder.predictions
    assert attributes["barograph.output.items"] == 3
    assert attributes["barograph.output.words"] == 3


async def test_a_timeout_around_an_async_stream_works(recorder: Recorder) -> None:
    @barograph.observe(model="slow")
    async def slow() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(60)
        yield "b"

    got = []

    async def consume() -> None:
        async with asyncio.timeout(0.05):
            async for item in slow():
                got.append(item)  # noqa: PERF401  # it is cut off in the middle

    with pytest.raises(TimeoutError):
        await consume()
    assert got == ["a"]
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.UNSET
    assert (span.attributes or {})["barograph.output.cancelled"] == 1
    assert not trace.get_current_span().get_span_context().is_valid


async def test_a_timeout_inside_an_async_stream_works(recorder: Recorder) -> None:
    """`asyncio.timeout` insists on being entered and left in one task."""

    @barograph.observe(model="inside")
    async def inside() -> AsyncIterator[int]:
        async with asyncio.timeout(10):
            for at in range(2):
                yield at

    assert [item async for item in inside()] == [0, 1]
    assert len(recorder.spans) == 1


async def test_breaking_an_async_stream_ends_the_span_once(recorder: Recorder) -> None:
    async for _ in words(3):
        break
    gc.collect()
    await asyncio.sleep(0.01)
    assert len(recorder.spans) == 1
    assert recorder.predictions[0]["barograph.output.complete"] == 0


async def test_aclose_ends_the_span_once(recorder: Recorder) -> None:
    stream: Any = words(3)
    await anext(stream)
    await stream.aclose()
    await stream.aclose()
    assert len(recorder.spans) == 1


async def test_async_streams_interleave_in_one_task(recorder: Recorder) -> None:
    first, second = words(2), words(2)
    pairs = [(await anext(first), await anext(second)) for _ in range(2)]
    assert pairs[1] == ("word1 ", "word1 ")
    for stream in (first, second):
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert len(recorder.spans) == 2
    assert all(span.parent is None for span in recorder.spans)


async def test_steps_may_come_from_different_tasks(recorder: Recorder) -> None:
    stream = words(2)

    async def step() -> str:
        return await anext(stream)

    assert [await asyncio.create_task(step()) for _ in range(2)] == ["word0 ", "word1 "]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert len(recorder.spans) == 1


async def test_values_and_exceptions_pass_into_an_async_stream(recorder: Recorder) -> None:
    @barograph.observe(model="m")
    async def stream() -> Any:
        try:
            got = yield 1
            yield got
        except ValueError:
            yield "caught"

    generator = stream()
    assert await anext(generator) == 1
    assert await generator.asend("x") == "x"
    assert await generator.athrow(ValueError()) == "caught"
    await generator.aclose()
    assert len(recorder.spans) == 1
