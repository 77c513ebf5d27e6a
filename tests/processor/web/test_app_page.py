"""What the page asks the processor, and what it is answered."""

from collections.abc import Iterator
from importlib.resources import files

import httpx
import pytest

from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.window import window_history
from barograph_processor.state.window.record import WindowRecord
from tests.end_to_end.page.models import (
    HeldPipeline,
    Traffic,
    new_registry,
    serve,
    tell_of_people,
)

HARMED = {"name": "fraud", "version": "3"}


@pytest.fixture(scope="module")
def registry() -> ModelRegistry:
    registry = new_registry()
    harmed = Traffic(registry, "fraud", "3", seed=4)
    harmed.send(5000)
    harmed.send(2000, wrong=0.4, shift={"distance": 1.0})
    Traffic(registry, "../a/b", "1/2", seed=5).send(400)
    return registry


@pytest.fixture(scope="module")
def client(registry: ModelRegistry) -> Iterator[httpx.Client]:
    with (
        serve(registry, trace_url="https://t.example/{trace_id}") as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


def test_the_overview_holds_every_model_and_the_most_urgent_alarms(client: httpx.Client) -> None:
    found = client.get("/api/page/overview").json()
    by_name = {model["name"]: model for model in found["models"]}
    assert set(by_name) == {"fraud", "../a/b"}
    assert found["ready"] is True
    assert found["open_alarms"] == len(found["alarms"]) >= 2
    assert found["alarms"][0]["severity"] == "page"
    fraud = by_name["fraud"]
    assert fraud["state"] == "silent_degradation"
    assert fraud["change_since"] < fraud["since"]
    assert fraud["quality"]["metric"] == "accuracy"
    assert fraud["quality"]["tolerated"] < fraud["quality"]["baseline"]
    estimated = fraud["quality"]["estimated"]
    assert estimated["lower"] < estimated["value"] < estimated["upper"]


def test_a_model_without_harm_stands_as_it_does_since_the_change_that_its_alarm_dates() -> None:
    registry = new_registry()
    moved = Traffic(registry, "search", seed=7)
    moved.send(6000)
    moved.send(3000, shift={"distance": 0.7})
    with serve(registry) as url:
        (model,) = httpx.get(f"{url}/api/page/overview").json()["models"]
        (alarm,) = httpx.get(f"{url}/api/alarms").json()["alarms"]
    assert (model["state"], alarm["severity"]) == ("watch", "note")
    assert model["change_since"] == alarm["since"] < model["since"]
    assert model["reasons"][0] == alarm["sentence"]


def test_an_alarm_of_people_rests_on_evidence_that_sufficed() -> None:
    """And not on that for its end, which its monitor gathers while it is open."""
    registry = new_registry()
    tell_of_people(registry)
    alarms = {
        alarm.signal: alarm
        for model in registry.models.values()
        for alarm in model.verdicts.book.open
    }
    for signal in ("trust", "outcome"):
        assert alarms[signal].evidence >= alarms[signal].threshold > 0


def test_a_trend_is_short_and_keeps_quality_and_operations_on_one_axis(
    client: httpx.Client,
) -> None:
    overview = client.get("/api/page/overview").json()
    trend = next(m for m in overview["models"] if m["name"] == "fraud")["trend"]
    assert 0 < len(trend["time"]) <= 60
    assert trend["time"] == sorted(trend["time"])
    assert {len(column) for column in trend.values()} == {len(trend["time"])}
    assert trend["quality"][0] > 0.85
    assert trend["quality"][-1] < 0.7
    assert trend["latency_p95_s"][-1] == pytest.approx(trend["latency_p95_s"][0], rel=0.3)


def test_a_model_without_a_window_has_an_empty_trend(client: httpx.Client) -> None:
    overview = client.get("/api/page/overview").json()
    young = next(m for m in overview["models"] if m["name"] == "../a/b")
    assert young["trend"] == {"time": [], "quality": [], "latency_p95_s": [], "error_rate": []}
    assert young["change_since"] is None


def test_distributions_are_those_of_the_reference_and_of_the_last_windows(
    client: httpx.Client,
) -> None:
    found = client.get("/api/page/model", params=HARMED).json()["distributions"]
    by_name = {(one["signal"], one["feature"]): one for one in found}
    moved, still = by_name["input.drift", "distance"], by_name["input.drift", "departure delay"]
    for one in (moved, still):
        assert one["kind"] == "numeric"
        assert len(one["edges"]) == len(one["reference"]) + 1 == len(one["now"]) + 1
        assert one["edges"] == sorted(one["edges"])
        assert all(edge == 0 or abs(edge) > 1e-300 for edge in one["edges"])
        total = sum(one["now"]) + one["missing"][1] + one["outside"][1]
        assert total == pytest.approx(1, abs=1e-3)
        assert one["reference"] == pytest.approx([0.05] * 20, abs=0.002)
    # A standard deviation to the right: the upper half holds five sixths.
    assert sum(moved["now"][10:]) + moved["outside"][1] == pytest.approx(0.84, abs=0.04)
    assert sum(still["now"][10:]) == pytest.approx(0.5, abs=0.05)
    carriers = by_name["input.drift", "carrier"]
    assert carriers["kind"] == "categorical"
    assert set(carriers["levels"]) == {"AA", "B6", "DL", "UA"}
    assert sum(carriers["now"]) == pytest.approx(1, abs=1e-3)


def test_a_model_without_a_reference_has_no_distributions(client: httpx.Client) -> None:
    young = {"name": "../a/b", "version": "1/2"}
    assert client.get("/api/page/model", params=young).json()["distributions"] == []


def test_a_models_windows_come_by_column(client: httpx.Client, registry: ModelRegistry) -> None:
    found = client.get("/api/page/model", params=HARMED).json()
    series = found["series"]
    [model] = [m for key, m in registry.models.items() if key.name == "fraud"]
    assert series["window"] == list(range(25))
    for name in ("start", "end", "rows", "state", "latency_p50_s", "error_rate", "labels"):
        assert len(series[name]) == 25, name
    accuracy = next(p for p in series["performance"] if p["name"] == "accuracy")
    last = model.history[-1].signals["performance"]["accuracy"]
    assert accuracy["value"][-1] == pytest.approx(last["value"], rel=1e-4)
    assert accuracy["lower"][-1] <= accuracy["value"][-1] <= accuracy["upper"][-1]


def test_drift_comes_with_alarms_first_and_evidence_relative_to_its_threshold(
    client: httpx.Client,
) -> None:
    drift = client.get("/api/page/model", params=HARMED).json()["series"]["drift"]
    assert drift[0]["feature"] == "distance"
    assert drift[0]["alarm"]
    assert drift[0]["evidence"] >= 0
    assert all(not stream["alarm"] or stream["evidence"] >= 0 for stream in drift)
    assert len(drift[0]["trend"]["time"]) == len(drift[0]["trend"]["evidence"]) <= 120


def test_slices_come_with_the_failing_one_first() -> None:
    registry = new_registry()
    traffic = Traffic(registry, "fraud", "3", seed=4)
    traffic.send(5000)
    traffic.send(4000, wrong_at={"B6": 0.6})
    with serve(registry) as url:
        found = httpx.get(f"{url}/api/page/model", params=HARMED).json()["series"]["slices"]
        [model] = httpx.get(f"{url}/api/page/overview").json()["models"]
    assert model["worst_slice"] == [["carrier", "B6"]]
    worst = found[0]
    assert worst["slice"] == [["carrier", "B6"]]
    assert worst["alarm"]
    assert worst["evidence"] >= 0
    assert worst["lower"] <= worst["risk"] <= worst["upper"]
    assert worst["risk"] > 0.4 > worst["tolerated"]
    assert len(worst["trend"]["time"]) == len(worst["trend"]["risk"]) <= 120


def test_without_slices_there_are_none(client: httpx.Client) -> None:
    young = {"name": "../a/b", "version": "1/2"}
    assert client.get("/api/page/model", params=young).json()["series"]["slices"] == []


def test_windows_that_the_page_has_are_not_sent_again(client: httpx.Client) -> None:
    assert client.get("/api/page/model", params={**HARMED, "after": "24"}).json()["series"] is None
    again = client.get("/api/page/model", params={**HARMED, "after": "23"}).json()
    assert again["series"]["window"][-1] == 24


def test_a_name_may_hold_what_a_path_may_not(client: httpx.Client) -> None:
    found = client.get("/api/page/model", params={"name": "../a/b", "version": "1/2"})
    assert found.status_code == 200
    assert found.json()["name"] == "../a/b"


def test_an_alarm_is_found_by_its_id(client: httpx.Client) -> None:
    first = client.get("/api/page/overview").json()["alarms"][0]
    found = client.get("/api/page/alarm", params={"id": first["id"]}).json()
    assert found == first
    assert found["trace_links"][0].startswith("https://t.example/")


@pytest.mark.parametrize(
    ("path", "query"), [("model", {"name": "nobody"}), ("alarm", {"id": "none"}), ("alarm", {})]
)
def test_what_is_not_there_is_said_to_be_missing(
    client: httpx.Client, path: str, query: dict[str, str]
) -> None:
    answer = client.get(f"/api/page/{path}", params=query)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_a_replay_of_the_journal_is_told() -> None:
    pipeline = HeldPipeline()
    pipeline.ready = False
    with serve(new_registry(), pipeline=pipeline) as url:
        assert httpx.get(f"{url}/api/page/overview").json()["ready"] is False


def test_the_page_comes_under_a_policy_without_inline_code(client: httpx.Client) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "onload=" not in answer.text


def test_every_file_that_the_page_names_is_there(client: httpx.Client) -> None:
    page = client.get("/").text
    named = {part.split('"')[0] for part in page.split('"/static/')[1:]}
    shipped = files("barograph_processor.web").joinpath("static/js").iterdir()
    assert {f"js/{file.name}" for file in shipped} <= named, "a module is not preloaded"
    for name in named:
        assert client.get(f"/static/{name}").status_code == 200, name


def test_a_file_is_sent_as_it_is_and_nothing_else_is_one(client: httpx.Client) -> None:
    content = files("barograph_processor.web").joinpath("static/css/page.css").read_bytes()
    packed = client.get("/static/css/page.css")
    assert packed.content == content
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "text/css; charset=utf-8"
    for path in ("css/none.css", "css", "", "../app.py", "..%2fapp.py"):
        assert client.get(f"/static/{path}").status_code == 404, path


def test_the_browser_asks_whether_it_has_the_newest_file(client: httpx.Client) -> None:
    first = client.get("/static/js/main.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/js/main.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_plotting_library_is_that_of_the_package(client: httpx.Client) -> None:
    shipped = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    packed = client.get("/static/plotly.min.js")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == shipped
    plain = client.get("/static/plotly.min.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == shipped
    assert packed.headers["etag"] == plain.headers["etag"]
    again = client.get("/static/plotly.min.js", headers={"if-none-match": packed.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_the_page_itself_is_small() -> None:
    static = files("barograph_processor.web").joinpath("static")
    sizes = [
        len(file.read_bytes())
        for folder in ("js", "css")
        for file in static.joinpath(folder).iterdir()
    ]
    assert sum(sizes) < 150_000


def test_windows_are_unpacked_once_and_not_while_nothing_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever looks asks every few seconds, and unpacking a year of windows takes a second."""
    registry = new_registry()
    Traffic(registry, "fraud", "3", seed=4).send(5000)
    unpacked: list[bytes] = []
    unpack = window_history._unpacked

    def counted(packed: bytes) -> WindowRecord:
        unpacked.append(packed)
        return unpack(packed)

    monkeypatch.setattr(window_history, "_unpacked", counted)
    with serve(registry) as url, httpx.Client(base_url=url) as client:
        client.get("/api/page/overview")
        series = client.get("/api/page/model", params=HARMED).json()["series"]
        assert len(unpacked) == 2 * len(series["window"]) == 30
        unpacked.clear()
        client.get("/api/page/overview")
        client.get("/api/page/model", params={**HARMED, "after": series["window"][-1]})
        # Who opens it again, or a second reader, gets what the first one was sent.
        assert client.get("/api/page/model", params=HARMED).json()["series"] == series
    assert unpacked == []


def test_a_slice_that_does_better_than_the_rest_is_not_where_it_is_worst() -> None:
    """It is worse than it was, and under an alarm; but most of what is wrong is elsewhere."""
    registry = new_registry()
    traffic = Traffic(registry, "fraud", "3", seed=4)
    traffic.send(5000, wrong_at={"B6": 0.01})
    traffic.send(4000, wrong_at={"B6": 0.12})
    traffic.send(2000, wrong=0.4, wrong_at={"B6": 0.25})
    with serve(registry) as url:
        [model] = httpx.get(f"{url}/api/page/overview").json()["models"]
        alarms = httpx.get(f"{url}/api/alarms?state=open").json()["alarms"]
    slices = [alarm["slice"] for alarm in alarms if alarm["signal"] == "slice"]
    assert slices == [{"carrier": "B6"}]
    assert "risk" in {alarm["signal"] for alarm in alarms}
    assert model["worst_slice"] == []


def test_where_labels_have_proven_harm_no_estimate_stands_for_the_quality() -> None:
    """Labels are late: the last closed windows have none."""
    registry = new_registry()
    harmed = Traffic(registry, "fraud", "3", seed=4)
    harmed.send(5000)
    harmed.send(2000, wrong=0.4)
    harmed.send(400, wrong=0.4, labels=False)
    with serve(registry) as url, httpx.Client(base_url=url) as client:
        (fraud,) = client.get("/api/page/overview").json()["models"]
    quality = fraud["quality"]
    assert quality["estimated"] is not None
    assert quality["early"] is True
    assert quality["latest"]["value"] == pytest.approx(0.6, abs=0.05)


def test_what_fails_in_our_code_is_said_as_all_errors_are(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("barograph_processor.web.app.alarm_view", fail)
    with serve(registry) as url, httpx.Client(base_url=url) as client:
        failed = client.get("/api/alarms")
        assert failed.status_code == 500
        assert failed.json() == {
            "error": "GET /api/alarms failed by a mistake in our code; the log says which"
        }
        assert client.get("/api/models").status_code == 200
