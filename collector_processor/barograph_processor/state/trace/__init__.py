"""Traces: which spans are below which prediction."""
