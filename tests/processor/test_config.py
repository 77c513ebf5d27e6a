"""Configuration: a mistake is told, the environment wins over the file, the docs list it all."""

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from barograph_processor import config as module
from barograph_processor.cli.options import with_flags
from barograph_processor.config import (
    AlarmConfig,
    BaselineConfig,
    Config,
    ExporterConfig,
    LimitsConfig,
    ModelConfig,
    OperationsConfig,
    ReferenceConfig,
    ReviewConfig,
    ServeConfig,
    TlsConfig,
    TokensConfig,
    TracesConfig,
    WebhookConfig,
    WindowConfig,
    exposures,
    load_config,
    parse_config,
    read_secret,
)
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.history.config import ColumnsConfig, ReplayConfig, ReplayModel

_TABLES: dict[str, type[msgspec.Struct]] = {
    "serve": ServeConfig,
    "tls": TlsConfig,
    "tokens": TokensConfig,
    "exporter": ExporterConfig,
    "limits": LimitsConfig,
    "reference": ReferenceConfig,
    "window": WindowConfig,
    "alarm": AlarmConfig,
    "operations": OperationsConfig,
    "review": ReviewConfig,
    "traces": TracesConfig,
}
_DOCS = Path(__file__).parents[2] / "docs"


class TestMistakes:
    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"windows": {}}, "windows"),
            ({"webhooks": [{"name": "a"}]}, "url"),
            ({"webhooks": [{"name": "../a", "url": "http://h"}]}, "name"),
            ({"webhooks": [{"name": "a", "url": "h"}]}, "url"),
            ({"webhooks": [{"name": "a", "url": "http://u:p@h"}]}, "password"),
            ({"webhooks": [{"name": "a", "url": "http://h", "format": "x"}]}, "format"),
            ({"webhooks": [{"name": "a", "url": "http://h"}] * 2}, "names of their own"),
            ({"serve": {"public_url": "barograph.example"}}, "public_url"),
            ({"window": {"rwos": 5}}, "rwos"),
            ({"window": {"rows": "many"}}, "rows"),
            ({"window": {"rows": 0}}, "rows"),
            ({"limits": {"request_bytes": 2**31}}, "request_bytes must be at most 2147483647"),
            ({"limits": {"checkpoint_seconds": 1e10}}, "checkpoint_seconds must be at most 1e9"),
            ({"serve": {"evaluation_seconds": 1e10}}, "evaluation_seconds must be at most 1e9"),
            ({"exporter": {"timeout_seconds": 1e10}}, "timeout_seconds must be at most 1e9"),
            ({"window": {"rows": 2.5}}, "rows"),
            ({"window": {"seconds": math.inf}}, "seconds"),
            ({"window": {"seconds": math.nan}}, "seconds"),
            ({"window": {"seconds": 1e-12}}, "seconds"),
            ({"window": {"lateness": -1}}, "lateness"),
            ({"window": {"lateness": math.inf}}, "lateness"),
            ({"window": 5}, "window"),
            ({"reference": {"rows": -1}}, "rows"),
            ({"reference": {"until": "spring"}}, "spring"),
            ({"reference": {"until": True}}, "until"),
            ({"reference": {"until": math.nan}}, "until"),
            ({"reference": {"season": "spring"}}, "spring"),
            ({"alarm": {"windows_between_false_alarms": 0.5}}, "windows_between_false_alarms"),
            ({"alarm": {"windows_between_false_alarms": math.inf}}, "windows_between"),
            ({"alarm": {"harm_share": 1.0}}, "harm_share"),
            ({"alarm": {"tolerance": 1}}, "tolerance"),
            ({"alarm": {"tolerated_risk": 0}}, "tolerated_risk"),
            ({"alarm": {"drift_tolerance": math.inf}}, "drift_tolerance"),
            ({"operations": {"latency_p95_s": 0}}, "latency_p95_s"),
            ({"operations": {"error_rate": 2}}, "error_rate"),
            ({"limits": {"models": 0}}, "models"),
            ({"limits": {"pending_seconds": math.inf}}, "pending_seconds"),
            ({"serve": {"web": "34380"}}, "web"),
            ({"serve": {"web": "localhost:99999"}}, "web"),
            ({"serve": {"evaluation_seconds": math.inf}}, "evaluation_seconds"),
            ({"serve": {"trace_url": "http://jaeger/trace"}}, "trace_id"),
            ({"serve": {"hosts": ["a.example:80"]}}, "hosts"),
            ({"serve": {"log_format": "xml"}}, "log_format"),
            ({"tls": {"cert": "server.pem"}}, "cert and key"),
            ({"tls": {"client_ca": "ca.pem"}}, "client_ca needs"),
            ({"tokens": {"otlp": "env:"}}, "otlp must be"),
            ({"exporter": {"key": "client.key"}}, "cert and key"),
            ({"exporter": {"headers": "authorization=x"}}, "headers must be"),
            ({"exporter": {"timeout_seconds": 0}}, "timeout_seconds"),
            ({"traces": {"attributes": ["host.name"]}}, "host.name"),
            ({"traces": {"attributes": ["latency"]}}, "latency"),
            ({"traces": {"attributes": [""]}}, "names of attributes"),
            ({"traces": {"resource": [f"k{n}" for n in range(25)]}}, "24 in all"),
            ({"models": {"m": {"task": "divination"}}}, "divination"),
            ({"models": {"m": {"threshold": math.nan}}}, "threshold"),
            ({"models": {"m": {"baseline": {"offline": {"luck": 0.9}}}}}, "luck"),
            ({"models": {"m": {"baseline": {"offline": {"accuracy": 93}}}}}, "offline.accuracy"),
            ({"models": {"m": {"baseline": {"offline": {"mae": math.inf}}}}}, "offline.mae"),
            ({"models": {"m": {"windows": {}}}}, "windows"),
            ({"models": {"m": 5}}, "m"),
            ({"models": 5}, "models"),
            ({"models": {"m": {"window": 5}}}, "window"),
        ],
    )
    def test_is_told_with_its_place(self, document: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigurationError, match=said) as caught:
            parse_config(document, source="barograph.toml")
        assert str(caught.value).startswith("barograph.toml: ")

    @pytest.mark.parametrize("content", [b"[window", b"window = \xff"])
    def test_file_that_is_no_toml(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "barograph.toml"
        file.write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"barograph\.toml"):
            load_config(file, environ={})

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="No such file"):
            load_config(tmp_path / "none.toml", environ={})

    def test_flag(self) -> None:
        with pytest.raises(ConfigurationError, match="web"):
            with_flags(Config(), web="nowhere")


