"""Runs in NannyML's own environment: its CBPE on its own data, with the rows that it saw."""

import json
import os
import sys
import time
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml

# Data set: its loader, and the true label.
DATA = {
    "car loan": ("load_synthetic_car_loan_dataset", "repaid"),
    "work from home": ("load_synthetic_binary_classification_dataset", "work_home_actual"),
    "employment": ("load_us_census_ma_employment_data", "employed"),
    "California housing": ("load_modified_california_housing_dataset", "clf_target"),
    "three credit cards": ("load_synthetic_multiclass_classification_dataset", "y_true"),
}
CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")
METRICS = ["accuracy", "f1", "precision", "recall", "roc_auc"]


def rows(frame: Any, score: str | None, said: str, label: str) -> list[list[float]]:
    """Return score, answer and label; of several classes about whether the chosen one is right."""
    if score is not None:
        return [frame[column].astype(float).tolist() for column in (score, said, label)]
    chosen = [row[f"y_pred_proba_{row[said]}"] for row in frame.to_dict(orient="records")]
    return [chosen, [1.0] * len(frame), (frame[said] == frame[label]).astype(float).tolist()]


def estimated(name: str, chunk_size: int) -> dict[str, Any]:
    """Estimate each chunk of the analysis part from the reference part."""
    loader, label = DATA[name]
    reference, analysis, target = getattr(nannyml, loader)()
    said = "y_pred" if "y_pred" in reference else "prediction"
    several = f"y_pred_proba_{CARDS[0]}" in reference
    score = "y_pred_proba" if "y_pred_proba" in reference else "predicted_probability"
    start = time.process_time()
    estimator = nannyml.CBPE(
        y_pred=said,
        y_pred_proba={card: f"y_pred_proba_{card}" for card in CARDS} if several else score,
        y_true=label,
        problem_type=f"classification_{'multiclass' if several else 'binary'}",
        metrics=METRICS[:1] if several else METRICS,
        chunk_size=chunk_size,
    ).fit(reference)
    fitted = time.process_time()
    found = estimator.estimate(analysis).filter(period="analysis").to_df()
    done = time.process_time()
    analysis = analysis.assign(**{label: target[label].to_numpy()})
    known = [metric for metric in METRICS if (metric, "value") in found]
    return {
        "fit_seconds": fitted - start,
        "estimate_seconds": done - fitted,
        "estimates": {metric: found[(metric, "value")].tolist() for metric in known},
        "reference": rows(reference, None if several else score, said, label),
        "analysis": rows(analysis, None if several else score, said, label),
    }


def main() -> None:
    asked = json.load(sys.stdin)
    names = asked.get("data", DATA)
    answer = {name: estimated(name, asked["chunk_size"]) for name in names}
    json.dump({"version": nannyml.__version__, "data": answer}, sys.stdout)


if __name__ == "__main__":
    main()
