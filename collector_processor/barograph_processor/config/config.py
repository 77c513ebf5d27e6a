"""All tables together."""

import msgspec

from barograph_processor.config.access import TlsConfig, TokensConfig
from barograph_processor.config.exporter import ExporterConfig
from barograph_processor.config.limits import LimitsConfig
from barograph_processor.config.model import MODEL_TABLES, ModelConfig, ModelTables
from barograph_processor.config.serve import ServeConfig
from barograph_processor.config.traces import TracesConfig
from barograph_processor.config.webhook import WebhookConfig

__all__ = ["Config"]


class Config(ModelTables, frozen=True, kw_only=True):
    """Everything. The model tables at the top are the defaults of every model."""

    serve: ServeConfig = ServeConfig()
    tls: TlsConfig = TlsConfig()
    tokens: TokensConfig = TokensConfig()
    exporter: ExporterConfig = ExporterConfig()
    traces: TracesConfig = TracesConfig()
    limits: LimitsConfig = LimitsConfig()
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
            return ModelConfig(**{name: getattr(self, name) for name in MODEL_TABLES})
        return known

    @property
    def reference_files(self) -> dict[str, str | None]:
        """The baseline of each model by its name, of all others by ``*``; None for none."""
        named = {name: model.reference.file for name, model in self.models.items()}
        return {**named, "*": self.reference.file}

    @property
    def tasks(self) -> dict[str, str | None]:
        """The task of each model by its name; None where the configuration says none."""
        return {name: model.task for name, model in self.models.items()}
