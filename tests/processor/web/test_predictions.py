"""From a trace or a key to what is known of a prediction."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from barograph_processor.observation import ModelKey, trace_hex
from barograph_processor.otlp.values import bounded
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn
from tests.end_to_end.page.models import new_registry, serve
from tests.processor.state.rows import facts, rows, unlabelled

LABELLED, QUIET = "p2500", "p2501"
WRONG = "p2502"
BATCH = rows(3000)


def classes(column: CategoricalColumn | None) -> CategoricalColumn:
    assert column is not None
    return column


@pytest.fixture(scope="module")
def registry() -> ModelRegistry:
    registry = new_registry()
    registry.observe(unlabelled(BATCH))
    registry.observe(unlabelled(rows(3, start=9000, model=ModelKey("a/b", "2/1"))))
    label = facts("label", [LABELLED], text=["0"])
    registry.attach(replace(label, source=("human",)))
    other = {"0": "1", "1": "0"}[classes(BATCH.label).values()[2502] or ""]
    registry.attach(facts("label", [WRONG], text=[other]))
    registry.attach(facts("reaction", [LABELLED], text=["overridden"]))
    scores = facts("evaluation", [LABELLED, WRONG, LABELLED], number=[0.2, 0.9, 0.4])
    registry.attach(replace(scores, name=("helpful", "faithful", "helpful")))
    return registry


@pytest.fixture(scope="module")
def client(registry: ModelRegistry) -> Iterator[httpx.Client]:
    with (
        serve(registry, trace_url="https://t.example/{trace_id}") as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


def ask(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    response = client.get("/api/predictions", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["predictions"]
    return found


def test_an_id_leads_to_all_that_is_known(client: httpx.Client) -> None:
    [found] = ask(client, id=LABELLED)
    assert (found["model"], found["version"], found["id"]) == ("m", "1", LABELLED)
    assert found["label"]["value"] == "0"
    assert found["label"]["source"] == "human"
    assert found["right"] is (found["prediction"]["label"] == "0")
    assert found["reactions"] == ["overridden"]
    assert found["evaluations"] == {"helpful": 0.4}
    assert found["slices"]["region"] in set("nesw")
    assert found["trace_link"] == f"https://t.example/{found['trace_id']}"
    assert found["in_reference"] is False
    assert found["window"]["start"] <= found["time"] <= found["window"]["end"]
    assert "traffic" in found["window"]["signals"]


def test_a_wrong_prediction_is_said_to_be_wrong(client: httpx.Client) -> None:
    [found] = ask(client, id=WRONG)
    assert found["right"] is False


def test_what_has_not_come_yet_is_not_invented(client: httpx.Client) -> None:
    [found] = ask(client, id=QUIET)
    assert found["label"] is None
    assert found["right"] is None
    assert found["reactions"] == []
    assert found["evaluations"] == {}


def test_an_id_of_any_length_leads_there(client: httpx.Client, registry: ModelRegistry) -> None:
    long = "order " + "x" * 10_000
    batch = rows(1, start=9100, model=ModelKey("a/b", "2/1"))
    registry.observe(replace(unlabelled(batch), prediction_ids=(bounded(long),)))  # as decoded
    [found] = ask(client, id=long)
    assert found["trace_id"] == trace_hex(batch.ids, 0)


def test_a_trace_leads_there_too(client: httpx.Client) -> None:
    trace = trace_hex(BATCH.ids, 2500)
    assert [found["id"] for found in ask(client, trace_id=trace)] == [LABELLED]
    assert [found["id"] for found in ask(client, trace_id=trace.upper())] == [LABELLED]


def test_one_model_can_be_meant(client: httpx.Client) -> None:
    [found] = ask(client, id="p9001", model="a/b", version="2/1")
    assert found["window"] is None
    response = client.get("/api/predictions", params={"id": "p9001", "model": "m"})
    assert response.status_code == 404


def test_a_drawn_prediction_shows_its_inputs(client: httpx.Client, registry: ModelRegistry) -> None:
    item = next(iter(registry.models[ModelKey("m", "1")].reviews.queue))
    [found] = ask(client, id=item.id)
    assert found["review"]["propensity"] == item.propensity
    assert set(found["review"]["inputs"]) == {"a", "c"}


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({}, 400, "an id or"),
        ({"id": "p1", "trace_id": "0" * 32}, 400, "an id or"),
        ({"trace_id": "xyz"}, 400, "32 hex digits"),
        ({"trace_id": "f" * 32}, 404, "no prediction of the trace"),
        ({"id": "<script>"}, 404, "no prediction of the id '<script>'"),
    ],
)
def test_what_cannot_be_found_is_said(
    client: httpx.Client, query: dict[str, str], status: int, message: str
) -> None:
    response = client.get("/api/predictions", params=query)
    assert response.status_code == status
    assert message in response.json()["error"]
