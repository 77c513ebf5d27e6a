"""Tokens and certificates that are replaced while something is exported with them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph_processor.config import ExporterConfig, WebhookConfig
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import Transport, connect_renewed
from barograph_processor.notify import renewed_webhook
from barograph_processor.receiver import Certificates, GrpcReceiver, ServerTls
from barograph_processor.telemetry import Telemetry
from tests.processor.exporter.backend import Backend, running_backend
from tests.processor.receiver.certificates import Authority
from tests.processor.receiver.server import Recorder


@pytest.fixture
def backend() -> Iterator[Backend]:
    with running_backend() as backend:
        yield backend


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "headers"
    file.write_text("authorization=old")
    return file


def _transport(kind: str, url: str, secret: Path, telemetry: Telemetry) -> Transport:
    if kind == "exporter":
        config = ExporterConfig(headers=f"file:{secret}")
        return connect_renewed(url, config, telemetry)
    return renewed_webhook(WebhookConfig(name="ops", url=url, headers=f"file:{secret}"), telemetry)


def _reloads(telemetry: Telemetry, result: str) -> float:
    return sum(
        value
        for (metric, attributes), value in telemetry.counters().items()
        if metric == "barograph.monitor.reloads" and ("result", result) in attributes
    )


@pytest.mark.parametrize("kind", ["exporter", "webhook"])
class TestToken:
    def test_next_request_carries_what_the_file_holds(
        self, kind: str, backend: Backend, secret: Path
    ) -> None:
        telemetry = Telemetry()
        transport = _transport(kind, backend.url, secret, telemetry)
        assert _reloads(telemetry, "taken") == 0
        for token in ("old", "old", "new", "newer"):
            secret.write_text(f"authorization={token}")
            assert transport.send("logs", b"{}").result == "sent"
        transport.close()
        assert backend.tokens == ["old", "old", "new", "newer"]
        assert _reloads(telemetry, "taken") == 2

    @pytest.mark.parametrize("broken", ["", "no header", None])
    def test_what_cannot_be_used_changes_nothing_and_is_told_once(
        self,
        kind: str,
        broken: str | None,
        backend: Backend,
        secret: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        telemetry = Telemetry()
        transport = _transport(kind, backend.url, secret, telemetry)
        if broken is None:
            secret.unlink()
        else:
            secret.write_text(broken)
        with caplog.at_level(logging.ERROR, "barograph_processor"):
            for _ in range(2):
                assert transport.send("logs", b"{}").result == "sent"
        secret.write_text("authorization=new")
        transport.send("logs", b"{}")
        transport.close()
        assert backend.tokens == ["old", "old", "new"]
        assert _reloads(telemetry, "failed") == 1
        assert len(caplog.records) == 1
        assert kind in caplog.text

    def test_what_is_refused_for_its_token_is_worth_another_try(
        self, kind: str, backend: Backend, secret: Path
    ) -> None:
        """A token may end before the next one is in its file; an alarm waits for that."""
        transport = _transport(kind, backend.url, secret, Telemetry())
        backend.answers = [(401, {}), (403, {})]
        outcomes = [transport.send("logs", b"{}").result for _ in range(3)]
        transport.close()
        assert outcomes == ["failed", "refused", "sent"]

    def test_first_one_has_to_be_usable(self, kind: str, backend: Backend, secret: Path) -> None:
        secret.unlink()
        with pytest.raises(ConfigurationError, match="headers"):
            _transport(kind, backend.url, secret, Telemetry())


def test_token_that_no_file_holds_is_refused_for_good(backend: Backend) -> None:
    """Only a restart could change it."""
    backend.answers = [(401, {})]
    webhook = renewed_webhook(WebhookConfig(name="ops", url=backend.url), Telemetry())
    assert webhook.send("logs", b"{}").result == "refused"
    webhook.close()


def test_webhook_goes_where_its_file_says(backend: Backend, tmp_path: Path) -> None:
    """An address that holds a secret is replaced as a token is."""
    file = tmp_path / "url"
    file.write_text("http://127.0.0.1:9/closed")
    webhook = renewed_webhook(WebhookConfig(name="ops", url=f"file:{file}"), Telemetry())
    assert webhook.send("logs", b"{}").result == "failed"
    file.write_text(backend.url)
    assert webhook.send("logs", b"{}").result == "sent"
    webhook.close()
    assert len(backend.tokens) == 1


def test_exporter_shows_and_trusts_the_certificates_that_are_there_now(tmp_path: Path) -> None:
    """A downstream whose authority, and who may come, change under an open connection."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    before, after = Authority(tmp_path / "before"), Authority(tmp_path / "after")
    mine = {name: tmp_path / name for name in ("ca", "client", "client.key")}

    def show(authority: Authority) -> None:
        for name, file in mine.items():
            file.write_bytes(authority.read(name))

    def serve(authority: Authority, address: str) -> GrpcReceiver:
        tls = Certificates(
            ServerTls(*(Path(authority.file(name)) for name in ("server", "server.key", "ca")))
        )
        receiver = GrpcReceiver(address, Recorder().intake(), credentials=tls.otlp_grpc)
        receiver.start()
        return receiver

    show(before)
    config = ExporterConfig(
        ca=str(mine["ca"]),
        cert=str(mine["client"]),
        key=str(mine["client.key"]),
        timeout_seconds=5.0,
    )
    receiver = serve(before, "127.0.0.1:0")
    address = f"127.0.0.1:{receiver.port}"
    exporter = connect_renewed(f"grpcs://{address}", config, Telemetry())
    assert exporter.send("logs", b"").result == "sent"
    receiver.stop()
    receiver = serve(after, address)
    assert exporter.send("logs", b"").result == "failed"
    show(after)
    assert exporter.send("logs", b"").result == "sent"
    exporter.close()
    receiver.stop()
