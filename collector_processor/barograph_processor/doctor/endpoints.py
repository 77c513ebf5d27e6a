"""Checks of addresses: free for us or answered by us, and whether the downstream takes exports."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import grpc
import httpx
import msgspec

from barograph_processor.config import Config, is_loopback, read_secret
from barograph_processor.doctor.finding import Finding, error, fine, warning
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import Endpoint, connect

__all__ = ["clock", "downstream", "listening"]

_SECONDS: Final = 3.0
_EXPORT: Final = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_OK: Final = 200
_SKEW_WARNING: Final = 5.0
_SKEW_ERROR: Final = 300.0
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - asked about, not listened on


def listening(config: Config) -> Iterator[Finding]:
    """Look whether each address is free, or answered by a processor that runs."""
    for name in ("otlp_grpc", "otlp_http", "web"):
        address = getattr(config.serve, name)
        host, port = _split(address)
        if port == 0:
            yield fine(name, f"{address} takes a free port")
        elif _is_answered(host, port):
            yield _answer(config, name, host, port)
        else:
            yield _bindable(name, address)


def downstream(config: Config) -> Iterator[Finding]:
    """Send an empty export, which says nothing and shows whether the next would arrive."""
    endpoint = config.serve.export
    if endpoint is None:
        yield fine("export", "nothing is exported; metrics are on /metrics, alarms on the page")
        return
    try:
        target = Endpoint.parse(endpoint)
        patience = msgspec.structs.replace(config.exporter, timeout_seconds=_SECONDS)
        transport = connect(endpoint, patience)
    except ConfigurationError as mistake:
        yield error("export", str(mistake), "mend [serve] export or [exporter]")
        return
    own = {_split(config.serve.otlp_grpc), _split(config.serve.otlp_http)}
    address = urlsplit(target.target).netloc if target.protocol == "http" else target.target
    if _split(address) in own:
        yield error("export", f"{endpoint} is this processor", "export to the Collector")
    if config.exporter.headers and not target.secure and not is_loopback(address):
        yield warning(
            "export", f"headers go to {endpoint} in plain text", "use https:// or grpcs://"
        )
    for signal in ("metrics", "logs"):
        outcome = transport.send(signal, b"")
        if outcome.result == "sent":
            yield fine("export", f"{endpoint} takes {signal}")
        else:
            yield error(
                "export",
                f"{endpoint} does not take {signal}: {outcome.message}",
                "start it, or give it a pipeline for them; until then alarms wait on disk",
            )
    transport.close()


def clock(config: Config) -> Iterator[Finding]:
    """Compare this machine's clock with the one that the downstream puts into its answers."""
    endpoint = config.serve.export
    if endpoint is None or not endpoint.startswith("http"):
        yield fine("clock", "not compared: only a downstream over HTTP says its time")
        return
    asked = time.time()
    try:
        answer = httpx.head(endpoint, timeout=_SECONDS, verify=_trusted(config), trust_env=False)
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (httpx.HTTPError, KeyError, ValueError, OSError):
        yield fine("clock", f"not compared: {endpoint} does not say its time")
        return
    # Their clock is cut to seconds, and the answer took a while.
    skew = max(0.0, asked - theirs - 1.0, theirs - time.time())
    message = f"{skew:.0f} s apart from {endpoint}"
    remedy = "synchronize both machines (NTP): lateness is judged by event time"
    if skew > _SKEW_ERROR:
        yield error("clock", message, remedy)
    elif skew > _SKEW_WARNING:
        yield warning("clock", message, remedy)
    else:
        yield fine("clock", f"at most {_SKEW_WARNING:.0f} s apart from {endpoint}")


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    return _EVERYWHERE.get(host, host), int(port) if port.isdigit() else 0


def _is_answered(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def _bindable(name: str, address: str) -> Finding:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as mistake:
            return error(name, f"{address} cannot be used: {mistake}", "choose another address")
    return fine(name, f"{address} is free; nothing runs there now")


def _answer(config: Config, name: str, host: str, port: int) -> Finding:
    """Ask what listens there whether it is a processor."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    remedy = "stop it, or choose another address"
    if config.tls.cert is not None:
        if not _shows(config.tls.cert, host, port):
            return error(name, f"{address}: what answers shows another certificate", remedy)
        if config.tls.client_ca is not None and name != "web":
            return fine(
                name, f"{address} shows our certificate; clients need one, so no more is tried"
            )
    if name == "otlp_grpc":
        failure = _ask_grpc(config, address)
    else:
        failure = _ask_http(config, name, address)
    if failure:
        return error(name, f"{address} answers, but not as a processor: {failure}", remedy)
    return fine(name, f"{address} is answered by a processor")


def _ask_grpc(config: Config, address: str) -> str:
    credentials = None
    if config.tls.cert is not None:
        # It was compared with what is shown, so it vouches for itself.
        credentials = grpc.ssl_channel_credentials(Path(config.tls.cert).read_bytes())
    channel = (
        grpc.insecure_channel(address)
        if credentials is None
        else grpc.secure_channel(address, credentials)
    )
    with channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            _EXPORT, request_serializer=None, response_deserializer=None
        )
        try:
            call(b"", timeout=_SECONDS, metadata=tuple(_token(config, "otlp").items()))
        except grpc.RpcError as failure:
            return str(failure.args[0].code.name) if failure.args else str(failure)
    return ""


def _ask_http(config: Config, name: str, address: str) -> str:
    scheme = "http" if config.tls.cert is None else "https"
    try:
        # The certificate was compared already, and is for a name, not for this address.
        with httpx.Client(timeout=_SECONDS, verify=False, trust_env=False) as client:  # noqa: S501 - see above
            if name == "web":
                answer = client.get(f"{scheme}://{address}/healthz")
                return "" if answer.text.strip() == "ok" else f"HTTP {answer.status_code}"
            headers = {"content-type": "application/x-protobuf", **_token(config, "otlp")}
            answer = client.post(f"{scheme}://{address}/v1/traces", headers=headers)
            return "" if answer.status_code == _OK else f"HTTP {answer.status_code}"
    except httpx.HTTPError as failure:
        return str(failure) or type(failure).__name__


def _shows(certificate: str, host: str, port: int) -> bool:
    try:
        shown = ssl.get_server_certificate((host, port), timeout=_SECONDS)
        ours = Path(certificate).read_text(encoding="ascii")
        # The chain's first certificate is the server's own.
        ours = ours[: ours.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
        ours = ours[ours.index(ssl.PEM_HEADER) :]
        return ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(ours)
    except (OSError, ValueError):
        return False


def _token(config: Config, right: str) -> Mapping[str, str]:
    source = getattr(config.tokens, right)
    if source is None:
        return {}
    try:
        return {"authorization": f"Bearer {read_secret(source)[0]}"}
    except ConfigurationError:
        # Told by the check of secrets.
        return {}


def _trusted(config: Config) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=config.exporter.ca)
