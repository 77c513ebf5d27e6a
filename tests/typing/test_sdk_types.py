"""A decorated callable keeps its type; mypy proves it when it checks this file."""

# only the types matter here

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import assert_type

import barograph
from barograph.testing import Recorder


@barograph.observe
def bare(amount: float, *, region: str = "EU") -> float:
    return amount


@barograph.observe(model="fraud", task="binary")
def called(amount: float, *, region: str = "EU") -> float:
    return amount


@barograph.observe(model="async")
async def coroutine(amount: float) -> str:
    return str(amount)


@barograph.observe(model="stream")
def stream(amount: float) -> Iterator[str]:
    yield str(amount)


@barograph.observe(model="astream")
async def astream(amount: float) -> AsyncIterator[str]:
    yield str(amount)


class Model:
    @barograph.observe(model="method")
    def method(self, x: int) -> str:
        return str(x)

    @barograph.observe(model="above")
    @classmethod
    def above(cls, x: int) -> str:
        return str(x)

    @staticmethod
    @barograph.observe(model="below")
    def below(x: int) -> str:
        return str(x)


class Estimator:
    def predict(self, x: list[float]) -> list[float]:
        return x


def test_signatures_are_kept() -> None:
    with Recorder():
        assert_type(bare(1.0, region="US"), float)
        assert_type(called(1.0), float)
        kept: Callable[[float], Awaitable[str]] = coroutine
        assert callable(kept)
        assert_type(list(stream(1.0)), list[str])
        assert_type(astream(1.0), AsyncIterator[str])
        assert_type(Model().method(1), str)
        assert_type(Model.above(1), str)
        assert_type(Model.below(1), str)
        assert_type(barograph.instrument(Estimator()).predict([1.0]), list[float])


def test_wrong_calls_are_errors_for_mypy() -> None:
    """`warn_unused_ignores` makes mypy fail where one of these stops being an error."""
    with Recorder():
        for wrong in (
            lambda: bare("x"),  # type: ignore[arg-type]
            lambda: called(1.0, area="EU"),  # type: ignore[call-arg]
            lambda: stream(),  # type: ignore[call-arg]  # noqa: PLW0108
        ):
            assert callable(wrong)
