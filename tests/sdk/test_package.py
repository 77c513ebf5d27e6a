from importlib.metadata import version

import pytest

import barograph


def test_the_version_is_that_of_the_distribution() -> None:
    assert barograph.__version__ == version("barograph")


def test_other_names_are_not_made_up() -> None:
    with pytest.raises(AttributeError, match="no attribute 'observ'"):
        barograph.observ  # noqa: B018


def test_a_batch_is_one_or_none() -> None:
    with pytest.raises(ValueError, match="batch must be"):
        barograph.observe(model="m", batch="yes")(len)  # type: ignore[call-overload]
