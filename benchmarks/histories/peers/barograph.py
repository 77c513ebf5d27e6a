"""Barograph: `replay` with its defaults; an alarm that lasts is one alarm."""

import json
import sys
from pathlib import Path

from barograph_processor.history.config import parse_replay_config
from barograph_processor.history.replay import Replay
from barograph_processor.state.alarm.alarms import AlarmChange
from benchmarks.histories.flag import Flag, answer
from benchmarks.histories.history import LABEL, PREDICTION, SCORE, History

_KINDS = {
    "input.drift": "inputs",
    "prediction.drift": "outputs",
    "confidence.drift": "outputs",
    "risk": "labels",
    "slice": "labels",
    "calibration": "labels",
}


def _alarms(history: History, file: Path) -> list[Flag]:
    columns = {
        "label": LABEL,
        "features": [*history.numeric, *history.categorical],
        "categorical": history.categorical,
    }
    if history.task != "binary":
        columns["prediction"] = PREDICTION
    if history.task != "regression":
        columns["confidence"] = SCORE
    config = parse_replay_config(
        {
            "model": {"name": history.name, "task": history.task},
            "columns": columns,
            "reference": {"rows": history.reference},
            "window": {"rows": history.window},
        }
    )
    flags = []
    for step in Replay(file, config).run():
        for event in step.events:
            if isinstance(event, AlarmChange) and event.change == "open":
                alarm = event.alarm
                print(f"{event.window:>5}  {alarm.severity:>6}  {alarm.sentence}")
                about = json.dumps(alarm.slice) if alarm.slice else alarm.feature
                kind = _KINDS.get(alarm.signal, "other")
                # Of one that comes back nobody is told again.
                page = alarm.severity == "page" and alarm.back_in is None
                flags.append(Flag(event.window, kind, f"{alarm.signal} {about or ''}", page))
    return flags


if __name__ == "__main__":
    answer(_alarms, sys.argv[1:])
