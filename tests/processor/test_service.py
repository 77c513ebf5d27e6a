"""The service as its users meet it: the official exporters, HTTP, restarts, ports in use."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from barograph_processor.config import Config, parse_config
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.service import Service
from tests.processor.otlp.build import logs, prediction, record, traces

_PORTS = {"otlp_grpc": "127.0.0.1:0", "otlp_http": "127.0.0.1:0", "web": "127.0.0.1:0"}


def config(path: Path, **tables: Any) -> Config:
    serve = {"state_dir": str(path / "state"), "evaluation_seconds": 0.2, **_PORTS}
    return parse_config({**tables, "serve": {**serve, **tables.get("serve", {})}})


def eventually(found: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Return what is found once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return value


def web(service: Service, path: str, **options: Any) -> httpx.Response:
    return httpx.get(f"http://{service.addresses['web']}{path}", timeout=10, **options)


def post(service: Service, signal_kind: str, body: bytes) -> httpx.Response:
    url = f"http://{service.addresses['otlp_http']}/v1/{signal_kind}"
    headers = {"content-type": "application/x-protobuf"}
    return httpx.post(url, content=body, headers=headers, timeout=10)


def counted(service: Service, metric: str = "barograph_predictions_total") -> dict[str, float]:
    """The values of a metric by model."""
    found: dict[str, float] = {}
    for line in web(service, "/metrics").text.splitlines():
        if line.startswith(f"{metric}{{"):
            name = line.partition('barograph_model_name="')[2].partition('"')[0]
            found[name] = found.get(name, 0) + float(line.rpartition(" ")[2])
    return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(config(tmp_path)) as running:
        yield running


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_spans_of_the_official_exporters_are_counted(service: Service, protocol: str) -> None:
    """Every prediction once, on /metrics, without further traffic."""
    where = service.addresses
    exporter: Any = (
        GrpcSpanExporter(endpoint=f"http://{where['otlp_grpc']}", insecure=True)
        if protocol == "grpc"
        else HttpSpanExporter(endpoint=f"http://{where['otlp_http']}/v1/traces")
    )
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for number in range(250):
        with tracer.start_as_current_span("predict loan") as span:
            span.set_attribute("barograph.model.name", "loan")
            span.set_attribute("barograph.input.amount", float(number))
    provider.shutdown()
    eventually(lambda: counted(service).get("loan") == 250)


def test_health_and_readiness(service: Service) -> None:
    assert web(service, "/healthz").status_code == 200
    assert web(service, "/readyz").status_code == 200


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("plain", "1"),
        ("a/b c", "2.0"),
        ("modèle ✓", "β"),
        ("50% off?", "1+1"),
        ("x&y=z#", "v 1"),
        ("a/b", "release/7"),
        ("two\nlines\n", "1\n"),
    ],
)
def test_model_of_any_name_is_found(service: Service, name: str, version: str) -> None:
    post(service, "traces", traces(prediction(1, {"model.name": name, "model.version": version})))
    eventually(lambda: web(service, "/api/models").json()["models"])
    listed = web(service, "/api/models").json()["models"]
    assert [(model["name"], model["version"]) for model in listed] == [(name, version)]
    answer = web(service, f"/api/models/{quote(name)}/{quote(version, safe='')}")
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["version"]) == (name, version)


def test_list_of_models_says_what_the_contract_says(service: Service) -> None:
    post(service, "traces", traces(prediction(1, {"input.x": 1.0})))
    model = eventually(lambda: web(service, "/api/models").json()["models"])[0]
    assert {"name", "version", "state", "since", "reasons", "signals"} <= set(model)
    assert model["state"] == "blind"
    assert model["since"] is not None
    assert "1 of 10,000 rows" in model["reasons"][0]


def test_unknown_model_and_path_are_404_as_json(service: Service) -> None:
    for path in ("/api/models/nobody/1", "/api/nothing"):
        answer = web(service, path)
        assert answer.status_code == 404
        assert answer.json()["error"]


_WATCHED = {
    "reference": {"rows": 2000},
    "window": {"rows": 100},
    "alarm": {"windows_between_false_alarms": 50},
}


def _drifting(service: Service) -> None:
    """2,000 calls of reference, then 600 with another input."""
    for start in range(0, 2600, 200):
        spans = [
            prediction(n, {"input.x": float(n * 7919 % 1000) + (2000 if n >= 2000 else 0)})
            for n in range(start, start + 200)
        ]
        assert post(service, "traces", traces(*spans)).status_code == 200
    eventually(lambda: counted(service).get("m") == 2600)


def test_alarms_by_state_and_page(tmp_path: Path) -> None:
    """Newest first, filtered by state, paged; mistakes in the query are told."""
    with Service(config(tmp_path, **_WATCHED)) as service:
        _drifting(service)
        found = web(service, "/api/alarms").json()
        assert found["total"] >= 1
        alarm = found["alarms"][0]
        contract = (
            "id model version signal feature slice severity state since raised resolved sentence "
            "before now interval evidence threshold trace_ids operational"
        )
        assert set(contract.split()) <= set(alarm)
        assert (alarm["signal"], alarm["feature"], alarm["state"]) == ("input.drift", "x", "open")
        assert alarm["slice"] is None
        assert alarm["evidence"] >= alarm["threshold"]
        assert alarm["trace_ids"]
        raised = [a["raised"] for a in web(service, "/api/alarms?state=all").json()["alarms"]]
        assert raised == sorted(raised, reverse=True)
        assert web(service, "/api/alarms?state=resolved").json()["alarms"] == []
        assert web(service, "/api/alarms?offset=1000").json()["alarms"] == []
        assert len(web(service, "/api/alarms?limit=1").json()["alarms"]) == 1
        for query in ("state=closed", "limit=0", "limit=x", "offset=-1", "limit=100000"):
            answer = web(service, f"/api/alarms?{query}")
            assert answer.status_code == 400
            assert answer.json()["error"]


def test_restart_goes_on_counting(tmp_path: Path) -> None:
    """Counts, alarms, start times and the instance are the same; nothing is told twice."""
    told: list[Any] = []
    # So seldom that all is told at the end alone.
    settings = config(tmp_path, serve={"evaluation_seconds": 1000}, **_WATCHED)
    with Service(settings, listener=told.extend) as service:
        _drifting(service)
        alarms = web(service, "/api/alarms").json()
        post(service, "logs", logs(record("barograph.label", {"prediction.id": "nobody"})))
    first_told = len(told)
    assert first_told >= 6
    with Service(settings, listener=told.extend) as again:
        assert counted(again) == {"m": 2600}
        assert web(again, "/api/alarms").json() == alarms
        assert again.instance_id == service.instance_id
        starts = {s.start_ns for s in again.signals() if s.start_ns}
        assert starts == {s.start_ns for s in service.signals() if s.start_ns}
        assert post(again, "traces", traces(prediction(5, {"input.x": 1.0}))).status_code == 200
        eventually(lambda: counted(again, "barograph_monitor_duplicates_total"))
        assert counted(again) == {"m": 2600}
    assert len(told) == first_told


def test_silence_is_told_by_the_clock_and_survives_a_kill(tmp_path: Path) -> None:
    """Traffic stops: the model is blind, and a state that is read from the journal agrees."""
    settings = config(
        tmp_path,
        reference={"rows": 40},
        window={"rows": 10},
        operations={"silence_s": 1.0},
        limits={"checkpoint_seconds": 1000.0},
    )

    def open_alarms(service: Service) -> list[Any]:
        found: list[Any] = web(service, "/api/alarms").json()["alarms"]
        return [alarm for alarm in found if alarm["feature"] == "traffic"]

    def send(service: Service, first: int, end: int) -> None:
        spans = (prediction(n, {"input.x": 1.0}) for n in range(first, end))
        post(service, "traces", traces(*spans))

    with Service(settings) as service:
        # Event times may lie in the past: what counts is when the last one came.
        send(service, 0, 60)
        (alarm,) = eventually(lambda: open_alarms(service))
        (model,) = web(service, "/api/models").json()["models"]
        assert model["state"] == "blind"
        assert alarm["signal"] == "blind"
        # As a killed process would leave it.
        shutil.copytree(tmp_path / "state", tmp_path / "copy")
    killed = msgspec.structs.replace(
        settings, serve=msgspec.structs.replace(settings.serve, state_dir=str(tmp_path / "copy"))
    )
    with Service(killed) as service:
        assert open_alarms(service) == [alarm]
        send(service, 60, 65)
        eventually(lambda: not open_alarms(service))


@pytest.mark.parametrize("which", ["otlp_grpc", "otlp_http", "web"])
def test_address_in_use_is_a_configuration_error_that_names_it(tmp_path: Path, which: str) -> None:
    """And leaves nothing behind: the next start works."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = config(tmp_path, serve={which: address})
        with pytest.raises(ConfigurationError, match=address), Service(settings):
            pass
    with Service(config(tmp_path)) as service:
        assert web(service, "/readyz").status_code == 200


