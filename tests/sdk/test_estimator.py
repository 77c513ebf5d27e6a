"""An instrumented estimator is the estimator, watched."""

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
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
    assert repr(model) == repr(model.__wrapped__)
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
    with pytest.raises(ValueError, match="review"):
        barograph.instrument(LinearRegression(), review=2)


def test_methods_that_return_the_estimator_return_the_watched_one(recorder: Recorder) -> None:
    model = barograph.instrument(LogisticRegression(), model="credit")
    assert model.fit(FRAME, TARGET) is model
    assert model.set_params(C=2.0) is model
    assert inspect.signature(model.fit) == inspect.signature(LogisticRegression().fit)
    model.predict(FRAME)
    assert len(recorder.spans) == 1


def test_fitting_scoring_and_cloning_send_nothing(recorder: Recorder) -> None:
    """A search over a watched estimator tries copies, and those predict for nobody."""
    model = barograph.instrument(LogisticRegression(), model="credit").fit(FRAME, TARGET)
    assert type(clone(model)) is LogisticRegression
    model.score(FRAME, TARGET)
    cross_val_score(model, FRAME, TARGET, cv=2)
    search = GridSearchCV(model, {"C": [0.1, 1.0]}, cv=2).fit(FRAME, TARGET)
    assert type(search.best_estimator_) is LogisticRegression
    VotingClassifier([("credit", model)]).fit(FRAME, TARGET).predict(FRAME)
    assert recorder.spans == ()


@pytest.mark.parametrize("inside", [True, False])
def test_pipelines_are_watched_inside_and_outside(recorder: Recorder, inside: bool) -> None:
    model = LogisticRegression()
    pipeline: Any = make_pipeline(
        StandardScaler(), barograph.instrument(model, model="credit") if inside else model
    )
    pipeline.fit(FRAME, TARGET)
    expected = pipeline.predict(FRAME)
    recorder.clear()
    watched = pipeline if inside else barograph.instrument(pipeline, model="credit")
    assert (watched.predict(FRAME) == expected).all()
    (sent,) = recorder.predictions
    assert sent["barograph.prediction.label"] == tuple(expected)
    names = {"f0", "f1"} if inside else {"age", "income"}
    assert {key for key in sent if "input" in key} == {f"barograph.input.{n}" for n in names}


def test_an_unfitted_estimator_raises_its_own_error(recorder: Recorder) -> None:
    with pytest.raises(NotFittedError):
        barograph.instrument(LogisticRegression()).predict(FRAME)
    assert recorder.predictions[0]["error.type"] == "sklearn.exceptions.NotFittedError"


def test_a_subclass_may_take_more(recorder: Recorder) -> None:
    class Stubborn(LogisticRegression):  # type: ignore[misc]  # no types
        def predict(self, X: Any, always: str | None = None) -> Any:  # noqa: N803  # sklearn's
            return [always] * len(X) if always else super().predict(X)

    model: Any = barograph.instrument(Stubborn().fit(FRAME, TARGET))
    assert model.predict(FRAME, always="no") == ["no"] * len(FRAME)
    assert model.predict(X=FRAME).tolist() == TARGET.tolist()
    assert [sent["barograph.batch.size"] for sent in recorder.predictions] == [len(FRAME)] * 2


@pytest.mark.parametrize(
    ("review", "sent"),
    [(0.2, 0.2), (lambda result: [0.1] * len(result), (0.1,) * len(FRAME)), (None, None)],
)
def test_the_propensity_of_review_is_sent(recorder: Recorder, review: Any, sent: Any) -> None:
    model = barograph.instrument(LogisticRegression().fit(FRAME, TARGET), review=review)
    model.predict(FRAME)
    (found,) = recorder.predictions
    assert found.get("barograph.review.propensity") == sent
