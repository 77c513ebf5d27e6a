"""What the documentation shows, works: its snippets run, and its links lead somewhere."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import barograph
from barograph_processor.config import parse_config
from barograph_processor.history.config import parse_replay_config
from barograph_processor.service import Service

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    addresses = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "127.0.0.1:0")
    config = parse_config({"serve": {"state_dir": str(tmp_path / "state"), **addresses}})
    with Service(config) as running:
        yield running


def test_the_first_example_of_the_readme_reaches_a_service(service: Service) -> None:
    """Its call is counted, and its late facts meet their prediction."""
    (snippet,) = _blocks(ROOT / "README.md", "python")
    assert "http://127.0.0.1:34318" in snippet
    code = snippet.replace("127.0.0.1:34318", service.addresses["otlp_http"])
    try:
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - the point
        barograph.force_flush(timeout=10)
    finally:
        barograph.shutdown()
    service.pipeline.close()
    metrics = httpx.get(f"http://{service.addresses['web']}/metrics").text
    who = 'barograph_model_name="fraud-xgb",barograph_model_version="3.1"'
    for line in (
        f"barograph_predictions_total{{{who}}} 1.0",
        f"barograph_labels_total{{{who}}} 1.0",
        f'barograph_reactions_total{{{who},kind="overridden"}} 1.0',
    ):
        assert line in metrics


def test_the_replay_configuration_of_the_readme_is_one() -> None:
    (snippet,) = _blocks(ROOT / "README.md", "toml")
    assert parse_replay_config(tomllib.loads(snippet)).model.name == "credit-risk"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []
