"""NannyML's side: its data sets, and what its CBPE estimates of them in chunks of 1,000.

Runs with NannyML's own interpreter, and writes a JSON file for each data set into a folder.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")

import nannyml  # noqa: E402
import pandas as pd  # noqa: E402

CHUNK = 1000
BINARY = {
    "synthetic_binary": (
        nannyml.load_synthetic_binary_classification_dataset,
        ("y_pred_proba", "y_pred", "work_home_actual"),
    ),
    "car_loan": (nannyml.load_synthetic_car_loan_dataset, ("y_pred_proba", "y_pred", "repaid")),
    "employment_ma": (
        nannyml.load_us_census_ma_employment_data,
        ("predicted_probability", "prediction", "employed"),
    ),
    "california_housing": (
        nannyml.load_modified_california_housing_dataset,
        ("y_pred_proba", "y_pred", "clf_target"),
    ),
}
CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")


def with_target(analysis: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    """Put the targets, which the data sets keep apart, beside the predictions."""
    missing = [column for column in target.columns if column not in analysis.columns]
    return pd.concat(
        [analysis.reset_index(drop=True), target[missing].reset_index(drop=True)], axis=1
    )


def estimated(
    cbpe: nannyml.CBPE, reference: pd.DataFrame, analysis: pd.DataFrame
) -> dict[str, Any]:
    """Fit on the reference, estimate the analysis, and say how long it took."""
    start = time.perf_counter()
    cbpe.fit(reference)
    table = cbpe.estimate(analysis).filter(period="analysis").to_df()
    metrics = [name for name in ("accuracy", "roc_auc", "f1") if (name, "value") in table]
    chunks = len(analysis) // CHUNK
    values = {name: table[(name, "value")].tolist()[:chunks] for name in metrics}
    return {"seconds": time.perf_counter() - start, **values}


def columns(frame: pd.DataFrame, score: str, said: str, true: str) -> dict[str, Any]:
    return {
        "score": frame[score].astype(float).tolist(),
        "said": frame[said].astype(float).astype(int).tolist(),
        "true": frame[true].astype(float).astype(int).tolist(),
    }


def binary(name: str) -> dict[str, Any]:
    load, (score, said, true) = BINARY[name]
    reference, analysis, target = load()
    analysis = with_target(analysis, target)
    cbpe = nannyml.CBPE(
        y_pred=said,
        y_pred_proba=score,
        y_true=true,
        problem_type="classification_binary",
        metrics=["accuracy", "roc_auc", "f1"],
        chunk_size=CHUNK,
    )
    found = estimated(cbpe, reference, analysis.drop(columns=true))
    sides = {"reference": reference, "analysis": analysis}
    return {"nannyml": found, **{k: columns(f, score, said, true) for k, f in sides.items()}}


def multiclass() -> dict[str, Any]:
    reference, analysis, target = nannyml.load_synthetic_multiclass_classification_dataset()
    analysis = with_target(analysis, target)
    cbpe = nannyml.CBPE(
        y_pred="y_pred",
        y_pred_proba={card: f"y_pred_proba_{card}" for card in CARDS},
        y_true="y_true",
        problem_type="classification_multiclass",
        metrics=["accuracy"],
        chunk_size=CHUNK,
    )
    found = estimated(cbpe, reference, analysis.drop(columns="y_true"))

    def chosen(frame: pd.DataFrame) -> dict[str, Any]:
        scores = [row[f"y_pred_proba_{row['y_pred']}"] for row in frame.to_dict(orient="records")]
        right = (frame["y_pred"] == frame["y_true"]).astype(int)
        return {"score": scores, "said": [1] * len(frame), "true": right.tolist()}

    return {"nannyml": found, "reference": chosen(reference), "analysis": chosen(analysis)}


def main() -> None:
    folder = Path(sys.argv[1])
    for name in BINARY:
        (folder / f"{name}.json").write_text(json.dumps(binary(name)))
    (folder / "synthetic_multiclass.json").write_text(json.dumps(multiclass()))
    print(f"nannyml {nannyml.__version__}, pandas {pd.__version__}")


if __name__ == "__main__":
    main()
