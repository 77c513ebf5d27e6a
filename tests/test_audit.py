"""The audit: what is required is found, what must not come along is refused, silence is told."""

import json
from importlib.metadata import PackageNotFoundError

import pytest

from audit.closure import closure
from audit.licences import licence, refusal
from audit.vulnerabilities import Vulnerabilities, read


def test_closure_has_what_runs_and_not_what_tests() -> None:
    sdk, processor = closure("barograph"), closure("barograph", ["processor"])
    assert {"opentelemetry-sdk", "wrapt", "typing-extensions"} <= set(sdk)
    assert {"numpy", "grpcio", "h11", "protobuf"} <= set(processor)
    assert "numpy" not in sdk
    assert not {"barograph", "pytest", "hypothesis", "pandas"} & set(processor)


def test_missing_requirement_is_told() -> None:
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        closure("no-such-package")


def test_all_that_runs_may_come_along() -> None:
    found = closure("barograph", ["processor"])
    assert [why for name, one in found.items() if (why := refusal(name, licence(one)))] == []


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND (GPL-2.0-only OR BSD-3-Clause)", True),
        ("(MIT OR Apache-2.0) AND BSD-3-Clause", True),
        ("MIT AND GPL-3.0-or-later", False),
        ("GNU Affero General Public License v3", False),
        ("BUSL-1.1", False),
        ("LicenseRef-Proprietary", False),
        ("MPL-2.0", False),
        ("", False),
    ],
)
def test_licences(expression: str, allowed: bool) -> None:
    assert (refusal("some", expression) == "") is allowed


def test_exception_is_for_what_it_names() -> None:
    assert refusal("certifi", "MPL-2.0") == ""


def test_vulnerabilities_are_read_and_silence_is_told() -> None:
    one = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    other = {"name": "b", "skip_reason": "not found"}
    found = read(json.dumps({"dependencies": [one, other]}))
    assert found == Vulnerabilities(
        ("a 1: CVE-1, fixed in ['2']",), "the service does not know 1 of 2"
    )
    assert read('{"dependencies": []}') == Vulnerabilities((), "")
    assert read("no JSON", "Traceback\nConnectionError: away").unchecked == "ConnectionError: away"
