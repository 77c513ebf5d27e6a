"""Replay the year: every flight through the decorated function, every label when it lands."""

import argparse
import json
import sys

from barograph_demo.application import replay

__all__ = ["main"]


def main() -> None:
    """Run the application and print what it sent, as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m barograph_demo", description=__doc__)
    parser.add_argument(
        "--endpoint", default="http://127.0.0.1:34318", help="base address of an OTLP/HTTP receiver"
    )
    parser.add_argument("--limit", type=int, default=None, help="stop after so many flights")
    options = parser.parse_args()
    sent = replay(options.endpoint, limit=options.limit)
    json.dump(sent, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
