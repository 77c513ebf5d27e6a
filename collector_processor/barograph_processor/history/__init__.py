"""Data at rest: the same engine over CSV and Parquet."""
