"""How a running service is shown at a terminal, in a log, and to scripts."""

import io
import itertools
import json
import socket
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from barograph_processor.cli import watch as watching
from barograph_processor.cli.app import app
from barograph_processor.cli.client import service_client
from barograph_processor.cli.fleet import (
    AlarmLine,
    Fleet,
    ModelLine,
    Quality,
    Reference,
    Trend,
)
from barograph_processor.cli.fleet_view import FleetView, plain_lines
from barograph_processor.cli.sparkline import sparkline
from barograph_processor.exceptions import BarographError, ConfigurationError, DataError
from barograph_processor.printable import printable
from tests.end_to_end.page.models import Traffic, new_registry, serve

HOSTILE = "[bold red]x[/]\x1b[2J\x07\u202egnp.exe\n\x9b31m"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    registry = new_registry()
    Traffic(registry, "calm", "1", seed=5).send(3000)
    harmed = Traffic(registry, "fraud", "3", seed=4)
    harmed.send(5000)
    harmed.send(2000, wrong=0.4, shift={"distance": 1.0})
    with serve(registry) as url:
        yield url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def line(**changes: Any) -> ModelLine:
    known = {
        "name": "fraud",
        "version": "3",
        "state": "degraded",
        "since": "2026-01-02T03:04:05.678Z",
        "reasons": [],
        "predictions": 1234,
        "labels": 56,
        "quality": Quality(
            "accuracy", {"value": 0.8123, "lower": 0.8, "upper": 0.83}, 0.9, 0.87, early=True
        ),
        "reference": Reference(complete=True, latency_p95_s=0.02),
        "trend": Trend([0.9, 0.8], [0.02, 0.021], [0.0, 0.01]),
    }
    return ModelLine(**{**known, **changes})


def alarm(**changes: Any) -> AlarmLine:
    known = {
        "id": "a",
        "model": "fraud",
        "version": "3",
        "signal": "risk",
        "severity": "page",
        "since": "2026-01-02T03:04:05.678Z",
        "sentence": "it errs",
    }
    return AlarmLine(**{**known, **changes})


def drawn(
    fleet: Fleet, *, note: str | None = None, encoding: str = "utf-8", width: int = 140
) -> str:
    raw = io.BytesIO()
    written = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=written, force_terminal=True, color_system=None, width=width)
    console.print(FleetView(fleet, note=note))
    written.flush()
    return raw.getvalue().decode(encoding)


