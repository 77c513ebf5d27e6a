"""Windows held against the reference."""
