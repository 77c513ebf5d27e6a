"""Where this installation keeps its state, and what it is called."""

import uuid
from pathlib import Path

from barograph_processor.disk_faults import unusable
from barograph_processor.exceptions import StateError

__all__ = ["instance_id", "state_directory"]


def state_directory(path: Path) -> Path:
    """Make the directory, for its owner alone, if it is not there yet.

    Raises:
        ConfigurationError: It cannot be made.
        OverloadedError: The disk is full, or fails.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unusable(f"state directory {path}", error) from error
    return path


def instance_id(directory: Path) -> str:
    """Return the id under which this state's series are written, for as long as it lives.

    Raises:
        ConfigurationError: The directory is not readable and writable.
        OverloadedError: The disk is full, or fails.
        StateError: The file is damaged.
    """
    file = directory / "instance-id"
    try:
        known = file.read_text(encoding="ascii").strip() if file.exists() else ""
        if not known:
            known = str(uuid.uuid4())
            file.write_text(f"{known}\n", encoding="ascii")
    except OSError as error:
        raise unusable(f"state directory {directory}: not readable and writable", error) from error
    except UnicodeDecodeError as error:
        raise StateError(f"{file}: {error}") from error
    return known
