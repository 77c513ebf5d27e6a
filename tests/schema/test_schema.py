"""What is kept on disk changes its form with its schema only, and is never misread.

A change that adds, drops or renames something in a checkpoint or a baseline file fails here
until the schema is raised and the new form is recorded: ``python -m tests.schema.record``.
"""

import difflib
import json
from pathlib import Path
from typing import Any

import pytest

from barograph_processor.exceptions import StateError
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.state.window.baseline import Baseline
from tests.processor.state.rows import close_to
from tests.schema.population import Population
from tests.schema.record import (
    FORMS,
    Golden,
    baseline_form,
    checkpoint_form,
    database_forms,
)

_GOLDEN = sorted(FORMS.glob("checkpoint-*.golden"))
_BASELINES = sorted(FORMS.glob("baseline-*.json"))


@pytest.fixture(scope="module")
def population() -> Population:
    populated = Population()
    populated.populate()
    return populated


def _same_form(found: str, file: Path, what: str) -> None:
    assert file.exists(), f"{what} is not recorded: python -m tests.schema.record"
    difference = difflib.unified_diff(
        file.read_text(encoding="utf-8").splitlines(), found.splitlines(), "recorded", "now", n=0
    )
    told = "\n".join(difference)
    assert not told, (
        f"the form of {what} has changed: raise it and record anew, "
        f"python -m tests.schema.record\n{told}"
    )


def test_form_of_checkpoints_is_that_of_their_schema(population: Population) -> None:
    schema = population.registry.schema
    _same_form(
        checkpoint_form(population),
        FORMS / "checkpoint.form",
        f"ModelRegistry.schema {schema}",
    )


def test_form_of_baselines_is_that_of_their_schema(population: Population) -> None:
    for name, document in population.baselines().items():
        schema = document["schema"]
        _same_form(
            baseline_form(document),
            FORMS / f"baseline-{name}.form",
            f"the baseline schema {schema}, as of {name},",
        )


@pytest.mark.parametrize("file", _GOLDEN, ids=[file.stem for file in _GOLDEN])
def test_checkpoint_of_any_schema_says_the_same_or_is_refused(file: Path) -> None:
    """And it goes on as it did then. Other figures by intent: record with --figures."""
    golden = Golden(file)
    if golden.checkpoint.schema != ModelRegistry.schema:
        with pytest.raises(StateError, match=f"schema {golden.checkpoint.schema}, this version"):
            Population.restored(golden.checkpoint)
        return
    found = Population.restored(golden.checkpoint)
    assert _differences(found.figures(), golden.figures) == {}
    found.go_on()
    assert _differences(found.figures(), golden.later) == {}


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what is said otherwise than before, or not at all; more may be said now."""
    return {
        name: (found.get(name), value)
        for name, value in expected.items()
        if not close_to(found.get(name), value)
    }


def test_checkpoint_of_this_schema_is_recorded() -> None:
    assert FORMS / f"checkpoint-{ModelRegistry.schema}.golden" in _GOLDEN


@pytest.mark.parametrize("file", _BASELINES, ids=[file.stem for file in _BASELINES])
def test_baseline_of_any_schema_is_read_whole(file: Path, population: Population) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    now = next(iter(population.baselines().values()))["schema"]
    again = json.loads(json.dumps(Baseline.from_json(document).to_json()))
    assert {key: again[key] for key in document} == {**document, "schema": now}


def test_tables_change_with_their_version_only(tmp_path: Path) -> None:
    """Of the journal, and of the alarms that wait."""
    for name, tables in database_forms(tmp_path).items():
        _same_form(tables, FORMS / f"{name}.form", f"the format of {name}")


def test_a_change_of_the_form_is_found(population: Population, monkeypatch: Any) -> None:
    """So that the tests above can fail: one more key somewhere deep, or another type."""
    recorded = FORMS / "checkpoint.form"
    model = next(iter(population.registry.models.values()))
    for changed in ({"rate": 1.0, "left": 3, "more": 0}, {"rate": "1", "left": 3}):
        monkeypatch.setattr(model.pending._thinning, "state", lambda changed=changed: changed)
        with pytest.raises(AssertionError, match="raise it and record anew"):
            _same_form(checkpoint_form(population), recorded, "ModelRegistry.schema")
