"""Checks of who is told of alarms, without telling anybody."""

from collections.abc import Iterator

from barograph_processor.config import Config, is_loopback
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.notify import Webhook

__all__ = ["webhooks"]


def webhooks(config: Config) -> Iterator[Finding]:
    """Look for secrets that cannot be read, and for alarms that travel in plain text."""
    for each in config.webhooks:
        check = f"webhook {each.name}"
        try:
            webhook = Webhook(each)
        except ConfigurationError as mistake:
            yield error(check, str(mistake), "mend the file or variable; serve will not start")
            continue
        webhook.close()
        if webhook.secure or is_loopback(f"{webhook.host}:0"):
            yield fine(check, f"{each.severity} and above as {each.format}")
        else:
            yield warning(check, "alarms and headers go over the network unencrypted", "use https")
