"""Alarms: what is found, how it is said, who may spend how much of the budget."""
