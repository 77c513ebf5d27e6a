"""From predictions to those who are told: kill -9 in between, and a real Alertmanager behind."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from barograph_processor.config import WebhookConfig
from barograph_processor.notify import Links, Notifier, Webhook
from barograph_processor.telemetry import Telemetry
from components.alertmanager import Alertmanager
from components.process import free_addresses
from components.processor import Processor
from tests.processor.exporter.test_outage import send
from tests.processor.notify.receiver import Receiver
from tests.processor.notify.test_notifier import step, tell
from tests.processor.test_service import eventually

_EXAMPLE = Path(__file__).parents[2] / "dashboards" / "alertmanager-example.yaml"
_CONFIG = """
[serve]
evaluation_seconds = 0.1
public_url = "https://barograph.example"
[reference]
rows = 2000
[window]
rows = 100
[alarm]
windows_between_false_alarms = 50
hold_windows = 2
[limits]
checkpoint_seconds = 0.2
[[webhooks]]
name = "ops"
url = "http://{address}"
severity = "note"
"""


def _told(bodies: list[Any]) -> list[tuple[str, str]]:
    return [(body["alarm"]["id"], body["change"]) for body in bodies]


def test_what_was_raised_before_kill_9_is_told_once(tmp_path: Path) -> None:
    """Nobody listens while alarms are raised, forgotten by checkpoints, and resolved."""
    [address] = free_addresses(1)
    config = tmp_path / "barograph.toml"
    config.write_text(_CONFIG.format(address=address), encoding="utf-8")
    with Processor(tmp_path, config=config) as processor:
        send(processor, 0, 2000, 0)
        send(processor, 2000, 2600, 2000)
        eventually(lambda: processor.api("/api/alarms?state=open")["alarms"])
        processor.kill()
        processor.start()
        send(processor, 2600, 4600, 0)
        eventually(lambda: processor.api("/api/alarms?state=resolved")["alarms"])
        processor.kill()
        processor.start()
        # More windows than an alarm is held for.
        send(processor, 4600, 5000, 0)
        eventually(lambda: processor.api("/api/models")["models"][0]["windows"] >= 29)
        alarms = processor.api("/api/alarms?state=all&limit=1000")["alarms"]
        last = {alarm["incident"]["id"]: alarm for alarm in sorted(alarms, key=_raised)}
        expected = {(incident, "open") for incident in last}
        expected |= {(alarm["id"], "resolved") for alarm in last.values() if alarm["resolved"]}
        with Receiver(port=int(address.rpartition(":")[2])) as receiver:
            eventually(lambda: set(_told(receiver.bodies)) >= expected, seconds=60)
            bodies = receiver.bodies
    assert Counter(_told(bodies)) == Counter(expected)
    assert all(body["url"].startswith("https://barograph.example/#/alarm?id=") for body in bodies)


def _raised(alarm: dict[str, Any]) -> str:
    return str(alarm["raised"])


def _rule(name: str, *, severity: str, model: str) -> dict[str, Any]:
    """Return what Prometheus posts for a rule of ``barograph-rules.yaml`` that fires."""
    who = {"barograph_model_name": model, "barograph_model_version": "1"}
    return {"labels": {"alertname": name, "severity": severity, **who}}


@pytest.mark.components
def test_a_degradation_rings_once_though_the_rules_tell_of_it_too(
    alertmanager_binary: Path, tmp_path: Path
) -> None:
    """With the inhibition rules of the example: what is told elsewhere is held back here."""
    example = yaml.safe_load(_EXAMPLE.read_text(encoding="utf-8"))
    rules = [
        _rule("BarographSilentDegradation", severity="page", model="m"),
        _rule("BarographQualityBudgetBurn1h", severity="page", model="m"),
        _rule("BarographDrifting", severity="ticket", model="m"),
        _rule("BarographLabelsStopped", severity="ticket", model="m"),
        _rule("BarographSilentDegradation", severity="page", model="another"),
    ]
    with (
        Receiver() as people,
        Alertmanager(
            tmp_path / "alertmanager", tell=people.url, inhibit=example["inhibit_rules"]
        ) as alertmanager,
    ):
        url = f"http://{alertmanager.address}"
        config = WebhookConfig(name="am", url=url, format="alertmanager")
        notifier = Notifier([(config, Webhook(config))], tmp_path, Links(None, None), Telemetry())
        try:
            tell(notifier, [step(model="m")])
            [own] = eventually(lambda: alertmanager.alerts('alertname="BarographAlarm"'))
            # The processor posts each minute, Prometheus too: here its own came first.
            httpx.post(f"{url}/api/v2/alerts", json=rules).raise_for_status()
            eventually(lambda: len(people.bodies) >= 3)
            by_state: dict[str, set[tuple[str, str]]] = {"active": set(), "suppressed": set()}
            for alert in eventually(
                lambda: len(alertmanager.alerts()) == 6 and alertmanager.alerts()
            ):
                labels = alert["labels"]
                who = (labels["alertname"], labels["barograph_model_name"])
                by_state[alert["status"]["state"]].add(who)
        finally:
            notifier.close()
    assert own["labels"]["severity"] == "page"
    assert by_state["suppressed"] == {
        ("BarographSilentDegradation", "m"),
        ("BarographQualityBudgetBurn1h", "m"),
        ("BarographDrifting", "m"),
    }
    told = {alert["labels"]["alertname"] for body in people.bodies for alert in body["alerts"]}
    assert told == {"BarographAlarm", "BarographLabelsStopped", "BarographSilentDegradation"}
    rung = [alert for body in people.bodies for alert in body["alerts"]]
    assert {
        alert["labels"]["alertname"]
        for alert in rung
        if alert["labels"]["barograph_model_name"] == "m" and alert["labels"]["severity"] == "page"
    } == {"BarographAlarm"}


@pytest.mark.components
def test_a_real_alertmanager_tells_what_it_is_told(
    alertmanager_binary: Path, tmp_path: Path
) -> None:
    """Open until it is resolved, with names that hold anything."""
    name = 'a "b" \\ {é}\n'
    with (
        Receiver() as people,
        Alertmanager(tmp_path / "alertmanager", tell=people.url) as alertmanager,
    ):
        url = f"http://{alertmanager.address}"
        config = WebhookConfig(name="am", url=url, format="alertmanager")
        telemetry = Telemetry()
        links = Links("https://barograph.example", None)
        notifier = Notifier([(config, Webhook(config))], tmp_path, links, telemetry)
        try:
            tell(notifier, [step(model=name)])
            [alert] = eventually(lambda: alertmanager.alerts('severity="page"', 'signal="slice"'))
            eventually(lambda: people.bodies)
            tell(notifier, [step("settled", model=name, state="resolved", sentence="over")])
            eventually(lambda: people.bodies[-1]["status"] == "resolved")
        finally:
            notifier.close()
        assert eventually(lambda: not alertmanager.alerts())
    assert alert["labels"]["barograph_model_name"] == name
    assert alert["generatorURL"] == "https://barograph.example/#/alarm?id=a1"
    assert alert["startsAt"] == "2023-11-14T22:13:19.000Z"
    statuses = [body["status"] for body in people.bodies]
    assert (statuses[0], statuses[-1]) == ("firing", "resolved")
    assert people.bodies[-1]["alerts"][0]["annotations"]["summary"] == "over"
    [((_, attributes), sent)] = telemetry.counters().items()
    assert (dict(attributes), sent) == ({"webhook": "am", "result": "sent"}, 2)
