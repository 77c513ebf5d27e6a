"""Runs in NannyML's own environment: its CBPE on its own data, with the rows that it saw."""

import json
import os
import sys
import time
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml

# Data set, true label, answer, score, and which answer is yes.
DATA = {
    "car loan": ("load_synthetic_car_loan_dataset", "repaid"),
    "work from home": ("load_synthetic_binary_classification_dataset", "work_home_actual"),
    "employment": ("load_us_census_ma_employment_data", "employed"),
}
METRICS = ["accuracy", "f1", "precision", "recall", "roc_auc"]


def estimated(name: str, chunk_size: int) -> dict[str, Any]:
    """Estimate each chunk of the analysis part from the reference part."""
    loader, label = DATA[name]
    reference, analysis, _ = getattr(nannyml, loader)()
    score = "y_pred_proba" if "y_pred_proba" in reference else "predicted_probability"
    said = "y_pred" if "y_pred" in reference else "prediction"
    start = time.process_time()
    estimator = nannyml.CBPE(
        y_pred=said,
        y_pred_proba=score,
        y_true=label,
        problem_type="classification_binary",
        metrics=METRICS,
        chunk_size=chunk_size,
    ).fit(reference)
    fitted = time.process_time()
    found = estimator.estimate(analysis).filter(period="analysis").to_df()
    return {
        "fit_seconds": fitted - start,
        "estimate_seconds": time.process_time() - fitted,
        "estimates": {metric: found[(metric, "value")].tolist() for metric in METRICS},
        "reference": [reference[c].astype(float).tolist() for c in (score, said, label)],
        "analysis": [analysis[c].astype(float).tolist() for c in (score, said)],
    }


def main() -> None:
    asked = json.load(sys.stdin)
    answer = {name: estimated(name, asked["chunk_size"]) for name in DATA}
    json.dump({"version": nannyml.__version__, "data": answer}, sys.stdout)


if __name__ == "__main__":
    main()