class TestTimes:
    @pytest.mark.parametrize(
        ("until", "ns"),
        [
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T00:00:01", 1_000_000_000),
            ("1970-01-02", 86_400_000_000_000),
            ("1970-01-01T01:00:00.5+01:00", 500_000_000),
            ("1969-12-31T23:59:59.25Z", -750_000_000),
            (5, 5_000_000_000),
            (1.5, 1_500_000_000),
            (None, None),
        ],
    )
    def test_until(self, until: str | float | None, ns: int | None) -> None:
        """ISO 8601 or epoch seconds; naive is UTC."""
        assert ReferenceConfig(until=until).until_ns() == ns

    def test_toml_dates_are_times(self, tmp_path: Path) -> None:
        file = tmp_path / "barograph.toml"
        file.write_text("[reference]\nuntil = 1970-01-02\n", encoding="utf-8")
        assert load_config(file, environ={}).reference.until_ns() == 86_400_000_000_000


class TestEnvironment:
    def test_every_key_has_a_variable(self) -> None:
        """Those of ``[serve]`` without the table's name."""
        # Of these tables some keys are given together, or not at all.
        together: dict[str, dict[str, Any]] = {
            "tls": {"cert": "c.pem", "key": "k.pem", "client_ca": "a.pem"},
            "tokens": {"otlp": "env:O", "read": "file:/r", "review": "env:V"},
            "exporter": {
                "headers": "env:H",
                "ca": "a.pem",
                "cert": "c.pem",
                "key": "k.pem",
                "timeout_seconds": 2.5,
                "queue_bytes": 7,
            },
        }
        for table, values in together.items():
            assert set(values) == {field.name for field in msgspec.structs.fields(_TABLES[table])}
            environ = {f"BAROGRAPH_{table}_{key}".upper(): str(v) for key, v in values.items()}
            assert (
                msgspec.structs.asdict(getattr(parse_config({}, environ=environ), table)) == values
            )
        for table, kind in _TABLES.items():
            if table in together:
                continue
            for key, default in msgspec.structs.asdict(kind()).items():
                prefix = "" if table == "serve" else f"{table.upper()}_"
                value: Any = {
                    ("serve", "trust_network"): True,
                    ("traces", "enabled"): False,
                    ("traces", "latency"): False,
                    ("traces", "resource"): ("cloud.region", "host.name"),
                    ("traces", "attributes"): ("http.route",),
                    ("serve", "log_format"): "json",
                    ("serve", "hosts"): ("a.example", "b"),
                    ("reference", "until"): 7,
                    ("reference", "season"): "hour_of_day",
                    ("serve", "public_url"): "https://b.example",
                    ("serve", "trace_url"): "http://j/{trace_id}",
                    ("alarm", "harm_share"): 0.25,
                    ("alarm", "propose_slices"): False,
                    ("alarm", "tolerance"): 0.25,
                    ("alarm", "tolerated_risk"): 0.25,
                    ("operations", "error_rate"): 0.25,
                    ("review", "uniform_share"): 0.75,
                    ("review", "overlap"): 0.25,
                }.get((table, key), "h:1" if isinstance(default, str) else 7)
                if key in ("file", "export"):
                    value = "h:1"
                text = ", ".join(value) if isinstance(value, tuple) else str(value)
                text = text.lower() if isinstance(value, bool) else text
                found = parse_config({}, environ={f"BAROGRAPH_{prefix}{key.upper()}": text})
                assert getattr(getattr(found, table), key) == value

    def test_wins_over_the_file_and_yields_to_flags(self, tmp_path: Path) -> None:
        file = tmp_path / "barograph.toml"
        file.write_text('[serve]\nweb = "a:1"\nexport = "a:2"\n', encoding="utf-8")
        environ = {"BAROGRAPH_WEB": "b:1", "BAROGRAPH_EXPORT": "b:2"}
        found = with_flags(load_config(file, environ=environ), export="c:2", web=None)
        assert (found.serve.web, found.serve.export) == ("b:1", "c:2")

    def test_text_stays_text(self) -> None:
        """Even where it looks like a number or a date."""
        environ = {
            "BAROGRAPH_STATE_DIR": "2024",
            "BAROGRAPH_REFERENCE_FILE": "1.5",
            "BAROGRAPH_REFERENCE_UNTIL": "2013-03-01",
        }
        found = parse_config({}, environ=environ)
        assert found.serve.state_dir == "2024"
        assert found.reference.file == "1.5"
        assert found.reference.until == "2013-03-01"

    def test_empty_variable_is_unset(self) -> None:
        found = parse_config({}, environ={"BAROGRAPH_EXPORT": "", "BAROGRAPH_WINDOW_ROWS": ""})
        assert found == Config()

    def test_misspelt_variable_of_a_table_is_a_mistake(self) -> None:
        """Others may belong to the SDK, or to somebody else."""
        with pytest.raises(ConfigurationError, match="BAROGRAPH_LIMITS_QUEUE"):
            parse_config({}, environ={"BAROGRAPH_LIMITS_QUEUE": "5"})
        assert parse_config({}, environ={"BAROGRAPH_CAPTURE": "full", "HOME": "/"}) == Config()

    def test_bad_value_is_a_mistake(self) -> None:
        with pytest.raises(ConfigurationError, match="rows"):
            parse_config({}, environ={"BAROGRAPH_WINDOW_ROWS": "many"})

    def test_is_a_default_for_every_model(self) -> None:
        document = {"models": {"m": {"task": "binary"}}}
        found = parse_config(document, environ={"BAROGRAPH_ALARM_TOLERANCE": "0.2"})
        assert found.model("m").alarm.tolerance == 0.2


