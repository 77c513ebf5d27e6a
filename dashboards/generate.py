"""Write the dashboards, the rules and the page of metrics, or check that they are up to date."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.fleet import fleet
from dashboards.frame import UIDS
from dashboards.metrics_page import metrics_page
from dashboards.model import model
from dashboards.rules import rules
from dashboards.service import service

__all__ = ["main"]

_HERE = Path(__file__).parent
_NOTE = "# Written by `python -m dashboards.generate` from the catalog; edit dashboards/rules.py.\n"


def _files() -> dict[str, str]:
    """Return what there is to write, by its path from here."""
    boards = {"fleet": fleet(), "model": model(), "service": service()}
    files = {f"{UIDS[kind]}.json": _json(board) for kind, board in boards.items()}
    files["barograph-rules.yaml"] = _NOTE + yaml.safe_dump(rules(), sort_keys=False, width=1000)
    files["../docs/metrics.md"] = metrics_page()
    return files


def _json(board: Dashboard) -> str:
    built = board.build()
    # Links to a panel carry its number, so that it should not be Grafana's to choose.
    for number, panel in enumerate(built.panels or (), 1):
        panel.id_val = number
    return JSONEncoder(sort_keys=True, indent=2).encode(built) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; with ``--check`` return 1 where one would change."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    stale = []
    for name, text in _files().items():
        path = _HERE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.write_text(text, encoding="utf-8")
    verb = "is not up to date" if options.check else "written"
    for name in stale:
        sys.stdout.write(f"{name} {verb}\n")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
