"""Runs in NannyML's own environment: its DLE on its own data, with the rows that it saw."""

import json
import os
import sys
import time
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
from lightgbm import LGBMRegressor

METRICS = ["mae", "rmse"]
INCOME = ("HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")


def prices() -> tuple[Any, Any, list[str]]:
    """Return NannyML's regression of car prices: reference, analysis, inputs."""
    reference, analysis, target = nannyml.load_synthetic_car_price_dataset()
    analysis = analysis.merge(target, on="id")
    inputs = [name for name in reference if name not in ("id", "y_true", "y_pred", "timestamp")]
    return reference, analysis, inputs


def income() -> tuple[Any, Any, list[str]]:
    """Return a regression of incomes in California, by a model of half of the reference."""
    reference, analysis, _ = nannyml.load_modified_california_housing_dataset()
    half = len(reference) // 2
    model = LGBMRegressor(random_state=0, verbose=-1)
    model.fit(reference[list(INCOME)][:half], reference["MedInc"][:half])
    reference = reference[half:]
    found = [
        part.assign(y_pred=model.predict(part[list(INCOME)]), y_true=part["MedInc"])
        for part in (reference, analysis)
    ]
    return found[0], found[1], list(INCOME)


DATA = {"car prices": prices, "income in California": income}


def estimated(name: str, chunk_size: int) -> dict[str, Any]:
    """Estimate each chunk of the analysis part from the reference part."""
    reference, analysis, inputs = DATA[name]()
    start = time.process_time()
    estimator = nannyml.DLE(
        feature_column_names=inputs,
        y_pred="y_pred",
        y_true="y_true",
        metrics=METRICS,
        chunk_size=chunk_size,
    ).fit(reference)
    fitted = time.process_time()
    found = estimator.estimate(analysis).filter(period="analysis").to_df()
    done = time.process_time()
    kept = [*inputs, "y_pred", "y_true"]
    return {
        "fit_seconds": fitted - start,
        "estimate_seconds": done - fitted,
        "estimates": {metric: found[(metric, "value")].tolist() for metric in METRICS},
        "reference": {column: reference[column].tolist() for column in kept},
        "analysis": {column: analysis[column].tolist() for column in kept},
    }


def main() -> None:
    asked = json.load(sys.stdin)
    answer = {name: estimated(name, asked["chunk_size"]) for name in DATA}
    json.dump({"version": nannyml.__version__, "data": answer}, sys.stdout)


if __name__ == "__main__":
    main()
