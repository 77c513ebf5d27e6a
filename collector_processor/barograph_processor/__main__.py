"""The program ``barograph``, also as ``python -m barograph_processor``."""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the program; where the SDK alone is installed, say what the program needs."""
    # gRPC writes a line of its own for each bad request, in no format of ours; it reads
    # this as it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from barograph_processor.cli import main as program  # noqa: PLC0415  # it may be absent
    except ModuleNotFoundError as error:
        needs = "the program needs the extra `processor`: pip install 'barograph[processor]'"
        sys.exit(f"barograph: there is no {error.name}; {needs}")
    program()


if __name__ == "__main__":
    main()