class TestSecrets:
    def test_token_in_the_configuration_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ConfigurationError, match="tokens") as caught:
            parse_config({"tokens": {"otlp": "s3cret-s3cret-s3cret"}})
        assert "s3cret" not in str(caught.value)

    def test_lines_of_a_file_and_of_a_variable(self, tmp_path: Path) -> None:
        """One token a line, so that an old and a new one hold while they are changed."""
        file = tmp_path / "tokens"
        file.write_text("# of May\nfirst-token\n\n  second-token \n", encoding="utf-8")
        assert read_secret(f"file:{file}") == ["first-token", "second-token"]
        assert read_secret("env:T", environ={"T": "third-token"}) == ["third-token"]

    @pytest.mark.parametrize(
        ("source", "said"),
        [("file:missing", "No such file"), ("env:T", "no such variable"), ("env:E", "empty")],
    )
    def test_place_that_holds_none(self, source: str, said: str) -> None:
        with pytest.raises(ConfigurationError, match=said) as caught:
            read_secret(source, environ={"E": "# nothing"})
        assert source in str(caught.value)


class TestExposure:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
    def test_loopback_needs_nothing(self, host: str) -> None:
        serve = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), f"{host}:1")
        assert exposures(parse_config({"serve": serve})) == []

    @pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "10.0.0.1", "monitor.example"])  # noqa: S104 - nothing listens
    def test_other_addresses_need_both(self, host: str) -> None:
        serve = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), f"{host}:1")
        tls, tokens = {"cert": "c", "key": "k"}, {"otlp": "env:O", "read": "env:R"}
        assert len(exposures(parse_config({"serve": serve}))) == 3
        assert len(exposures(parse_config({"serve": serve, "tls": tls}))) == 3
        assert len(exposures(parse_config({"serve": serve, "tokens": tokens}))) == 3
        assert exposures(parse_config({"serve": serve, "tls": tls, "tokens": tokens})) == []

    def test_clients_certificates_stand_for_a_token_of_otlp_but_not_of_the_page(self) -> None:
        serve = dict.fromkeys(("otlp_grpc", "otlp_http", "web"), "0.0.0.0:1")
        tls = {"cert": "c", "key": "k", "client_ca": "a"}
        [found] = exposures(parse_config({"serve": serve, "tls": tls}))
        assert found == "web listens on 0.0.0.0:1 without a token"


