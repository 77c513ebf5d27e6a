"""Dashboards and rules come from the catalog, are up to date, and ask what is answered."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from barograph_processor.catalog import METRICS
from barograph_processor.web.exposition import prometheus_name
from components import Collector, Prometheus, wait_until
from tests.end_to_end.page.models import new_registry, serve, tell_stories
from tests.end_to_end.traffic import exporting, make_spans

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards"
BOARDS = ("barograph-fleet", "barograph-model", "barograph-service")
RULES = FOLDER / "barograph-rules.yaml"


def board(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def expressions(name: str) -> list[str]:
    """Return the queries of a dashboard."""
    panels = board(name)["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def metrics_in(expression: str) -> set[str]:
    """Return the names that an expression selects, without the suffixes of histograms."""
    found = re.findall(r"\b(?:barograph|traces_span_metrics)_\w+(?=[\[{) ]|$)", expression)
    labels = {"barograph_model_name", "barograph_model_version"}
    return {re.sub("_(bucket|sum|count)$", "", name) for name in found} - labels


def test_what_is_committed_is_what_would_be_written() -> None:
    if importlib.util.find_spec("grafana_foundation_sdk") is None:
        pytest.skip("grafana-foundation-sdk writes the dashboards, and is not here")
    check = subprocess.run(
        [sys.executable, "-m", "dashboards.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr


def test_every_metric_of_the_catalog_is_on_a_dashboard() -> None:
    shown = {metric for name in BOARDS for expr in expressions(name) for metric in metrics_in(expr)}
    assert {prometheus_name(entry) for entry in METRICS} - shown == set()


def test_no_query_names_a_metric_that_nobody_sends() -> None:
    sent = {prometheus_name(entry) for entry in METRICS}
    sent |= {"traces_span_metrics_calls_total", "traces_span_metrics_duration_milliseconds"}
    queries = [expr for name in BOARDS for expr in expressions(name)]
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        queries += [rule["expr"] for rule in group["rules"]]
    assert {metric for query in queries for metric in metrics_in(query)} <= sent


def test_quality_stands_right_above_the_latency_of_the_same_calls() -> None:
    for name in BOARDS[:2]:
        panels = {panel["title"]: panel["gridPos"] for panel in board(name)["panels"]}
        [quality] = [at for title, at in panels.items() if title.startswith("Quality")]
        [latency] = [at for title, at in panels.items() if title.startswith("Latency")]
        assert quality["y"] + quality["h"] == latency["y"]
        assert (quality["x"], quality["w"]) == (latency["x"], latency["w"])


def test_boards_have_ids_of_their_own_and_a_data_source_to_choose() -> None:
    boards = [board(name) for name in BOARDS]
    assert len({each["uid"] for each in boards}) == len(BOARDS)
    for each in boards:
        assert each["templating"]["list"][0]["type"] == "datasource"
        ids = [panel["id"] for panel in each["panels"]]
        assert len(set(ids)) == len(ids)


@pytest.mark.components
def test_the_rules_are_what_prometheus_takes(promtool_binary: Path) -> None:
    subprocess.run([promtool_binary, "check", "rules", "--lint-fatal", RULES], check=True)


@pytest.mark.components
def test_the_example_is_what_alertmanager_takes(alertmanager_binary: Path) -> None:
    amtool = alertmanager_binary.with_name("amtool")
    subprocess.run([amtool, "check-config", FOLDER / "alertmanager-example.yaml"], check=True)


@pytest.mark.components
def test_the_rules_tell_whom_they_should_when_they_should(promtool_binary: Path) -> None:
    run = subprocess.run(
        [promtool_binary, "test", "rules", FOLDER / "tests" / "rules_test.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_alert_has_a_test() -> None:
    alerts = {
        rule["alert"]
        for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    told = yaml.safe_load((FOLDER / "tests" / "rules_test.yaml").read_text(encoding="utf-8"))
    tested = {
        case["alertname"]
        for story in told["tests"]
        for case in story.get("alert_rule_test", ())
        if case.get("exp_alerts")
    }
    assert alerts - tested == set()


@pytest.fixture(scope="module")
def prometheus(
    collector_binary: Path,
    prometheus_binary: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """A Prometheus with span metrics of a real Collector, and the processor's signals."""
    folder = tmp_path_factory.mktemp("dashboards")
    registry = new_registry()
    tell_stories(registry)
    with (
        serve(registry) as url,
        Collector(folder / "collector", binary=collector_binary) as collector,
        Prometheus(
            folder / "prometheus",
            {"processor": url.removeprefix("http://"), "collector": collector.prometheus},
            rules=[RULES],
        ) as prometheus,
    ):
        with exporting(collector) as exporter:

            def rates_are_known() -> bool:
                # rate() needs two scrapes, and calls in between, whenever those happen.
                exporter.export(make_spans(5))
                return all(
                    prometheus.query(query)
                    for query in (
                        "rate(traces_span_metrics_calls_total[5m]) > 0",
                        "rate(barograph_predictions_total[5m])",
                    )
                )

            wait_until(rates_are_known, what="rates in Prometheus", timeout=120)
        yield prometheus


# Not sent by a registry that is fed directly: those of the pipeline, the journal and
# the exporter, and facts that the stories do not have.
ABSENT = re.compile(
    r"barograph_(monitor_(?!models)|evaluation|reactions|outcome|confidence|loop|review|trust)"
)


def filled(expression: str, model: str, version: str) -> str:
    """Return a query as Grafana would send it."""
    replaced = {
        "$model": model,
        "$version": version,
        "$metric": "accuracy",
        "$__rate_interval": "5m",
    }
    for name, value in replaced.items():
        expression = expression.replace(name, value)
    return expression


@pytest.mark.components
@pytest.mark.parametrize("name", BOARDS)
def test_every_query_is_answered(prometheus: Prometheus, name: str) -> None:
    unanswered = []
    for expression in expressions(name):
        # The Collector's spans are of one model, the alarms of the stories of another.
        spans = "span_metrics" in expression
        query = filled(expression, *(("credit-risk", "7") if spans else ("flight-delay", "2013.1")))
        if not prometheus.query(query) and not ABSENT.search(query):
            unanswered.append(query)
    assert unanswered == []


@pytest.mark.components
def test_prometheus_raises_what_the_processor_says(prometheus: Prometheus) -> None:
    def firing() -> set[tuple[str, str]]:
        return {
            (alert["metric"]["alertname"], alert["metric"]["barograph_model_name"])
            for alert in prometheus.query('ALERTS{alertstate="firing", severity="page"}')
            if "barograph_model_name" in alert["metric"]
        }

    wanted = {("BarographSilentDegradation", "flight-delay"), ("BarographDegraded", "credit-risk")}
    wait_until(lambda: wanted <= firing(), what="alerts")
