"""Grafana dashboards and Prometheus rules, generated from the catalog of metrics.

``python -m dashboards.generate`` writes the files here; ``--check`` only says
whether they are up to date. Needs grafana-foundation-sdk and PyYAML.
"""
