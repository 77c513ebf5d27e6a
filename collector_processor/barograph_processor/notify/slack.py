"""The form that Slack's incoming webhooks take, and Mattermost's and Rocket.Chat's too."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from barograph_processor.printable import printable

__all__ = ["slack_body"]

_TITLES: Final = {"open": "alarm", "updated": "update", "resolved": "resolved"}
_CHARS: Final = 3000


def slack_body(notice: Mapping[str, Any]) -> bytes:
    """Return a message of text alone, which every one of them shows.

    Text from outside mentions nobody and links nowhere: ``&``, ``<`` and ``>`` are
    escaped as Slack asks for, and nothing is unfurled.
    https://docs.slack.dev/messaging/formatting-message-text
    """
    alarm = notice["alarm"]
    back = notice["change"] == "updated" and alarm["incident"]["openings"] > 1
    title = f"{'back again' if back else _TITLES[notice['change']]} ({alarm['severity']})"
    facts = [f"since {str(alarm['since'])[:16].replace('T', ' ')} UTC"]
    if alarm["feature"] is not None:
        facts.append(f"feature {alarm['feature']}")
    facts += [f"{dimension} = {level}" for dimension, level in (alarm["slice"] or {}).items()]
    if alarm["evidence"] is not None:
        facts.append(f"evidence 10^{alarm['evidence']:.1f} against 10^{alarm['threshold']:.1f}")
    lines = [
        f"*{title}: {_plain(alarm['model'])} {_plain(alarm['version'])}*",
        _plain(alarm["sentence"]),
        _plain("; ".join(facts)),
    ]
    if notice["change"] != "resolved" and alarm["advice"]:
        lines.append(_plain(alarm["advice"]))
    text = "\n".join(lines)[:_CHARS]
    links = [] if notice["url"] is None else [_link(notice["url"], "alarm")]
    links += [_link(url, f"trace {n}") for n, url in enumerate(alarm["trace_links"], 1)]
    if links:
        text += f"\n{' · '.join(links)}"
    return orjson.dumps({"text": text, "unfurl_links": False, "unfurl_media": False})


def _plain(text: str) -> str:
    text = printable(text).replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str, words: str) -> str:
    return f"<{quote(url, safe=':/?#[]@!$&()*+,;=%~')}|{words}>"
