"""A self-contained page about one model's history: what was raised, and why."""

from barograph_processor.report.page import render_report

__all__ = ["render_report"]
