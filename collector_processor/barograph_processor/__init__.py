"""The Barograph processor: OTLP in, quality and drift signals out."""
