"""Runs the demo between real components, and checks what they know of it."""

import contextlib
import shutil
import tempfile
import threading
from pathlib import Path

from components.demo.child import Flights
from components.demo.finding import Say
from components.demo.questions import ask
from components.demo.stage import Stage
from components.demo.story import Story

__all__ = ["demo"]


def demo(*, flights: int | None, headless: bool, free_ports: bool, say: Say) -> int:
    """Replay the year through the Collector; print and check what Prometheus and Jaeger say.

    Args:
        flights: Stop after so many; all of the year by default.
        headless: Return after the checks instead of serving until Ctrl-C.
        free_ports: Listen on free ports instead of the usual ones.
        say: Prints a line.

    Returns:
        0 if everything that was sent was counted once, Prometheus answered every
        question, and Jaeger had the traces of every risk alarm; else 1, and the
        logs are kept.

    Raises:
        ComponentMissingError: A program is not there.
        ComponentError: One did not start, a port is taken, or the demo failed.
        KeyboardInterrupt: Before the checks were done; everything has been stopped.
    """
    directory = Path(tempfile.mkdtemp(prefix="barograph-demo-"))
    try:
        with Stage(directory, usual_ports=not free_ports) as stage:
            good = _show(stage, directory, flights=flights, headless=headless, say=say)
    finally:
        # If nothing was started there are no logs to keep.
        with contextlib.suppress(OSError):
            directory.rmdir()
    if good:
        shutil.rmtree(directory)
    return 0 if good else 1


def _show(stage: Stage, directory: Path, *, flights: int | None, headless: bool, say: Say) -> bool:
    """Run the flights on a running stage; tell whether everything holds that should."""
    with Flights(directory, stage, limit=flights) as year:
        where = {
            "page": f"http://{stage.web}",
            "Prometheus": f"http://{stage.prometheus.address}",
            "Jaeger": f"http://{stage.jaeger.query}/api/traces/TRACE_ID",
            "logs": directory,
        }
        for name, place in where.items():
            say(f"{name:<10} {place}")
        story = Story(stage.jaeger, say)
        story.follow(year.lines())
        findings = ask(stage.prometheus, counted=story.counted, whole_year=flights is None, say=say)
        findings += story.findings()
        for finding in findings:
            say(str(finding))
        if not headless:
            say(f"everything keeps running, see {where['page']}; press Ctrl-C to end")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    return all(finding.good for finding in findings)
