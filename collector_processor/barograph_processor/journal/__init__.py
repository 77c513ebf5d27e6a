"""Acknowledged requests on disk, and checkpoints of what became of them."""

from barograph_processor.journal.journal import Journal
from barograph_processor.journal.record import Checkpoint, Record, SignalKind, unpacked

__all__ = ["Checkpoint", "Journal", "Record", "SignalKind", "unpacked"]
