"""``compose.yaml`` fits the Compose specification, its files, and the Collector's configuration."""

import importlib.resources
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONFIG_TEXT = (ROOT / "otel-config.yaml").read_text()

# Of each published image a tag that names one release.
PINNED = re.compile(r":v?\d+\.\d+\.\d+$")


def mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return source, target and mode of a service's mounts in short syntax."""
    parts = [mount.split(":") for mount in service.get("volumes", [])]
    return [(part[0], part[1], part[2] if len(part) > 2 else "rw") for part in parts]


def test_it_fits_the_compose_specification() -> None:
    pytest.importorskip("check_jsonschema", reason="ships the specification's schema")
    shipped = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor"
    schema = json.loads((shipped / "compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"collector": {"imagine": "x"}}}, schema)


def test_docker_compose_understands_it() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no `docker compose` here")
    subprocess.run(
        [docker, "compose", "--file", ROOT / "compose.yaml", "config", "--quiet"], check=True
    )


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_mounts_exists_and_is_read_only(name: str) -> None:
    for source, _, mode in mounts(SERVICES[name]):
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert mode == "ro", source
        else:
            assert source in COMPOSE["volumes"]


def test_every_file_for_compose_is_mounted() -> None:
    mounted = [
        (ROOT / source).resolve() for name in SERVICES for source, _, _ in mounts(SERVICES[name])
    ]
    for file in (ROOT / "deploy/compose").rglob("*"):
        if file.is_file():
            yaml.safe_load(file.read_text())
            assert any(file.is_relative_to(source) for source in mounted), file


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or PINNED.search(service["image"]), service["image"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_the_collector_is_configured_by_the_file_that_everybody_uses() -> None:
    collector = SERVICES["collector"]
    assert ("./otel-config.yaml", "/etc/otelcol/otel-config.yaml", "ro") in mounts(collector)
    assert collector["command"] == ["--config=/etc/otelcol/otel-config.yaml"]


def test_the_collectors_variables_are_those_of_its_configuration() -> None:
    """No typing mistake goes unnoticed, and every address on loopback is overridden."""
    known = dict(re.findall(r"\$\{env:(\w+):-([^}]*)\}", CONFIG_TEXT))
    given = SERVICES["collector"]["environment"]
    ours = {name for name in given if name.startswith("BAROGRAPH_")}
    assert ours <= known.keys()
    loopback = {name for name, default in known.items() if "127.0.0.1" in default}
    assert loopback <= ours
    assert not any("127.0.0.1" in given[name] for name in ours)


def test_the_processors_variables_are_keys_of_its_configuration() -> None:
    config = pytest.importorskip("barograph_processor.config")
    keys = {f"BAROGRAPH_{key.upper()}" for key in config.ServeConfig.__struct_fields__}
    assert SERVICES["processor"]["environment"].keys() <= keys


def test_the_collectors_image_is_the_version_that_tests_run() -> None:
    """The image's configuration is checked by the Collector that is built here."""
    go_mod = (ROOT / "components/collector/go.mod").read_text()
    built = re.search(r"go\.opentelemetry\.io/collector/otelcol v(\S+)", go_mod)
    assert built is not None
    assert SERVICES["collector"]["image"].endswith(f":{built[1]}")


def test_services_meet_where_they_listen() -> None:
    """Every ``service:port`` that one service is told is served by the other."""
    listens = {
        "collector": {"14317", "8889", "8888"},
        "processor": {"34317"},
        "tempo": {"4317", "3200"},
        "prometheus": {"9090"},
    }
    texts = [
        *(json.dumps(SERVICES[name].get("environment", {})) for name in SERVICES),
        *(file.read_text() for file in (ROOT / "deploy/compose").rglob("*.yaml")),
    ]
    named = {
        (host, port)
        for text in texts
        for host, port in re.findall(rf"\b({'|'.join(SERVICES)}):(\d+)", text)
    }
    assert {host for host, _ in named} == listens.keys()
    for host, port in named:
        assert port in listens[host], f"{host}:{port}"


@pytest.mark.components
def test_prometheus_accepts_its_configuration(promtool_binary: Path) -> None:
    config = ROOT / "deploy/compose/prometheus.yaml"
    subprocess.run([promtool_binary, "check", "config", config], check=True)
