"""Who is told of alarms: webhooks, each from a queue on disk."""

from barograph_processor.notify.notice import Links
from barograph_processor.notify.notifier import Notifier
from barograph_processor.notify.webhook import Webhook, renewed_webhook

__all__ = ["Links", "Notifier", "Webhook", "renewed_webhook"]
