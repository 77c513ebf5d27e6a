"""What is shipped for systemd and Kubernetes is valid, closed, and agrees with the program."""

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from barograph_processor.config import Config, exposures, parse_config
from barograph_processor.doctor.collector import wiring
from components.collector import validate
from tests.processor.receiver.certificates import Authority

_DEPLOY = Path(__file__).parents[2] / "deploy"
_UNIT = _DEPLOY / "barograph.service"
_KUBERNETES = sorted((_DEPLOY / "kubernetes").glob("*.yaml"))


@cache
def documents() -> dict[tuple[str, str], Any]:
    """Every manifest by kind and name."""
    found = [d for file in _KUBERNETES for d in yaml.safe_load_all(file.read_text()) if d]
    return {(d["kind"], d["metadata"]["name"]): d for d in found}


def pod(name: str) -> Any:
    return documents()["StatefulSet", name]["spec"]["template"]["spec"]


def processor_config() -> Config:
    text = documents()["ConfigMap", "barograph"]["data"]["barograph.toml"]
    return parse_config(tomllib.loads(text))


def collector_config() -> Any:
    return yaml.safe_load(documents()["ConfigMap", "otel-collector"]["data"]["config.yaml"])


@pytest.mark.parametrize("key", documents(), ids="-".join)
@pytest.mark.parametrize("version", ["1.27", "1.34"])
def test_manifests_fit_the_schemas_of_kubernetes(key: tuple[str, str], version: str) -> None:
    kubernetes_validate.validate(documents()[key], version, strict=True)


def test_schema_check_finds_mistakes() -> None:
    wrong = {**documents()["Service", "barograph"], "spec": {"ports": [{"port": "many"}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_processor_is_closed_and_is_reached_where_it_listens() -> None:
    config = processor_config()
    assert exposures(config) == []
    [container] = pod("barograph")["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    service = documents()["Service", "barograph"]["spec"]["ports"]
    assert {port["targetPort"] for port in service} == set(ports)
    for name, address in (
        ("otlp-grpc", config.serve.otlp_grpc),
        ("otlp-http", config.serve.otlp_http),
        ("web", config.serve.web),
    ):
        assert address == f"0.0.0.0:{ports[name]}"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_files_that_are_configured_are_mounted() -> None:
    config = processor_config()
    [container] = pod("barograph")["containers"]
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    sources = [config.tokens.otlp, config.tokens.read, config.tokens.review]
    files = [source.removeprefix("file:") for source in sources if source]
    files += [config.tls.cert or "", config.tls.key or "", f"{config.serve.state_dir}/journal"]
    for file in files:
        assert any(file.startswith(f"{mount}/") for mount in mounts), file


def test_volume_holds_what_may_grow() -> None:
    config = processor_config()
    [claim] = documents()["StatefulSet", "barograph"]["spec"]["volumeClaimTemplates"]
    size = claim["spec"]["resources"]["requests"]["storage"]
    assert size.endswith("Gi")
    room = int(size.removesuffix("Gi")) << 30
    assert room >= 2 * config.limits.journal_bytes + config.exporter.queue_bytes


@pytest.mark.parametrize("name", ["barograph", "otel-collector"])
def test_pods_are_restricted(name: str) -> None:
    """As the restricted Pod Security Standard asks, and with a file system that is read only."""
    spec = pod(name)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"]["drop"] == ["ALL"]
        assert container["resources"]["limits"]["memory"]


def test_collector_is_wired_as_the_doctor_wants_it() -> None:
    findings = list(wiring(collector_config(), processor_config()))
    assert [finding.message for finding in findings if finding.level != "ok"] == []


@pytest.mark.components
def test_collector_of_kubernetes_is_valid(collector_binary: Path, tmp_path: Path) -> None:
    """But for the extension that sends the token, which our small Collector has not."""
    config = collector_config()
    del config["extensions"]["bearertokenauth/barograph"]
    config["service"]["extensions"].remove("bearertokenauth/barograph")
    del config["exporters"]["otlp_grpc/barograph"]["auth"]
    # It is read when the configuration is checked.
    Authority(tmp_path)
    config["exporters"]["otlp_grpc/barograph"]["tls"]["ca_file"] = str(tmp_path / "ca")
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    validate(file, binary=collector_binary)


def test_unit_is_one_that_systemd_reads(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("needs systemd-analyze")
    # It asks whether the program is there, which it is not on the machine of a test.
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", _UNIT.read_text())
    unit = tmp_path / _UNIT.name
    unit.write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-500:]


def test_units_environment_is_known() -> None:
    environ = dict(re.findall(r"(?m)^Environment=(\w+)=(\S+)$", _UNIT.read_text()))
    config = parse_config({}, environ=environ)
    assert config.serve.log_format == "json"
    assert config.serve.state_dir == "/var/lib/barograph"
