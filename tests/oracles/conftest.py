"""Other packages as oracles, each in an environment of its own.

A test is skipped where the environment has not been made (``python -m components
environment NAME``), or fails when ``BAROGRAPH_REQUIRE_COMPONENTS=1``.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.environment import ENVIRONMENTS
from components.errors import ComponentMissingError

Oracle = Callable[[str, dict[str, Any]], Any]
"""Asks a script of an environment: takes the environment's name and the question."""


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    """Run ``ask_NAME.py`` in the environment of that name; JSON in, JSON out."""

    def ask(name: str, question: dict[str, Any]) -> Any:
        try:
            python = ENVIRONMENTS[name].find()
        except ComponentMissingError as error:
            if os.environ.get("BAROGRAPH_REQUIRE_COMPONENTS") == "1":
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
        done = subprocess.run(
            [str(python), "-W", "ignore", str(Path(__file__).with_name(f"ask_{name}.py"))],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask
