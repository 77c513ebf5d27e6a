"""Runs in confseq's own environment: confidence sequences of its, as JSON."""

import json
import sys
from typing import Any

import numpy as np
from confseq.betting import betting_mart
from confseq.betting_strategies import lambda_predmix_eb
from confseq.predmix import predmix_empbern_twosided_cs, predmix_lower_cs


def bernstein(x: Any, alpha: float) -> Any:
    """Theorem 2, with the regularized mean that the paper predicts by."""
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    squares = (x - np.append(0.5, mean[:-1])) ** 2
    return predmix_lower_cs(
        x,
        v=squares,
        lambdas_fn=lambda y: lambda_predmix_eb(y, truncation=0.5, alpha=alpha / 2),
        psi_fn=lambda tilt: -np.log(1 - tilt) - tilt,
        alpha=alpha / 2,
        running_intersection=True,
    )


def answer(x: Any, alpha: float, candidates: list[float]) -> dict[str, Any]:
    """Return the bounds at the end, and the wealth of each candidate mean at its highest."""
    low, high = predmix_empbern_twosided_cs(x, alpha=alpha, running_intersection=True)
    return {
        "bernstein": [float(bernstein(x, alpha)[-1]), float(1 - bernstein(1 - x, alpha)[-1])],
        "its_own_bernstein": [float(low[-1]), float(high[-1])],
        # Theorem 3 with equal halves.
        "highest_log_wealth": [
            float(np.log(betting_mart(x, m, alpha=alpha, convex_comb=True).max()))
            for m in candidates
        ],
    }


def main() -> None:
    asked = json.load(sys.stdin)
    found = [answer(np.array(x), alpha, asked["candidates"]) for x, alpha in asked["streams"]]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
