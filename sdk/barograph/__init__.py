"""Barograph: quality signals for model calls."""