class TestCommand:
    def test_shows_models_and_alarms_the_worst_first(self, url: str) -> None:
        done = run("status", "--url", url)
        assert done.exit_code == 0
        lines = done.stdout.splitlines()
        assert lines[0].startswith("silent_degradation fraud 3; since ")
        assert "tolerated" in lines[0]
        assert lines[1].split(";")[0].endswith("calm 1")
        assert lines[2].startswith("page fraud 3 since ")

    def test_for_scripts(self, url: str) -> None:
        found = json.loads(run("status", "--url", f"{url}/", "--model", "fraud", "--json").stdout)
        assert [model["name"] for model in found["models"]] == ["fraud"]
        assert found["alarms"][0]["severity"] == "page"
        assert found["alarms"][0]["sentence"]
        assert len(found["models"][0]["trend"]["quality"]) > 2

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["--fail-on", "note"], 3),
            (["--fail-on", "page"], 3),
            (["--fail-on", "page", "--model", "calm"], 0),
        ],
    )
    def test_fails_where_asked_to(self, url: str, arguments: list[str], code: int) -> None:
        assert run("status", "--url", url, *arguments).exit_code == code

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--fail-on", "never"], "--fail-on must be"),
            (["--model", "nobody"], "no model 'nobody'"),
            (["--token-file", "/nowhere"], "cannot be read"),
            (["--url", "ftp://127.0.0.1"], "--url must be"),
            (["--url", "http://[::1"], "--url must be"),
        ],
    )
    def test_says_what_is_wrong_with_an_option(
        self, url: str, arguments: list[str], message: str
    ) -> None:
        """What `main` says in one line, with exit code 2."""
        error = run("status", "--url", url, *arguments).exception
        assert isinstance(error, BarographError)
        assert message in str(error)

    def test_says_that_nobody_answers(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            error = run("status", "--url", f"http://127.0.0.1:{closed.getsockname()[1]}").exception
        assert isinstance(error, DataError)
        assert "does not answer" in str(error)


def answering(*answers: httpx.Response) -> httpx.Client:
    given = iter(answers)
    return httpx.Client(transport=httpx.MockTransport(lambda _: next(given)))


class TestFleet:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_missing_token_is_said(self, status: int) -> None:
        with pytest.raises(ConfigurationError, match="--token-file"):
            Fleet.ask(answering(httpx.Response(status)), "http://s")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(404),
            httpx.Response(302, headers={"location": "http://elsewhere"}),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, content=b"\xff"),
            httpx.Response(200, json={"models": [{"name": "m"}]}),
        ],
    )
    def test_another_service_is_said(self, answer: httpx.Response) -> None:
        with pytest.raises(DataError, match="Barograph service"):
            Fleet.ask(answering(answer), "http://s")

    def test_the_token_of_a_file_is_shown(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text("# ours\nsixteen-characters\n")
        with service_client(token_file=file, environ={"BAROGRAPH_TOKEN": "other"}) as client:
            assert client.headers["authorization"] == "Bearer sixteen-characters"

    def test_severities_reach_downwards(self) -> None:
        fleet = Fleet([], [alarm(severity="ticket")])
        assert [fleet.has(severity) for severity in ("page", "ticket", "note")] == [
            False,
            True,
            True,
        ]


class TestView:
    @pytest.mark.parametrize("width", [80, 200])
    def test_no_word_is_broken(self, width: int) -> None:
        shown = drawn(Fleet([line(state="silent_degradation")], [alarm()]), width=width)
        for part in ("‼ silent degradation", "reference 0.9", "usual 20 ms", "fraud", "1,234"):
            assert part in shown

    def test_a_name_has_room_at_80_columns(self) -> None:
        name = "credit-card-fraud-europe"
        shown = drawn(Fleet([line(name=name, state="silent_degradation")], []), width=80)
        assert f"{name} 3 " in shown
        assert max(map(len, shown.splitlines())) <= 80

    def test_the_figure_is_that_of_the_pages_card(self) -> None:
        """Of the open window where an alarm is about it; else of the last that has labels."""
        early = line().quality
        last = msgspec.structs.replace(early, early=False)
        day = 1_767_322_800_000
        old = Trend([0.9, None], [0.02, 0.02], [0.0, 0.0], [day, day + 86_400_000])
        lines = [line(), line(quality=last), line(quality=last, trend=old)]
        told = [row.split("; ")[2].split(",")[0] for row in plain_lines(Fleet(lines, []))]
        assert told == ["accuracy 0.8123", "accuracy 0.8", "accuracy 0.9 on 2026-01-02"]

    def test_no_estimate_stands_for_what_labels_have_proven(self) -> None:
        """Of a regression no figure of the latest labels can be told: then an older one is."""
        promised = {"value": 3.0, "lower": 2.5, "upper": 3.5}
        quality = Quality("mae", None, 3.0, None, promised)
        harmed = msgspec.structs.replace(quality, early=True)
        day = 1_767_322_800_000
        old = Trend([9.0, None], [0.02, 0.02], [0.0, 0.0], [day, day + 86_400_000])
        lines = [line(quality=each, trend=old) for each in (quality, harmed)]
        told = [row.split("; ")[2].split(",")[0] for row in plain_lines(Fleet(lines, []))]
        assert told == ["mae 3 (estimated)", "mae 9 on 2026-01-02"]

    def test_a_table_says_all_without_colour(self) -> None:
        shown = drawn(Fleet([line()], [alarm()], more_alarms=7), note="it is old")
        for part in (
            "it is old",
            "✗ degraded",
            "since 2026-01-02 03:04",
            "accuracy 0.8123",
            "█▁",
            "reference 0.9 ",
            "tolerated 0.87",
            "21 ms",
            "usual 20 ms",
            "1.0%",
            " 1,234",
            " 56",
            "it errs",
            "and 7 more",
        ):
            assert part in shown

    def test_since_is_when_it_began_and_not_when_that_was_noticed(self) -> None:
        told = [
            next(plain_lines(Fleet([line(**known)], [])))
            for known in ({}, {"change_since": "2026-01-01T20:00:00.000Z"})
        ]
        assert "since 2026-01-02T03:04" in told[0]
        assert "since 2026-01-01T20:00" in told[1]

    def test_a_terminal_without_these_characters_is_spared_them(self) -> None:
        shown = drawn(Fleet([line()], [alarm()]), encoding="ascii")
        assert "degraded" in shown
        assert shown.isascii()

    def test_nothing_known_yet_is_said(self) -> None:
        new = line(
            state="watch",
            since=None,
            quality=Quality(None, None, None, None),
            reference=Reference(complete=False, latency_p95_s=None),
            trend=Trend([], [], []),
        )
        shown = drawn(Fleet([new], []))
        for part in ("quality unknown", "since the start", " unknown"):
            assert part in shown
        assert "no models yet" in drawn(Fleet([], []))
        assert next(iter(plain_lines(Fleet([], [])))).startswith("no models yet")

    def test_hostile_names_are_shown_and_not_obeyed(self) -> None:
        fleet = Fleet(
            [line(name=HOSTILE, version=HOSTILE, state=HOSTILE, since=HOSTILE)],
            [alarm(model=HOSTILE, sentence=HOSTILE, since=HOSTILE)],
        )
        for text in (drawn(fleet, note=HOSTILE), "\n".join(plain_lines(fleet))):
            assert {unicodedata.category(char) for char in text if char != "\n"}.isdisjoint(
                {"Cc", "Cf"}
            )
            assert "[bold red]x[/]" in text
        assert len(list(plain_lines(fleet))) == 2

    def test_printable_leaves_ordinary_text_alone(self) -> None:
        assert printable("Zürich 東京 שלום ✓") == "Zürich 東京 שלום ✓"


class TestSparkline:
    def test_height_goes_by_the_value_and_width_is_bounded(self) -> None:
        assert sparkline([1.0, 2.0, 3.0], width=8) == "▁▅█"
        assert sparkline([float(i) for i in range(80)], width=8) == "▁▂▃▄▅▆▇█"

    def test_gaps_are_gaps_and_nothing_is_nothing(self) -> None:
        assert sparkline([0.0, None, 1.0], width=8) == "▁ █"
        assert sparkline([], width=8) == sparkline([None], width=8) == ""

    def test_noise_is_level(self) -> None:
        assert set(sparkline([0.9, 0.9001, 0.9], width=8, least_range=0.1)) <= set("▄▅")
        assert len(set(sparkline([0.5, 0.5], width=8))) == 1


class TestWatch:
    def watched(self, console: Console, answers: list[Fleet | Exception]) -> None:
        """Look once for each answer; then somebody presses Ctrl-C."""
        given = iter(answers)

        def ask() -> Fleet:
            answer = next(given)
            if isinstance(answer, Exception):
                raise answer
            return answer

        looks = itertools.count(1)

        def pause() -> None:
            if next(looks) == len(answers):
                raise KeyboardInterrupt

        show = watching._live if console.is_terminal else watching._plain
        with pytest.raises(KeyboardInterrupt):
            show(console, ask, pause)

    def test_the_last_view_stays_while_the_service_is_away(self) -> None:
        written = io.StringIO()
        console = Console(file=written, force_terminal=True, color_system=None, width=140)
        self.watched(console, [Fleet([line(name="known")], []), DataError("no answer")])
        last = written.getvalue().rpartition("the service is away: no answer")[2]
        assert "known" in last

    def test_waits_for_a_service_that_starts_later(self) -> None:
        written = io.StringIO()
        console = Console(file=written, force_terminal=True, color_system=None, width=140)
        self.watched(console, [DataError("no answer"), Fleet([line(name="late")], [])])
        assert "waiting for the service: no answer" in written.getvalue()
        assert "late" in written.getvalue()

    def test_a_log_gets_changes_alone(self) -> None:
        written = io.StringIO()
        fleet = Fleet([line()], [])
        self.watched(Console(file=written), [fleet, fleet, Fleet([line(state="healthy")], [])])
        assert len(written.getvalue().splitlines()) == 2

    def test_ctrl_c_ends_it_with_0(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def pressed(_seconds: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("barograph_processor.cli.watch.time.sleep", pressed)
        done = run("watch", "--from", url)
        assert done.exit_code == 0
        assert "silent_degradation fraud 3" in done.stdout

    def test_a_bad_option_ends_it(self) -> None:
        assert isinstance(run("watch", "--url", "nowhere").exception, ConfigurationError)


def test_an_estimate_is_marked_as_one_and_stands_first_where_labels_are_late() -> None:
    known = Quality("accuracy", None, 0.9, 0.87, {"value": 0.8812, "lower": 0.86, "upper": 0.9})
    (late,) = plain_lines(Fleet([line(quality=known, trend=Trend([None], [0.02], [0.0]))], []))
    assert "accuracy 0.8812 (estimated), reference 0.9, tolerated 0.87;" in late
    (both,) = plain_lines(Fleet([line(quality=known)], []))
    assert "accuracy 0.8, reference 0.9, tolerated 0.87, estimated 0.8812;" in both