class TestModels:
    def test_own_keys_over_the_defaults(self) -> None:
        document = {
            "window": {"rows": 500, "lateness": 5},
            "models": {"m": {"window": {"rows": 50}, "positive": True}},
        }
        found = parse_config(document)
        assert found.model("m").window == WindowConfig(rows=50, lateness=5)
        assert found.model("m").positive is True
        assert found.model("other").window == WindowConfig(rows=500, lateness=5)

    def test_own_way_is_not_mixed_with_the_defaults_way(self) -> None:
        """A model by time is not cut by rows besides, nor is its reference."""
        document = {
            "window": {"rows": 500},
            "reference": {"until": "2024-01-01", "season": "hour_of_day"},
            "alarm": {"tolerated_risk": 0.2},
            "models": {
                "m": {
                    "window": {"seconds": 60},
                    "reference": {"rows": 100},
                    "alarm": {"tolerance": 0.1},
                }
            },
        }
        own = parse_config(document).model("m")
        assert own.window == WindowConfig(seconds=60)
        assert own.reference == ReferenceConfig(rows=100, season="hour_of_day")
        assert own.alarm == AlarmConfig(tolerance=0.1)

    def test_window_without_a_word_has_1000_rows(self) -> None:
        assert WindowConfig().max_rows == 1000
        assert WindowConfig(seconds=5).max_rows is None
        assert WindowConfig(seconds=5, rows=7).max_rows == 7


