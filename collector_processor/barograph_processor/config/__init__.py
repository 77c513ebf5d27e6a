"""What can be configured: TOML tables, their defaults and their limits.

Every key of a table can also be set as ``BAROGRAPH_<TABLE>_<KEY>``; the keys of
``[serve]`` without the table's name. The environment wins over the file, a
command-line flag over both.
"""

from barograph_processor.config.access import TlsConfig, TokensConfig
from barograph_processor.config.alarm import AlarmConfig
from barograph_processor.config.baseline import OFFLINE_METRICS, BaselineConfig
from barograph_processor.config.config import Config
from barograph_processor.config.exporter import ExporterConfig
from barograph_processor.config.exposure import check_exposure, exposures, is_loopback
from barograph_processor.config.limits import LimitsConfig
from barograph_processor.config.load import load_config, parse_config, plain, read_toml
from barograph_processor.config.model import ModelConfig
from barograph_processor.config.operations import OperationsConfig
from barograph_processor.config.reference import ReferenceConfig
from barograph_processor.config.review import ReviewConfig
from barograph_processor.config.secret import file_of, read_secret
from barograph_processor.config.serve import ServeConfig
from barograph_processor.config.table import Table
from barograph_processor.config.traces import TracesConfig
from barograph_processor.config.webhook import WebhookConfig
from barograph_processor.config.window import WindowConfig

__all__ = [
    "OFFLINE_METRICS",
    "AlarmConfig",
    "BaselineConfig",
    "Config",
    "ExporterConfig",
    "LimitsConfig",
    "ModelConfig",
    "OperationsConfig",
    "ReferenceConfig",
    "ReviewConfig",
    "ServeConfig",
    "Table",
    "TlsConfig",
    "TokensConfig",
    "TracesConfig",
    "WebhookConfig",
    "WindowConfig",
    "check_exposure",
    "exposures",
    "file_of",
    "is_loopback",
    "load_config",
    "parse_config",
    "plain",
    "read_secret",
    "read_toml",
]
