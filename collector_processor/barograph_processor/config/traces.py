"""``[traces]``: what of a prediction's trace is a dimension that quality is broken down by."""

from typing import Final

from barograph_processor.config.table import Table

__all__ = ["TracesConfig"]

_MOST_KEYS: Final = 24


class TracesConfig(Table, frozen=True, kw_only=True):
    """Dimensions that come from a prediction's trace; each is named ``trace.<key>``.

    Attributes:
        enabled: Whether any of them is read.
        resource: Attributes of the resource, of what sent the span.
        attributes: Further attributes, of the span itself, else of the resource.
        latency: Whether the duration of the call is one.
        spans: Recent spans among which those below a prediction are found; 0 reads none.
    """

    enabled: bool = True
    resource: tuple[str, ...] = (
        "service.name",
        "service.version",
        "deployment.environment.name",
        "cloud.region",
        "cloud.availability_zone",
        "host.name",
        "k8s.cluster.name",
        "k8s.node.name",
        "k8s.deployment.name",
    )
    attributes: tuple[str, ...] = ()
    latency: bool = True
    spans: int = 100_000

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        keys = (*self.resource, *self.attributes)
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"named more than once in resource and attributes: {twice[0]}")
        if not all(keys):
            raise ValueError("resource and attributes must be names of attributes, got ''")
        if self.spans < 0:
            raise ValueError(f"spans must not be negative, got {self.spans!r}")
        if "latency" in keys:
            raise ValueError("no attribute can be called latency: that is the duration of the call")
        if len(keys) > _MOST_KEYS:
            raise ValueError(
                f"resource and attributes may name {_MOST_KEYS} in all, got {len(keys)}"
            )
