"""What follows predictions: reactions, outcomes, loops, reviews."""

from typing import Final

from barograph_processor.catalog.metric import Metric

__all__ = ["AFTERMATH"]

AFTERMATH: Final[tuple[Metric, ...]] = (
    Metric("barograph.reactions", "counter", "{reaction}", "Reactions of users.", ("kind",)),
    Metric(
        "barograph.reactions.rate",
        "gauge",
        "1",
        "Share of the latest predictions that had a reaction of a kind.",
        ("kind",),
    ),
    Metric(
        "barograph.trust",
        "gauge",
        "1",
        "1 minus the share of those who reacted lately that overrode, rejected, retried or "
        "escalated.",
    ),
    Metric(
        "barograph.trust.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of the trust, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.trust.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of the trust, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.trust.coverage",
        "gauge",
        "1",
        "Share of the latest predictions that somebody reacted to.",
    ),
    Metric(
        "barograph.loop.concentration",
        "gauge",
        "1",
        "How uneven the outputs of the last window are: gini and top_share rise, entropy falls "
        "where the model gives less and less that is different.",
        ("measure",),
    ),
    Metric(
        "barograph.loop.self_label_share",
        "gauge",
        "1",
        "Share of the latest labels that a model gave.",
    ),
    Metric(
        "barograph.loop.policy_gap",
        "gauge",
        "1",
        "Risk where the model decided minus that on a random hold-out: below 0, labels of the "
        "cases that it selected make it look better than it is.",
    ),
    Metric(
        "barograph.loop.policy_gap.lower",
        "gauge",
        "1",
        "Lower end of the 90% interval of the policy gap, which holds whenever it is looked at.",
    ),
    Metric(
        "barograph.loop.policy_gap.upper",
        "gauge",
        "1",
        "Upper end of the 90% interval of the policy gap, which holds whenever it is looked at.",
    ),
    Metric("barograph.outcome", "gauge", "{value}", "Business value summed up.", ("unit",)),
    Metric(
        "barograph.outcome.mean",
        "gauge",
        "{value}",
        "Business value of a prediction lately, clipped to what was usual in the reference.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.mean.lower",
        "gauge",
        "{value}",
        "Lower end of the 95% interval of that mean, which holds whenever it is looked at.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.mean.upper",
        "gauge",
        "{value}",
        "Upper end of the 95% interval of that mean, which holds whenever it is looked at.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.cost",
        "gauge",
        "{value}",
        "What the harm that lasts has cost so far: wrong predictions beyond the reference, times "
        "what a good one is worth more than a bad one.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.cost.lower",
        "gauge",
        "{value}",
        "The least that the 95% intervals of the risk and of the worth allow.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.cost.upper",
        "gauge",
        "{value}",
        "The most that the 95% intervals of the risk and of the worth allow.",
        ("unit",),
    ),
    Metric(
        "barograph.outcome.good_minus_bad",
        "gauge",
        "{value}",
        "Mean business value of good predictions minus that of bad ones.",
        ("unit",),
    ),
    Metric(
        "barograph.review.pending",
        "gauge",
        "{prediction}",
        "Predictions that people are still to be asked about.",
    ),
    Metric("barograph.review.drawn", "counter", "{prediction}", "Predictions drawn for review."),
    Metric("barograph.review.answered", "counter", "{answer}", "Answers of reviewers."),
    Metric(
        "barograph.review.expired",
        "counter",
        "{prediction}",
        "Drawn predictions that nobody answered in time.",
    ),
    Metric(
        "barograph.review.disagreement",
        "gauge",
        "1",
        "Share of the predictions answered by two people of which the answers differ.",
    ),
    Metric(
        "barograph.review.risk",
        "gauge",
        "1",
        "Share of wrong predictions among all of them, estimated from the reviewed ones.",
    ),
    Metric(
        "barograph.review.risk.lower",
        "gauge",
        "1",
        "Lower end of the 95% interval of that estimate, valid at all times.",
    ),
    Metric(
        "barograph.review.risk.upper",
        "gauge",
        "1",
        "Upper end of the 95% interval of that estimate, valid at all times.",
    ),
)
