"""State per version of a model: reference, windows, pending labels, alarms."""
