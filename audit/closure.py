"""What is installed at run time: a distribution's requirements, and theirs."""

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["closure"]


def closure(root: str, extras: Iterable[str] = ()) -> dict[str, Distribution]:
    """Return all that ``root`` with ``extras`` requires here, by normalized name.

    Requirements of other platforms and Python versions are left out, and so is
    ``root`` itself.

    Raises:
        PackageNotFoundError: Something that is required is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(f"{root}[{','.join(extras)}]")]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        new = [extra for extra in ("", *wanted.extras) if (name, extra) not in seen]
        seen.update((name, extra) for extra in new)
        if not new:
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError as error:
            raise PackageNotFoundError(f"{name} is required and not installed") from error
        found[name] = installed
        for text in installed.requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in new):
                waiting.append(requirement)
    found.pop(canonicalize_name(root), None)
    return found
