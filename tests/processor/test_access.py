"""Rights by token: each takes its own, a reviewer reads, and what has none is open."""

from pathlib import Path

import pytest

from barograph_processor.access import Access, bearer
from barograph_processor.config import TokensConfig
from barograph_processor.exceptions import ConfigurationError

_WRITER, _READER, _REVIEWER = "writer-writer-writer", "reader-reader-reader", "review-review-review"


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer correct-horse-battery", "correct-horse-battery"),
        ("bearer  correct-horse-battery ", "correct-horse-battery"),
        ("Bearer ", ""),
        ("Basic correct-horse-battery", None),
        ("correct-horse-battery", None),
        ("", None),
    ],
)
def test_header(header: str, token: str | None) -> None:
    assert bearer({"authorization": header}) == token


@pytest.mark.parametrize(
    "token",
    [_WRITER[:-1], f"{_WRITER}x", "", None, "größe-größe-größe", "\udcff", _READER, _REVIEWER],
)
def test_only_the_whole_token_of_the_right_fits(token: str | None) -> None:
    access = Access({"otlp": [_WRITER], "read": [_READER], "review": [_REVIEWER]})
    assert not access.allows(token, "otlp")
    assert access.allows(_WRITER, "otlp")


def test_reviewer_reads_and_reader_does_not_review() -> None:
    access = Access({"read": [_READER], "review": [_REVIEWER]})
    assert access.allows(_REVIEWER, "read")
    assert access.allows(_READER, "read")
    assert not access.allows(_READER, "review")


def test_right_without_tokens_is_open_but_reviews_are_not_where_reading_is_not() -> None:
    assert Access().allows(None, "review")
    assert not Access().guards("review")
    closed = Access({"read": [_READER]})
    assert closed.allows(None, "otlp")
    assert not closed.allows(_READER, "review")
    assert not closed.allows(None, "review")


def test_several_tokens_of_a_right(tmp_path: Path) -> None:
    file = tmp_path / "otlp"
    file.write_text(f"{_WRITER}\n{_READER}\n", encoding="utf-8")
    access = Access.configured(TokensConfig(otlp=f"file:{file}"))
    assert access.allows(_WRITER, "otlp")
    assert access.allows(_READER, "otlp")


def test_token_that_protects_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="16 characters") as caught:
        Access({"otlp": ["short"]})
    assert "short" not in str(caught.value)


def test_tokens_show_nowhere() -> None:
    access = Access({"otlp": [_WRITER]})
    assert _WRITER not in repr(vars(access))
