"""Alertmanager, which groups, silences and routes alerts."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlencode

from components.process import Process, free_addresses, http_get
from components.prometheus import find

__all__ = ["Alert", "Alertmanager"]


class Alert(TypedDict):
    """One alert, as the API shows it, without what is not looked at."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str
    endsAt: str
    generatorURL: str
    status: dict[str, Any]


class Alertmanager(Process):
    """An Alertmanager that tells one webhook; a context manager, see Process.

    Args:
        directory: For its log, its configuration and its data.
        tell: URL to which it posts what it tells.
        inhibit: Inhibition rules, as in its configuration.

    Attributes:
        address: ``host:port`` of its page and its API.

    Raises:
        ComponentMissingError: It is not installed.
    """

    def __init__(
        self, directory: Path, *, tell: str, inhibit: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.address = free_addresses(1)[0]
        self._config = directory / "alertmanager.yml"
        self._settings = {
            "route": {
                "receiver": "told",
                "group_by": ["..."],
                "group_wait": "100ms",
                "group_interval": "200ms",
            },
            "inhibit_rules": list(inhibit),
            "receivers": [{"name": "told", "webhook_configs": [{"url": tell}]}],
        }
        super().__init__(
            "alertmanager",
            [
                str(find("prometheus-alertmanager")),
                f"--config.file={self._config}",
                f"--storage.path={directory / 'data'}",
                f"--web.listen-address={self.address}",
                # Alone: no gossip, and so no second port.
                "--cluster.listen-address=",
            ],
            directory=directory,
            ready=lambda: http_get(self.address, "/-/ready")[0] == HTTPStatus.OK,
        )

    def start(self) -> None:
        """Write its configuration, then start it as any Process."""
        self.directory.mkdir(parents=True, exist_ok=True)
        # YAML is a superset of JSON.
        self._config.write_text(json.dumps(self._settings, indent=2))
        super().start()

    def alerts(self, *filters: str) -> Sequence[Alert]:
        """Return what is active, by matchers such as ``severity="page"``."""
        query = urlencode([("filter", each) for each in filters])
        _, body = http_get(self.address, f"/api/v2/alerts?{query}")
        found: list[Alert] = json.loads(body)
        return found
