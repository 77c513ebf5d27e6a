"""Event times are ISO 8601 in UTC, from whatever clock they come."""

# the models of a test ignore what they are given

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import barograph
from barograph.event_time import event_time
from barograph.testing import Recorder


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2013, 1, 1, 5, 15), "2013-01-01T05:15:00+00:00"),  # noqa: DTZ001  # naive is UTC
        (
            datetime(2013, 1, 1, 5, 15, tzinfo=timezone(timedelta(hours=-5))),
            "2013-01-01T10:15:00+00:00",
        ),
        (datetime(2013, 1, 1, 5, 15, 0, 7, tzinfo=UTC), "2013-01-01T05:15:00.000007+00:00"),
        (date(2013, 1, 1), "2013-01-01T00:00:00+00:00"),
        ("2013-01-01T05:15:00Z", "2013-01-01T05:15:00+00:00"),
        ("2013-01-01", "2013-01-01T00:00:00+00:00"),
        (1.5, "1970-01-01T00:00:01.500000+00:00"),
        (np.int64(60), "1970-01-01T00:01:00+00:00"),
        (np.datetime64("2013-01-01T05:15:00"), "2013-01-01T05:15:00+00:00"),
        (pd.Timestamp("2013-01-01 05:15", tz="America/New_York"), "2013-01-01T10:15:00+00:00"),
        (pd.NaT, None),
        (np.datetime64("NaT", "s"), None),
        (float("nan"), None),
        (float("inf"), None),
        (1e30, None),
        ("soon", None),
        (None, None),
        (True, None),
        (object(), None),
    ],
)
def test_every_kind_of_time(value: Any, written: str | None) -> None:
    assert event_time(value) == written


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_reads_back(moment: datetime) -> None:
    written = event_time(moment)
    assert written is not None
    assert datetime.fromisoformat(written) == moment


@pytest.mark.parametrize("time", ["departure", lambda departure: departure, "1970-01-01", 0])
def test_observe_takes_a_name_a_callable_or_a_moment(recorder: Recorder, time: Any) -> None:
    @barograph.observe(model="m", time=time)
    def score(departure: datetime) -> float:
        return 0.5

    score(datetime(1970, 1, 1, tzinfo=UTC))
    attributes = recorder.predictions[0]
    if time != "1970-01-01":  # a name that no argument has
        assert attributes["barograph.event.time"] == "1970-01-01T00:00:00+00:00"
    assert "barograph.input.departure" not in attributes
