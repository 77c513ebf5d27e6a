"""``/api/review`` before a real service: what is asked, what is answered, what is refused."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import numpy as np
import pytest

from barograph_processor.config import Config, parse_config
from barograph_processor.exceptions import OverloadedError
from barograph_processor.service import Service
from tests.processor.otlp.build import span, traces

NOW = 1_600_000_000_000_000_000
MINUTE = 60_000_000_000
PORTS = {"otlp_grpc": "127.0.0.1:0", "otlp_http": "127.0.0.1:0", "web": "127.0.0.1:0"}


def config(path: Path, *, tokens: Any = None, **serve: Any) -> Config:
    return parse_config(
        {
            **({} if tokens is None else {"tokens": tokens}),
            "serve": {"state_dir": str(path / "state"), **PORTS, **serve},
            "review": {"per_day": 200, "overlap": 0.0},
        }
    )


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(config(tmp_path, trace_url="https://t.example/{trace_id}")) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{service.addresses['web']}", timeout=10) as client:
        yield client


def send(service: Service, model: str, **attributes: Any) -> None:
    """Some hundred predictions of a model, a minute apart."""
    rng = np.random.default_rng([1, len(model)])
    spans = [
        span(
            row,
            {
                "barograph.model.name": model,
                "barograph.model.version": "1",
                "barograph.prediction.id": f"{model}-{row}",
                "barograph.input.amount": float(rng.random()),
                **attributes,
            },
            trace_id=rng.bytes(16),
            span_id=rng.bytes(8),
            start_time_unix_nano=NOW + row * MINUTE,
            end_time_unix_nano=NOW + row * MINUTE + 1_000_000,
        )
        for row in range(400)
    ]
    service.pipeline.submit("traces", traces(*spans))


def queue(client: httpx.Client, model: str, **query: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        found: dict[str, Any] = client.get("/api/review", params={"name": model, **query}).json()
        if found["models"] and found["models"][0]["items"]:
            return dict(found["models"][0])
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def settled(client: httpx.Client, model: str, answered: int) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        found = client.get("/api/review", params={"name": model}).json()["models"][0]
        if found["answered"] == answered:
            return dict(found)
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def answer(
    client: httpx.Client, item: dict[str, Any], model: str, **content: Any
) -> httpx.Response:
    body = {"id": item["id"], "model": model, "version": "1", "reviewer": "r1", **content}
    return client.post("/api/review", json=body)


BINARY = {"barograph.task": "binary", "barograph.prediction.value": 0.9}


def test_a_drawn_prediction_is_shown_answered_and_counted(
    service: Service, client: httpx.Client
) -> None:
    send(service, "fraud", **BINARY)
    model = queue(client, "fraud")
    item = model["items"][0]
    assert item["asked"] == "class"
    assert item["classes"] == ["0", "1"]
    assert item["prediction"] == {"label": "1", "value": 0.9, "confidence": None}
    assert 0 < item["inputs"]["amount"] < 1
    assert item["trace_link"] == f"https://t.example/{item['trace_id']}"
    assert 0 < item["propensity"] <= 1
    assert answer(client, item, "fraud", label="0").json() == {"accepted": True}
    after = settled(client, "fraud", 1)
    assert item["id"] not in [other["id"] for other in after["items"]]
    assert after["risk"]["answers"] == 1
    assert after["accuracy"]["lower"] <= after["accuracy"]["value"] <= after["accuracy"]["upper"]
    text = client.get("/metrics").text
    assert 'barograph_review_answered_total{barograph_model_name="fraud"' in text


def test_answers_survive_a_kill(tmp_path: Path) -> None:
    with Service(config(tmp_path)) as first:
        send(first, "fraud", **BINARY)
        with httpx.Client(base_url=f"http://{first.addresses['web']}") as client:
            items = queue(client, "fraud")["items"][:3]
            for item in items:
                assert answer(client, item, "fraud", right=False).status_code == 200
            before = settled(client, "fraud", 3)
        # What a kill leaves: the journal as it is now, without a last checkpoint.
        copy = tmp_path / "copy" / "state"
        copy.parent.mkdir()
        copy.mkdir()
        for file in (tmp_path / "state").iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
    with (
        Service(config(tmp_path / "copy")) as second,
        httpx.Client(base_url=f"http://{second.addresses['web']}") as client,
    ):
        after = settled(client, "fraud", 3)
    assert after["risk"] == before["risk"]
    assert [item["id"] for item in after["items"]] == [item["id"] for item in before["items"]]


def test_right_or_wrong_is_enough_where_it_is_clear(service: Service, client: httpx.Client) -> None:
    send(service, "fraud", **BINARY)
    first, second = queue(client, "fraud")["items"][:2]
    for nothing in ("nan", " "):
        assert answer(client, first, "fraud", label=nothing).status_code == 400
    assert answer(client, first, "fraud", right=True).status_code == 200
    assert answer(client, second, "fraud", right=False).status_code == 200
    assert settled(client, "fraud", 2)["risk"]["value"] == pytest.approx(0.5, abs=0.2)


def test_an_answer_in_words_is_judged_right_or_wrong(
    service: Service, client: httpx.Client
) -> None:
    send(service, "assistant", **{"barograph.task": "generation", "barograph.output.length": 12})
    item = queue(client, "assistant")["items"][0]
    assert item["asked"] == "right"
    assert item["outputs"] == {"length": 12.0}
    refused = answer(client, item, "assistant", label="good")
    assert refused.status_code == 400
    assert "right = true or false" in refused.json()["error"]
    assert answer(client, item, "assistant", right=False).status_code == 200
    assert settled(client, "assistant", 1)["risk"]["value"] > 0.9


def test_a_number_is_asked_of_a_regression(service: Service, client: httpx.Client) -> None:
    send(service, "price", **{"barograph.task": "regression", "barograph.prediction.value": 3.5})
    item = queue(client, "price")["items"][0]
    assert item["asked"] == "number"
    assert answer(client, item, "price", label="cheap").status_code == 400
    assert answer(client, item, "price", right=True).status_code == 400
    assert answer(client, item, "price", label=4.5).status_code == 200
    assert settled(client, "price", 1)["risk"] is None


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "this is no answer"),
        (b"[]", 400, "this is no answer"),
        (b'{"id": "x"}', 400, "missing required field"),
        (b'{"id":"x","model":"m","version":"1","reviewer":"r"}', 400, "either a label or right"),
        (
            b'{"id":"x","model":"m","version":"1","reviewer":"r","label":1,"right":true}',
            400,
            "either a label or right",
        ),
        (b'{"id":"x","model":"m","version":"1","reviewer":"","right":true}', 400, "length >= 1"),
        (b'{"id":"x","model":"m","version":"1","reviewer":"r","rigth":true}', 400, "rigth"),
        (b'{"id":"x","model":"m","version":"1","reviewer":"r","right":true}', 404, "nobody"),
        (b'{"id":"' + b"x" * 20_000 + b'"}', 413, "must not exceed"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(
    client: httpx.Client, body: bytes, status: int, message: str
) -> None:
    response = client.post(
        "/api/review", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == status
    assert message in response.json()["error"]


def test_other_content_and_other_sites_are_refused(client: httpx.Client) -> None:
    assert client.post("/api/review", content=b"{}").status_code == 415
    headers = {"content-type": "application/json", "sec-fetch-site": "cross-site"}
    assert client.post("/api/review", content=b"{}", headers=headers).status_code == 403
    assert client.get("/api/review", params={"limit": "0"}).status_code == 400
    assert client.get("/api/review", params={"limit": "many"}).status_code == 400
    assert client.put("/api/review").status_code == 405
    answer = client.put("/api/models")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("counted", [False, True])
def test_a_person_answers_once_and_others_are_still_asked(
    service: Service, client: httpx.Client, counted: bool
) -> None:
    """Also who answers again before the first answer is counted, as by a double click."""
    send(service, "fraud", **BINARY)
    item = queue(client, "fraud")["items"][0]
    assert answer(client, item, "fraud", label="0").status_code == 200
    if counted:
        settled(client, "fraud", 1)
    again = answer(client, item, "fraud", label="1")
    assert again.status_code == 409
    assert "before" in again.json()["error"]


def test_who_was_not_heard_answers_again(
    service: Service, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(service, "fraud", **BINARY)
    item = queue(client, "fraud")["items"][0]
    with monkeypatch.context() as full:
        full.setattr(service.pipeline, "submit", Mock(side_effect=OverloadedError("disk is full")))
        assert answer(client, item, "fraud", label="0").status_code == 503
    assert answer(client, item, "fraud", label="0").status_code == 200


def test_to_answer_takes_its_own_right(tmp_path: Path) -> None:
    tokens = {"read": "reader-reader-reader", "review": "judge-judge-judge-judge"}
    files = {}
    for name, token in tokens.items():
        file = tmp_path / name
        file.write_text(token)
        file.chmod(0o600)
        files[name] = f"file:{file}"
    with Service(config(tmp_path, tokens=files)) as guarded:
        send(guarded, "fraud", **BINARY)
        url = f"http://{guarded.addresses['web']}"
        with httpx.Client(base_url=url) as nobody:
            assert nobody.get("/api/review").status_code == 401
        reading = {"authorization": f"Bearer {tokens['read']}"}
        with httpx.Client(base_url=url, headers=reading) as reader:
            item = queue(reader, "fraud")["items"][0]
            assert answer(reader, item, "fraud", label="0").status_code == 403
        judging = {"authorization": f"Bearer {tokens['review']}"}
        with httpx.Client(base_url=url, headers=judging) as judge:
            assert answer(judge, item, "fraud", label="0").status_code == 200
