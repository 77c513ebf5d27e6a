"""What the demo tells while it runs, and the traces of its risk alarms in Jaeger."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from components.demo.finding import Finding, Say
from components.errors import ComponentError
from components.jaeger import Jaeger
from components.process import wait_until

__all__ = ["Story"]

_PATIENCE_S = 30


class Story:
    """Follows the demo's lines; looks a risk alarm's traces up as soon as it is raised.

    At the end would be too late: Jaeger's memory holds the newest traces alone.

    Args:
        jaeger: Gets the traces.
        say: Prints what is worth telling.

    Attributes:
        counted: Predictions, by the summary.
    """

    def __init__(self, jaeger: Jaeger, say: Say) -> None:
        self._jaeger = jaeger
        self._say = say
        self.counted = 0
        self._month = ""
        self._alarms = 0
        self._named = 0
        self._found = 0
        self._newest: Sequence[str] = ()

    def follow(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take every line."""
        for line in lines:
            if line["type"] == "window":
                self._pass(line["end"][: len("2013-01")], line["state"])
            elif line["type"] == "alarm" and line["state"] == "open":
                self._say(f"{line['severity']:>8}  {line['sentence']}")
                if line["signal"] == "risk":
                    self._raised(line["trace_ids"])
            elif line["type"] == "summary":
                self.counted = line["predictions"]

    def findings(self) -> list[Finding]:
        """Judge what Jaeger had when alarms were raised, and has now of the newest alarm."""
        if not self._alarms:
            self._say("no risk alarm was raised: too few flights for that")
            return []
        still = sum(self._jaeger.has(trace_id) for trace_id in self._newest)
        return [
            Finding(
                f"Jaeger had {self._found} of the {self._named} traces that risk alarms named "
                f"({self._alarms} alarms), each when it was raised",
                good=0 < self._found == self._named,
            ),
            Finding(
                f"Jaeger has {still} of the {len(self._newest)} traces of the newest risk alarm",
                good=0 < still == len(self._newest),
            ),
        ]

    def _pass(self, month: str, state: str) -> None:
        if month != self._month:
            self._month = month
            self._say(f" {month}  {state}")

    def _raised(self, trace_ids: Sequence[str]) -> None:
        self._alarms += 1
        self._named += len(trace_ids)
        self._newest = trace_ids
        for trace_id in trace_ids:
            try:
                wait_until(
                    partial(self._jaeger.has, trace_id),
                    what=f"Jaeger to have trace {trace_id}",
                    timeout=_PATIENCE_S,
                )
                found = self._described(trace_id)
                self._found += 1
            except ComponentError as error:
                found = str(error)
            self._say(f"{'':10}trace {trace_id}: {found}")

    def _described(self, trace_id: str) -> str:
        try:
            trace = self._jaeger.trace(trace_id)
        except ComponentError as error:
            # It has the trace, and cannot show it.
            return str(error)
        if trace is None:
            return "gone again"
        span = trace["spans"][0]
        return f"{span['operationName']}, {span['duration']} us"
