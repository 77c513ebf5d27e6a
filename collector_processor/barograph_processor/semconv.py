"""Names on the wire: the one contract between the SDK and the processor.

The SDK holds an equal copy; a contract test compares the two.
"""

from typing import Final

__all__ = [
    "BATCH_SIZE",
    "EVALUATION_EXPLANATION",
    "EVALUATION_NAME",
    "EVALUATION_REVIEW",
    "EVALUATION_SCORE_LABEL",
    "EVALUATION_SCORE_VALUE",
    "EVALUATION_SOURCE",
    "EVENT_EVALUATION",
    "EVENT_LABEL",
    "EVENT_OUTCOME",
    "EVENT_REACTION",
    "EVENT_TIME",
    "HOLDOUT",
    "INPUT_PREFIX",
    "LABEL_SOURCE",
    "LABEL_SOURCES",
    "LABEL_TIME",
    "LABEL_VALUE",
    "MODEL_NAME",
    "MODEL_VERSION",
    "OUTCOME_UNIT",
    "OUTCOME_VALUE",
    "OUTPUT_PREFIX",
    "POSITIVE",
    "PREDICTION_CONFIDENCE",
    "PREDICTION_ID",
    "PREDICTION_LABEL",
    "PREDICTION_VALUE",
    "REACTION_KIND",
    "REACTION_KINDS",
    "REACTION_MAGNITUDE",
    "RESPONSE_ID",
    "REVIEWER",
    "REVIEW_PROPENSITY",
    "SAMPLE_RATE",
    "SCHEMA_URL",
    "SLICE_PREFIX",
    "TASK",
    "TASKS",
    "THRESHOLD",
    "UNVERSIONED",
]

SCHEMA_URL: Final = "https://barograph.dev/schemas/1.0.0"

MODEL_NAME: Final = "barograph.model.name"
MODEL_VERSION: Final = "barograph.model.version"
UNVERSIONED: Final = "unversioned"
TASK: Final = "barograph.task"
TASKS: Final = ("binary", "multiclass", "regression", "ranking", "embedding", "generation")
PREDICTION_ID: Final = "barograph.prediction.id"
INPUT_PREFIX: Final = "barograph.input."
PREDICTION_VALUE: Final = "barograph.prediction.value"
PREDICTION_LABEL: Final = "barograph.prediction.label"
PREDICTION_CONFIDENCE: Final = "barograph.prediction.confidence"
OUTPUT_PREFIX: Final = "barograph.output."
SLICE_PREFIX: Final = "barograph.slice."
BATCH_SIZE: Final = "barograph.batch.size"
EVENT_TIME: Final = "barograph.event.time"
SAMPLE_RATE: Final = "barograph.sample.rate"
REVIEW_PROPENSITY: Final = "barograph.review.propensity"
# Whether the prediction is in the random hold-out, which is served without the model.
HOLDOUT: Final = "barograph.holdout"
# How a binary probability becomes a class; sent only where a user states it.
POSITIVE: Final = "barograph.task.positive"
THRESHOLD: Final = "barograph.task.threshold"

EVENT_LABEL: Final = "barograph.label"
LABEL_VALUE: Final = "barograph.label.value"
LABEL_SOURCE: Final = "barograph.label.source"
LABEL_SOURCES: Final = ("human", "system", "model")
LABEL_TIME: Final = "barograph.label.time"
# Who answered, on labels and evaluations that came of a review.
REVIEWER: Final = "barograph.review.reviewer"

EVENT_REACTION: Final = "barograph.reaction"
REACTION_KIND: Final = "barograph.reaction.kind"
REACTION_MAGNITUDE: Final = "barograph.reaction.magnitude"
REACTION_KINDS: Final = (
    "accepted",
    "edited",
    "overridden",
    "rejected",
    "retried",
    "verified",
    "escalated",
    "abandoned",
)

EVENT_OUTCOME: Final = "barograph.outcome"
OUTCOME_VALUE: Final = "barograph.outcome.value"
OUTCOME_UNIT: Final = "barograph.outcome.unit"

# OpenTelemetry's own names for evaluations (GenAI semantic conventions).
EVENT_EVALUATION: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_SCORE_VALUE: Final = "gen_ai.evaluation.score.value"
EVALUATION_SCORE_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_EXPLANATION: Final = "gen_ai.evaluation.explanation"
EVALUATION_SOURCE: Final = "barograph.evaluation.source"
# What a provider calls its response: of a generation, and of an event about one.
RESPONSE_ID: Final = "gen_ai.response.id"
# The evaluation by which a reviewer says that a prediction is right (1) or wrong (0).
EVALUATION_REVIEW: Final = "review"
