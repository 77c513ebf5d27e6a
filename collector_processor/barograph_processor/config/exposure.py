"""What listens beyond this machine without the protection that this takes."""

import ipaddress
import logging
from typing import Final

from barograph_processor.config.config import Config
from barograph_processor.exceptions import ConfigurationError

__all__ = ["check_exposure", "exposures", "is_loopback"]

_LOG: Final = logging.getLogger(__name__)


def check_exposure(config: Config) -> None:
    """Refuse to be open to others, unless the configuration says that the network is guarded.

    Raises:
        ConfigurationError: It is open, and nothing is said.
    """
    found = exposures(config)
    if found and not config.serve.trust_network:
        raise ConfigurationError(
            f"{'; '.join(found)}: give [tls] and [tokens], or say trust_network = true in "
            "[serve] if a proxy, a mesh or a network of its own guards it"
        )
    for exposure in found:
        _LOG.warning("%s, and trust_network says that this is guarded", exposure)


def exposures(config: Config) -> list[str]:
    """Return a sentence for each address that others can reach and that is not guarded.

    An address beyond loopback needs TLS, so that nobody listens in, and a token or
    a client's certificate, so that not everybody writes or reads.

    >>> from barograph_processor.config import parse_config
    >>> exposures(parse_config({"serve": {"web": "0.0.0.0:34380"}}))
    ['web listens on 0.0.0.0:34380 without TLS and without a token']
    """
    tls, tokens = config.tls, config.tokens
    clients_are_known = tokens.otlp is not None or tls.client_ca is not None
    guarded = {
        "otlp_grpc": clients_are_known,
        "otlp_http": clients_are_known,
        "web": tokens.read is not None,
    }
    found = []
    for name, is_guarded in guarded.items():
        address = getattr(config.serve, name)
        if is_loopback(address):
            continue
        missing = ["TLS"] if tls.cert is None else []
        if not is_guarded:
            missing.append("a token" if name == "web" else "a token or client_ca")
        if missing:
            lacking = " and ".join(f"without {what}" for what in missing)
            found.append(f"{name} listens on {address} {lacking}")
    return found


def is_loopback(address: str) -> bool:
    """Say whether ``HOST:PORT`` is reached from this machine alone; unknown names are not."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