def test_two_services_do_not_share_a_state_directory(tmp_path: Path) -> None:
    with Service(config(tmp_path)), pytest.raises(ConfigurationError, match="state"):
        Service(config(tmp_path))
    with Service(config(tmp_path)):
        pass


def test_state_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="state directory"):
        Service(config(tmp_path))


def test_baseline_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    for content in ("[]", "{}", "no json", '{"kind": "barograph.baseline", "schema": 99}'):
        file = tmp_path / "baseline.json"
        file.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigurationError, match="baseline"):
            Service(config(tmp_path, reference={"file": str(file)}))


def test_endpoint_that_is_none_leaves_no_journal_open(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Service(config(tmp_path, serve={"export": "ftp://nowhere"}))
    with Service(config(tmp_path)):
        pass


def test_listener_that_fails_stops_nothing(tmp_path: Path) -> None:
    """What is told is lost for that listener; counting and exporting go on."""
    calls = []

    def listener(happenings: Any) -> None:
        calls.append(len(happenings))
        raise RuntimeError("a mistake of the listener's")

    with Service(config(tmp_path, **_WATCHED), listener=listener) as service:
        _drifting(service)
        eventually(lambda: calls)
        before = len(calls)
        spans = [prediction(n, {"input.x": 1.0}) for n in range(5000, 5200)]
        post(service, "traces", traces(*spans))
        eventually(lambda: len(calls) > before)


def test_export_reaches_another_endpoint(tmp_path: Path) -> None:
    """Metrics and alarms leave as OTLP; another receiver takes them as valid requests."""
    with Service(config(tmp_path / "sink")) as sink:
        target = f"http://{sink.addresses['otlp_http']}"
        settings = config(tmp_path / "source", serve={"export": target}, **_WATCHED)
        with Service(settings) as service:
            _drifting(service)
            # The sink takes logs and refuses metrics, which this page counts apart.
            eventually(lambda: 'signal="logs"' in _exports(service))


def _exports(service: Service) -> str:
    lines = web(service, "/metrics").text.splitlines()
    return "\n".join(line for line in lines if line.startswith("barograph_monitor_exports_total"))


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    ports = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0"]
    start = [sys.executable, "-m", "barograph_processor", "serve"]
    return [*start, "--state-dir", str(tmp_path / "state"), *ports]


def test_serve_ends_gracefully_and_loses_nothing(command: list[str], tmp_path: Path) -> None:
    """SIGTERM: exit code 0, and what was acknowledged is in the state."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told: dict[str, str] = {}
        for line in process.stderr:
            if line.strip() == "ready":
                break
            name, _, value = line.strip().partition(" ")
            told[name] = value.strip()
        body = traces(*(prediction(n, {"input.x": 1.0}) for n in range(500)))
        headers = {"content-type": "application/x-protobuf"}
        url = f"{told['OTLP/HTTP']}/v1/traces"
        assert httpx.post(url, content=body, headers=headers, timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(timeout=30) == 0
    assert "Traceback" not in rest
    with Service(config(tmp_path)) as service:
        assert counted(service) == {"m": 500}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "missing.toml"], "missing.toml"),
        (["--web", "nowhere"], "web must be HOST:PORT"),
        (["--export", "ftp://nowhere"], "ftp://nowhere"),
    ],
)
def test_serve_tells_mistakes_in_one_line(
    command: list[str], tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_serve_refuses_a_configuration_that_is_no_toml(command: list[str], tmp_path: Path) -> None:
    for number, text in enumerate(("[window\n", "[window]\nrwos = 5\n", "[reference]\nrows = -1")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*command, "--config", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert str(file) in done.stderr
        assert "Traceback" not in done.stderr


def test_help_names_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "barograph_processor", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"serve", "demo", "replay"} <= set(done.stdout.split())


@pytest.mark.parametrize("query", ["offset=-1", "limit=0", "limit=1e9", f"offset={10**30}"])
def test_page_that_cannot_be_is_refused(service: Service, query: str) -> None:
    assert web(service, f"/api/alarms?{query}").status_code == 400


def test_page_of_api_is_json(service: Service) -> None:
    for path in ("/api/models", "/api/alarms"):
        answer = web(service, path)
        assert answer.headers["content-type"].startswith("application/json")
        json.loads(answer.content)


_API = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def _keys(heading: str, nth: int = 0) -> set[str]:
    """The keys in the first cells of a table under a heading of the page on the API."""
    section = _API.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [block for block in section.strip().split("\n\n") if block.startswith("| ")][nth]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {key.strip().strip("`") for cell in cells for key in cell.split(",")}


def test_documented_keys_are_those_of_the_answers(tmp_path: Path) -> None:
    """No key of an answer is missing on the page, and none on the page is made up."""
    with Service(config(tmp_path, **_WATCHED)) as service:
        spans = [
            prediction(
                n,
                {
                    "task": "binary",
                    "input.x": float(n * 7919 % 1000) + (2000 if n >= 2000 else 0),
                    "prediction.label": n % 2,
                    "prediction.confidence": 0.9,
                    "prediction.id": f"p{n}",
                    "slice.region": "ns"[n // 2 % 2],
                },
            )
            for n in range(2600)
        ]
        assert post(service, "traces", traces(*spans)).status_code == 200
        answers = [
            record("barograph.label", {"barograph.prediction.id": f"p{n}", **_truth(n)})
            for n in range(2600)
        ]
        assert post(service, "logs", logs(*answers)).status_code == 200
        eventually(lambda: counted(service, "barograph_labels_total").get("m") == 2600)
        more = [prediction(n, {"input.x": 2500.0}) for n in range(2600, 2700)]
        post(service, "traces", traces(*more))
        eventually(lambda: counted(service).get("m") == 2700)
        (summary,) = web(service, "/api/models").json()["models"]
        model = web(service, "/api/models/m/1").json()
        alarm = web(service, "/api/alarms").json()["alarms"][0]
    window = model["history"][-1]
    summarized = _keys("`/api/models`")
    assert set(summary) == summarized
    whole = "`/api/models/{name}/{version}`"
    assert set(model) == summarized | _keys(whole)
    assert set(window) == _keys(whole, 1)
    # No user reacted, nothing came of anything, no part of the traffic stopped, and the
    # reference ended before its labels came.
    unknown = {"trust", "reactions", "outcome", "evaluation", "gone"}
    unknown |= {"estimated", "gap", "calibration"}
    assert set(window["signals"]) == _keys("Figures of a window") - unknown
    assert set(window["signals"]["input.drift"]["x"]) == _keys("Figures of a window", 1)
    assert set(alarm) == _keys("`/api/alarms`", 1)
    for figures in ("latency", "errors", "traffic", "risk"):
        for key in window["signals"][figures]:
            assert f"`{key}`" in _API
    for key in (*model["reference"], *window["signals"]["performance"]):
        assert f"`{key}`" in _API


def _truth(number: int) -> dict[str, Any]:
    return {"barograph.label.value": number % 2}