def _documented(page: str) -> dict[str, dict[str, list[str]]]:
    """The rows of each table on a page, by the name in its heading and the first cell."""
    found: dict[str, dict[str, list[str]]] = {}
    heading = ""
    for line in (_DOCS / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            title = re.search(r"`\[+(.+?)\]+`", line)
            heading = title[1] if title else ""
        elif cells := re.match(r"\| `(\w+)` \|(.*)\|$", line):
            row = [cell.strip() for cell in cells[2].split("|")]
            found.setdefault(heading, {})[cells[1]] = row
    return found


def _shown(value: Any) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int | float):
        return f"{int(value):_}" if abs(value) >= 10_000 else f"{value:g}"
    return f"[{', '.join(map(_shown, value))}]" if isinstance(value, tuple) else ""


class TestDocumentation:
    """The pages list every key with its default and its variable, and no other key."""

    @pytest.mark.parametrize(("table", "kind"), _TABLES.items())
    def test_configuration_page(self, table: str, kind: type[msgspec.Struct]) -> None:
        documented = _documented("configuration.md")[table]
        assert list(documented) == [field.name for field in msgspec.structs.fields(kind)]
        for key, default in msgspec.structs.asdict(kind()).items():
            shown, variable, meaning = documented[key]
            prefix = "" if table == "serve" else f"{table.upper()}_"
            assert variable == f"`BAROGRAPH_{prefix}{key.upper()}`"
            assert shown == (f"`{_shown(default)}`" if _shown(default) else "none")
            assert meaning

    def test_models_on_the_configuration_page(self) -> None:
        documented = _documented("configuration.md")
        tables = {*_TABLES, "baseline"}
        own = [f.name for f in msgspec.structs.fields(ModelConfig) if f.name not in tables]
        assert list(documented["models.NAME"]) == own
        promised = [field.name for field in msgspec.structs.fields(BaselineConfig)]
        assert list(documented["models.NAME.baseline"]) == promised

    def test_webhooks_on_the_configuration_page(self) -> None:
        documented = _documented("configuration.md")["webhooks"]
        fields = msgspec.structs.fields(WebhookConfig)
        assert list(documented) == [field.name for field in fields]
        for field in fields:
            default = _shown(field.default) if not field.required else ""
            assert documented[field.name][0] == (f"`{default}`" if default else "none")

    @pytest.mark.parametrize(
        ("table", "kind"), [("model", ReplayModel), ("columns", ColumnsConfig)]
    )
    def test_replay_page(self, table: str, kind: type[msgspec.Struct]) -> None:
        documented = _documented("replay.md")[table]
        assert list(documented) == [field.name for field in msgspec.structs.fields(kind)]
        for key, default in msgspec.structs.asdict(kind()).items():
            assert documented[key][0] == (f"`{_shown(default)}`" if _shown(default) else "none")

    def test_all_tables_are_covered(self) -> None:
        """A new table, or a new key in one, needs its place here and on a page."""
        fields = {field.name for field in msgspec.structs.fields(Config)}
        assert fields == {*_TABLES, "models", "webhooks"}
        replay = {field.name for field in msgspec.structs.fields(ReplayConfig)}
        assert replay == {"model", "columns", "reference", "window", "alarm", "baseline"}
        assert set(module.__all__) >= {kind.__name__ for kind in _TABLES.values()}
