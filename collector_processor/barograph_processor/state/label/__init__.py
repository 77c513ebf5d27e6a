"""Predictions that wait for their label, and quality by true labels."""
