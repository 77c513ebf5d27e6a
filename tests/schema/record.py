"""Records the form of what is kept, and examples of it: ``python -m tests.schema.record``.

Each form begins with its schema, and is recorded over that of the schema before, so that a
change of it can be read as one. What a schema has once been recorded with is not written over:
raise the schema first, that of ``ModelRegistry`` for checkpoints and that of ``Baseline`` for
baseline files. Of the checkpoints of earlier schemas, which are refused, the last will do. With
``--figures`` only what is said of the state is recorded anew, for a change that was meant
to change figures.
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from barograph_processor import codec
from barograph_processor.exporter import AlarmQueue, OtlpTally
from barograph_processor.journal import Checkpoint, Journal
from barograph_processor.telemetry import Telemetry
from tests.schema.form import form, sqlite_form
from tests.schema.population import Population

__all__ = ["FORMS", "Golden", "baseline_form", "checkpoint_form", "database_forms"]

FORMS = Path(__file__).parent.parent / "testdata" / "forms"


class Golden:
    """A checkpoint of some schema, and what was said of it then and after more had come.

    Args:
        file: Where it is.
    """

    def __init__(self, file: Path) -> None:
        recorded: Any = msgspec.msgpack.decode(file.read_bytes())
        said: Any = list(codec.unpacked(recorded["said"]))
        self.checkpoint = Checkpoint(1, recorded["schema"], recorded["blocks"])
        self.figures: dict[str, Any] = said[0]
        self.later: dict[str, Any] = said[1]

    @staticmethod
    def write(file: Path, checkpoint: Checkpoint) -> None:
        """Record a checkpoint with what the code says of it now."""
        population = Population.restored(checkpoint)
        figures = population.figures()
        population.go_on()
        recorded: Any = {
            "schema": checkpoint.schema,
            "blocks": list(checkpoint.blocks),
            "said": list(codec.packed([figures, population.figures()])),
        }
        file.write_bytes(msgspec.msgpack.encode(recorded))


def checkpoint_form(population: Population) -> str:
    """Return the form of a populated checkpoint, a line each place behind its schema."""
    head, spans, facts, shared, models = _places(codec.unpacked(population.checkpoint().blocks))
    trees = {"head": head, "spans": spans, "facts": facts, "shared": shared, "models": models}
    return _text(population.registry.schema, form(trees))


def _places(trees: Iterator[Any]) -> tuple[Any, ...]:
    """Return the trees of a checkpoint, those that are alike together."""
    return next(trees), list(islice(trees, 2)), list(islice(trees, 2)), next(trees), list(trees)


def baseline_form(document: Any) -> str:
    """Return the form of a baseline file, a line each place behind its schema."""
    return _text(document["schema"], form(document))


def database_forms(directory: Path) -> dict[str, str]:
    """Make the databases of a service; return by name the tables of each behind its format."""
    journal, alarms = directory / "journal", directory / "alarms"
    Journal(journal, max_bytes=10**6, telemetry=Telemetry()).close()
    AlarmQueue(alarms, max_bytes=10**6, tally=OtlpTally(Telemetry()))
    return {file.name: _text(*sqlite_form(file)) for file in (journal, alarms)}


def main() -> None:
    population = Population()
    population.populate()
    schema = population.registry.schema
    golden = FORMS / f"checkpoint-{schema}.golden"
    if sys.argv[1:] == ["--figures"]:
        Golden.write(golden, Golden(golden).checkpoint)
        return
    _write_once(FORMS / "checkpoint.form", checkpoint_form(population))
    if not golden.exists():
        Golden.write(golden, population.checkpoint())
    for name, document in population.baselines().items():
        version = document["schema"]
        _write_once(FORMS / f"baseline-{name}.form", baseline_form(document))
        file = FORMS / f"baseline-{version}-{name}.json"
        if not file.exists():
            file.write_text(json.dumps(document) + "\n", encoding="utf-8")
    with TemporaryDirectory() as directory:
        for name, tables in database_forms(Path(directory)).items():
            _write_once(FORMS / f"{name}.form", tables)


def _text(schema: int, lines: list[str]) -> str:
    return "\n".join([f"schema {schema}", *lines, ""])


def _write_once(file: Path, content: str) -> None:
    known = file.read_text(encoding="utf-8") if file.exists() else ""
    if known != content and known.partition("\n")[0] == content.partition("\n")[0]:
        sys.exit(f"{file.name} is recorded with another form: raise the schema first")
    file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
