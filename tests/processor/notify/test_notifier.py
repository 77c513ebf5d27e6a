"""Alarms reach webhooks: each step once, through failures and restarts, each at its own pace."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from barograph_processor.config import WebhookConfig
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.exporter import QueuedAlarm, exporter, post
from barograph_processor.notify import Links, Notifier, Webhook
from barograph_processor.notify.notice import notice, queued
from barograph_processor.signal import Alarm, Incident
from barograph_processor.state.alarm.alarms import AlarmChange
from barograph_processor.telemetry import Telemetry
from components.process import free_addresses
from tests.processor.notify.receiver import Receiver
from tests.processor.otlp.test_encode import ALARM
from tests.processor.test_service import eventually

LINKS = Links("https://barograph.example/", "https://t.example/{trace_id}")


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "_FIRST_DELAY", 0.01)


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


def webhook(url: str, **keys: Any) -> WebhookConfig:
    return WebhookConfig(**{"name": "ops", "url": url, **keys})


def step(
    change: Literal["open", "updated", "resolved", "settled"] = "open", **fields: Any
) -> AlarmChange:
    return AlarmChange(change, 7, dataclasses.replace(ALARM, **fields))


@contextmanager
def notifying(
    path: Path,
    telemetry: Telemetry,
    *webhooks: WebhookConfig,
    clock: Callable[[], float] = lambda: 0.0,
) -> Iterator[Notifier]:
    notifier = Notifier([(w, Webhook(w)) for w in webhooks], path, LINKS, telemetry, clock=clock)
    try:
        yield notifier
    finally:
        notifier.close(timeout=1.0)


def tell(notifier: Notifier, changes: Sequence[AlarmChange], *still_open: Alarm) -> None:
    notifier.tell(changes, lambda: still_open)


def count(telemetry: Telemetry, result: str, name: str = "ops") -> float:
    key = ("barograph.monitor.notifications", (("result", result), ("webhook", name)))
    return telemetry.counters().get(key, 0.0)


def test_json_says_all_that_the_api_says(tmp_path: Path, telemetry: Telemetry) -> None:
    with Receiver() as receiver:
        with notifying(tmp_path, telemetry, webhook(f"{receiver.url}/hook?a=b")) as notifier:
            tell(notifier, [step()])
        [request] = receiver.requests
    assert request.path == "/hook?a=b"
    assert request.headers["content-type"] == "application/json"
    body = request.body
    assert body["change"] == "open"
    assert body["url"] == "https://barograph.example/#/alarm?id=a1"
    alarm = body["alarm"]
    assert alarm["sentence"] == ALARM.sentence
    assert alarm["slice"] == {"region": "eu", "tier": "gold"}
    assert alarm["trace_links"] == [f"https://t.example/{trace}" for trace in ALARM.trace_ids]
    assert (alarm["evidence"], alarm["since"]) == (5.5, "2023-11-14T22:13:19.000Z")
    assert count(telemetry, "sent") == 1


@pytest.mark.parametrize("updates", [False, True])
def test_an_incident_is_told_once_and_over_when_it_settled(
    tmp_path: Path, telemetry: Telemetry, *, updates: bool
) -> None:
    """What comes back between is an update, or counted as not told."""
    again = Incident(ALARM.id, ALARM.raised_ns, openings=2)
    life = [
        step(),
        step("resolved", state="resolved"),
        step(id="a2", back_in=again),
        step("updated", id="a2", back_in=again, sentence="worse"),
        step("resolved", id="a2", back_in=again, state="resolved"),
        step("settled", id="a2", back_in=again, state="resolved"),
    ]
    with Receiver() as receiver:
        hook = webhook(receiver.url, updates=updates)
        chat = webhook(receiver.url, name="chat", format="slack", updates=updates)
        with notifying(tmp_path, telemetry, hook, chat) as notifier:
            for change in life:
                tell(notifier, [change])
        bodies = [body for body in receiver.bodies if "alarm" in body]
        titles = [b["text"].split(":")[0] for b in receiver.bodies if "text" in b]
    told = ["open", "updated", "updated", "resolved"] if updates else ["open", "resolved"]
    assert [body["change"] for body in bodies] == told
    assert {body["alarm"]["incident"]["id"] for body in bodies} == {ALARM.id}
    assert bodies[-1]["alarm"]["incident"]["openings"] == 2
    back = ["*back again (page)"] * 2 if updates else []
    assert titles == ["*alarm (page)", *back, "*resolved (page)"]
    key = ("barograph.monitor.notifications.held", (("webhook", "ops"),))
    assert telemetry.counters().get(key, 0) == (0 if updates else 1)


def test_what_may_come_back_stands_to_alertmanager(tmp_path: Path, telemetry: Telemetry) -> None:
    with Receiver() as receiver:
        hook = webhook(receiver.url, format="alertmanager")
        now = iter([0.0, 61.0, 61.0])
        with notifying(tmp_path, telemetry, hook, clock=lambda: next(now)) as notifier:
            tell(notifier, [], dataclasses.replace(ALARM, state="resolved", resolved_ns=5))
        [[alert]] = receiver.bodies
    ends = datetime.fromisoformat(alert["endsAt"])
    assert ends > datetime.now(UTC) + timedelta(minutes=50)
    assert alert["annotations"]["openings"] == "1"


def test_slack_shows_a_person_what_matters_and_obeys_no_name(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    hostile = "<!channel> <http://evil|ok> & \u202e\n"
    with Receiver() as receiver:
        hook = webhook(receiver.url, format="slack")
        with notifying(tmp_path, telemetry, hook) as notifier:
            tell(notifier, [step(), step("settled", state="resolved")])
            tell(notifier, [step(id="h", model=hostile, sentence=hostile, slice={hostile: "x"})])
        opened, resolved, escaped = receiver.bodies
    lines = opened["text"].splitlines()
    assert lines[0] == "*alarm (page): m 1*"
    assert lines[1] == ALARM.sentence
    assert lines[2] == (
        "since 2023-11-14 22:13 UTC; region = eu; tier = gold; evidence 10^5.5 against 10^5.0"
    )
    assert lines[3] == ALARM.advice
    assert lines[4].startswith("<https://barograph.example/#/alarm?id=a1|alarm> · <https://t.")
    assert opened["unfurl_links"] is False
    assert resolved["text"].startswith("*resolved (page): m 1*")
    assert ALARM.advice not in resolved["text"]
    words = escaped["text"].rpartition("\n")[0]
    assert not {"<", ">", "\u202e"} & set(words)
    assert "&lt;!channel&gt;" in words
    assert len(words.splitlines()) == 4


def test_alertmanager_gets_alerts_that_stand_until_they_are_resolved(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    with Receiver() as receiver:
        hook = webhook(f"{receiver.url}/am/", format="alertmanager")
        with notifying(tmp_path, telemetry, hook) as notifier:
            before = datetime.now(UTC) - timedelta(seconds=1)
            tell(notifier, [step(), step("settled", state="resolved", sentence="over")])
        assert {request.path for request in receiver.requests} == {"/am/api/v2/alerts"}
        # Beside what stands open, which is nothing.
        [opened], [resolved] = [body for body in receiver.bodies if body]
    assert opened["labels"] == resolved["labels"]
    assert opened["labels"] == {
        "alertname": "BarographAlarm",
        "severity": "page",
        "signal": "slice",
        "barograph_model_name": "m",
        "barograph_model_version": "1",
        "slice": "region=eu, tier=gold",
    }
    assert opened["annotations"]["summary"] == ALARM.sentence
    assert ALARM.trace_ids[0] in opened["annotations"]["traces"]
    assert opened["generatorURL"] == "https://barograph.example/#/alarm?id=a1"
    assert opened["startsAt"] == "2023-11-14T22:13:19.000+00:00"
    now = datetime.now(UTC)
    assert datetime.fromisoformat(opened["endsAt"]) > now + timedelta(minutes=50)
    assert before < datetime.fromisoformat(resolved["endsAt"]) <= now


def test_an_event_time_ahead_of_the_clock_starts_now(tmp_path: Path, telemetry: Telemetry) -> None:
    """Alertmanager refuses what ends before it starts."""
    with Receiver() as receiver:
        hook = webhook(receiver.url, format="alertmanager")
        with notifying(tmp_path, telemetry, hook) as notifier:
            tell(notifier, [step("settled", state="resolved", since_ns=2**62)])
        [[alert]] = [body for body in receiver.bodies if body]
    assert alert["startsAt"] == alert["endsAt"]


def test_alertmanager_is_told_again_each_minute_what_is_open(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    moments = [0.0]
    note = dataclasses.replace(ALARM, severity="note", feature="x")
    open_alarms = [note, ALARM]
    asked: list[float] = []

    def look() -> list[Alarm]:
        asked.append(moments[-1])
        return open_alarms

    with Receiver() as receiver:
        hooks = [
            webhook(receiver.url, format="alertmanager"),
            webhook(receiver.url, name="chat", format="slack"),
        ]
        with notifying(tmp_path, telemetry, *hooks, clock=lambda: moments[-1]) as notifier:
            for moment in (0.0, 30.0, 59.0, 60.0, 61.0):
                moments.append(moment)
                notifier.tell([], look)
                eventually(lambda: len(receiver.requests) == len(asked))
        bodies = receiver.bodies
    assert asked == [0.0, 60.0]
    assert [[alert["labels"]["severity"] for alert in body] for body in bodies] == [["page"]] * 2
    # Not counted as sent: nothing happened.
    assert count(telemetry, "sent") == 0


def test_what_stood_open_does_not_arrive_behind_its_resolution(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    """Else an Alertmanager that was away would take it for open, for an hour."""
    [address] = free_addresses(1)
    hook = webhook(f"http://{address}", format="alertmanager")
    with notifying(tmp_path, telemetry, hook) as notifier:
        tell(notifier, [step()], ALARM)
        eventually(lambda: count(telemetry, "failed") >= 2)
        tell(notifier, [step("settled", state="resolved")])
        with Receiver(port=int(address.rpartition(":")[2])) as receiver:
            eventually(lambda: count(telemetry, "sent") == 2 and [] in receiver.bodies)
            alerts = [alert for body in receiver.bodies for alert in body]
    now = datetime.now(UTC)
    assert [datetime.fromisoformat(alert["endsAt"]) > now for alert in alerts] == [True, False]


def test_a_replay_after_other_links_were_configured_tells_nothing_twice() -> None:
    other = queued(notice("open", ALARM, Links(None, None)))
    assert queued(notice("open", ALARM, LINKS)).key == other.key
    assert queued(notice("resolved", ALARM, LINKS)).key != other.key


def test_a_failing_receiver_is_tried_until_it_takes_it(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    with Receiver([500, 429, 503]) as receiver:
        with notifying(tmp_path, telemetry, webhook(receiver.url)) as notifier:
            tell(notifier, [step(), step("settled", state="resolved")])
            eventually(lambda: count(telemetry, "sent") == 2)
        changes = [body["change"] for body in receiver.bodies]
    assert changes == ["open"] * 4 + ["resolved"]
    assert count(telemetry, "failed") == 3


def test_a_restart_loses_none_and_tells_none_twice(tmp_path: Path, telemetry: Telemetry) -> None:
    """Nobody listens; then the process is another one, and finds the same change again."""
    [address] = free_addresses(1)
    hook = webhook(f"http://{address}")
    with notifying(tmp_path, telemetry, hook) as notifier:
        tell(notifier, [step(), step(id="a2")])
        eventually(lambda: count(telemetry, "failed") >= 2)
    assert count(telemetry, "sent") == 0
    with (
        Receiver(port=int(address.rpartition(":")[2])) as receiver,
        notifying(tmp_path, telemetry, hook) as notifier,
    ):
        tell(notifier, [step(), step(id="a3")])
        eventually(lambda: count(telemetry, "sent") == 3)
        told = [body["alarm"]["id"] for body in receiver.bodies]
    assert told == ["a1", "a2", "a3"]


def test_a_failing_webhook_holds_up_no_other(tmp_path: Path, telemetry: Telemetry) -> None:
    [nobody] = free_addresses(1)
    with Receiver() as receiver:
        hooks = [webhook(f"http://{nobody}", name="gone"), webhook(receiver.url)]
        with notifying(tmp_path, telemetry, *hooks) as notifier:
            tell(notifier, [step()])
            eventually(lambda: receiver.requests)
            eventually(lambda: count(telemetry, "failed", "gone"))
    gauges = telemetry.gauges()
    assert gauges["barograph.monitor.notifications.waiting", (("webhook", "gone"),)] > 0
    assert gauges["barograph.monitor.notifications.waiting", (("webhook", "ops"),)] == 0


def test_what_is_refused_for_good_or_too_long_lets_others_pass(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    with Receiver([400, 500, 500]) as receiver:
        hook = webhook(receiver.url, give_up_seconds=1e-9)
        with notifying(tmp_path, telemetry, hook) as notifier:
            tell(notifier, [step(id=name) for name in ("refused", "given_up", "sent")])
            eventually(lambda: count(telemetry, "sent"))
        told = [body["alarm"]["id"] for body in receiver.bodies]
    assert told == ["refused", "given_up", "given_up", "sent"]
    assert (count(telemetry, "refused"), count(telemetry, "given_up")) == (1, 1)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"severity": "page"}, ["p", "p"]),
        ({}, ["p", "t", "p"]),
        ({"severity": "note"}, ["p", "t", "n", "p"]),
        ({"severity": "note", "updates": True}, ["p", "t", "n", "n", "p"]),
    ],
)
def test_only_what_is_asked_for_is_told(
    tmp_path: Path, telemetry: Telemetry, keys: dict[str, Any], expected: list[str]
) -> None:
    with Receiver() as receiver:
        with notifying(tmp_path, telemetry, webhook(receiver.url, **keys)) as notifier:
            tell(
                notifier,
                [
                    step(id="p"),
                    step(id="t", severity="ticket"),
                    step(id="n", severity="note"),
                    step("updated", id="n", severity="note", now=0.5),
                    step("settled", id="p", state="resolved"),
                ],
            )
        assert [body["alarm"]["id"] for body in receiver.bodies] == expected


def test_secrets_come_from_their_place_and_redirects_lead_nowhere(
    tmp_path: Path, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "headers").write_text("Authorization=Bearer%20t\nx-b=1\n", encoding="utf-8")
    with Receiver() as elsewhere, Receiver([307], headers={"location": elsewhere.url}) as receiver:
        monkeypatch.setenv("HOOK", receiver.url)
        hook = webhook("env:HOOK", headers=f"file:{tmp_path / 'headers'}")
        with notifying(tmp_path, telemetry, hook) as notifier:
            tell(notifier, [step()])
            eventually(lambda: count(telemetry, "refused"))
        headers = receiver.requests[0].headers
        assert elsewhere.requests == []
    assert (headers["authorization"], headers["x-b"]) == ("Bearer t", "1")


@pytest.mark.parametrize("secret", ["ftp://secret", "secret", "http://", "http://[secret"])
def test_a_bad_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("HOOK", secret)
    with pytest.raises(ConfigurationError, match="webhook ops: url is no http") as caught:
        Webhook(webhook("env:HOOK"))
    assert "secret" not in str(caught.value)


def test_what_is_posted_is_bounded(tmp_path: Path, telemetry: Telemetry) -> None:
    long = "x" * 1_000_000
    with Receiver() as receiver:
        with notifying(tmp_path, telemetry, webhook(receiver.url)) as notifier:
            tell(notifier, [step(sentence=long, advice=long, model=long, slice={long: long})])
            eventually(lambda: count(telemetry, "sent"))
        assert int(receiver.requests[0].headers["content-length"]) < 50_000


@pytest.mark.parametrize(("patience", "most"), [(1000.0, 3), (0.0, 1)])
def test_an_endless_answer_is_left(patience: float, most: int) -> None:
    """By its size, and by the time that it takes."""
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield bytes(40_000)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
    with httpx.Client(transport=transport) as client:
        outcome = post(client, "http://h", b"", retryable=(), patience=patience)
    assert outcome.result == "sent"
    assert len(read) <= most


def test_what_another_version_left_does_not_stop_the_rest(
    tmp_path: Path, telemetry: Telemetry
) -> None:
    with Receiver() as receiver:
        hook = webhook(receiver.url, format="slack")
        with notifying(tmp_path, telemetry, hook) as notifier:
            notifier._lanes[0][1].alarms([QueuedAlarm(b"old", b'{"alarm": 1}')])
            tell(notifier, [step()])
            eventually(lambda: count(telemetry, "sent"))
        assert count(telemetry, "refused") == 1
        assert len(receiver.requests) == 1
