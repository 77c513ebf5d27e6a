"""The function under watch, its inputs, and the attributes that everyone sends."""

import random
from typing import Any

__all__ = ["MARK", "MODEL", "VERSION", "flatten", "inputs", "marked", "predict"]

MODEL = "fraud-detector"
VERSION = "3.1.4"
MARK = "call-[0-9]{7}-end"
"""What `marked` puts into a call, as a regular expression."""


def inputs(count: int = 100, seed: int = 7) -> list[dict[str, Any]]:
    """Return orders of ten features: four doubles, three whole numbers, a boolean, two words."""
    chance = random.Random(seed)  # noqa: S311  # data, no secret
    return [
        {
            "amount": round(chance.uniform(1, 5000), 2),
            "average_30d": round(chance.uniform(1, 900), 2),
            "ip_risk": round(chance.random(), 4),
            "velocity": round(chance.gauss(0, 1), 4),
            "hour": chance.randrange(24),
            "orders_24h": chance.randrange(40),
            "device_age_days": chance.randrange(2000),
            "is_foreign": chance.random() < 0.3,
            "merchant": chance.choice(["electronics", "grocery", "travel", "fuel"]),
            "country": chance.choice(["DE", "FR", "US", "GB"]),
        }
        for _ in range(count)
    ]


def marked(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a row that can be told from all others, wherever it arrives."""
    return {**row, "merchant": f"call-{number:07}-end"}


def predict(features: dict[str, Any]) -> dict[str, Any]:
    """Cost next to nothing, so that what is measured is the watching."""
    risk = features["amount"] * 0.0001 + features["ip_risk"]
    return {"label": "fraud" if risk > 0.5 else "fine", "score": 0.93}


def flatten(features: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the fourteen attributes of one call."""
    attributes = {f"barograph.input.{name}": value for name, value in features.items()}
    attributes["barograph.prediction.label"] = result["label"]
    attributes["barograph.prediction.value"] = result["score"]
    attributes["barograph.model.name"] = MODEL
    attributes["barograph.model.version"] = VERSION
    return attributes
