"""An instrumented estimator is the estimator, watched."""

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import barograph
from barograph.testing import Recorder

FRAME = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 2.0, 3.0, 4.0]})
TARGET = np.array(["no", "no", "yes", "yes"])


def classifier() -> Any:
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, TARGET)
    return barograph.instrument(fitted, model="credit", version="1")


def test_probabilities_are_values_of_the_second_class(recorder: Recorder) -> None:
    model = classifier()
    probabilities = model.predict_proba(FRAME)
    (attributes,) = recorder.predictions
    assert attributes["barograph.model.name"] == "credit"
    assert attributes["barograph.task"] == "binary"
    assert attributes["barograph.task.positive"] == "yes"
    assert attributes["barograph.input.age"] == (20.0, 30.0, 40.0, 50.0)
    assert attributes["barograph.prediction.value"] == tuple(probabilities[:, 1])


def test_labels_are_labels(recorder: Recorder) -> None:
    labels = classifier().predict(FRAME)
    assert recorder.predictions[0]["barograph.prediction.label"] == tuple(labels)


def test_an_array_gets_the_names_the_estimator_was_fitted_with(recorder: Recorder) -> None:
    model = barograph.instrument(LinearRegression().fit(FRAME, FRAME["age"]))
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(FRAME.to_numpy())
    attributes = recorder.predictions[0]
    assert attributes["barograph.model.name"] == "LinearRegression"
    assert attributes["barograph.task"] == "regression"
    assert attributes["barograph.input.income"] == (1.0, 2.0, 3.0, 4.0)


def test_the_estimator_stays_itself(recorder: Recorder) -> None:
    model = classifier()
    assert is_classifier(model)
    assert model.get_params()["logisticregression"] is not None
    assert list(model.classes_) == ["no", "yes"]
    for again in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):  # noqa: S301  # what is tested
        assert again.predict(FRAME).tolist() == model.__wrapped__.predict(FRAME).tolist()
    assert len(recorder.spans) == 3


def test_fitting_later_is_seen(recorder: Recorder) -> None:
    model = barograph.instrument(LogisticRegression())
    model.fit(FRAME, TARGET)
    model.predict_proba(FRAME)
    model.fit(FRAME, np.array(["a", "b", "c", "c"]))
    model.predict_proba(FRAME)
    assert [p["barograph.task"] for p in recorder.predictions] == ["binary", "multiclass"]
    assert recorder.predictions[1]["barograph.prediction.label"] == tuple(
        model.__wrapped__.predict(FRAME)
    )


def test_a_wrong_option_fails_at_once() -> None:
    with pytest.raises(ValueError, match="task"):
        barograph.instrument(LinearRegression(), task="guess")
