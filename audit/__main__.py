"""``python -m audit``: exit code 1 for a licence or a vulnerability that must not come along."""

import sys
from importlib.metadata import PackageNotFoundError

from audit.closure import closure
from audit.licences import licence, refusal
from audit.vulnerabilities import ask

__all__ = ["main"]


def main() -> int:
    """Check the processor and the SDK with all that they require."""
    try:
        installed = closure("barograph", ["processor"])
    except PackageNotFoundError as error:
        _say(f"cannot audit: {error}")
        return 1
    refused = [
        why for name, found in sorted(installed.items()) if (why := refusal(name, licence(found)))
    ]
    found = ask(installed)
    for line in (*refused, *found.known):
        _say(line)
    _say(f"{len(installed)} run-time dependencies: {len(refused)} licences refused")
    if found.unchecked:
        _say(f"VULNERABILITIES NOT CHECKED: {found.unchecked}")
    else:
        _say(f"{len(found.known)} known vulnerabilities")
    return 1 if refused or found.known else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
