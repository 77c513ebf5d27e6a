"""All tables together."""

import msgspec

from barograph_processor.config.access import TlsConfig, TokensConfig
from barograph_processor.config.alarm import AlarmConfig
from barograph_processor.config.exporter import ExporterConfig
from barograph_processor.config.limits import LimitsConfig
from barograph_processor.config.model import ModelConfig
from barograph_processor.config.operations import OperationsConfig
from barograph_processor.config.reference import ReferenceConfig
from barograph_processor.config.review import ReviewConfig
from barograph_processor.config.serve import ServeConfig
from barograph_processor.config.table import Table
from barograph_processor.config.webhook import WebhookConfig
from barograph_processor.config.window import WindowConfig

__all__ = ["Config"]


class Config(Table, frozen=True, kw_only=True):
    """Everything. The model tables at the top are the defaults of every model."""

    serve: ServeConfig = ServeConfig()
    tls: TlsConfig = TlsConfig()
    tokens: TokensConfig = TokensConfig()
    exporter: ExporterConfig = ExporterConfig()
    limits: LimitsConfig = LimitsConfig()
    reference: ReferenceConfig = ReferenceConfig()
    window: WindowConfig = WindowConfig()
    alarm: AlarmConfig = AlarmConfig()
    operations: OperationsConfig = OperationsConfig()
    review: ReviewConfig = ReviewConfig()
    webhooks: tuple[WebhookConfig, ...] = ()
    models: dict[str, ModelConfig] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        names = [webhook.name for webhook in self.webhooks]
        if len(set(names)) < len(names):
            raise ValueError(f"webhooks must have names of their own, got {', '.join(names)}")

    def model(self, name: str) -> ModelConfig:
        """Return how a model is watched: its own table over the defaults."""
        known = self.models.get(name)
        if known is None:
            return ModelConfig(
                reference=self.reference,
                window=self.window,
                alarm=self.alarm,
                operations=self.operations,
                review=self.review,
            )
        return known
