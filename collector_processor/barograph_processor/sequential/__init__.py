"""E-processes, e-detectors, confidence sequences and alarm budgets: a small library of its own."""

from barograph_processor.sequential.ageing_sums import AgeingSums
from barograph_processor.sequential.bets import CAP, TILT_WEIGHTS, TILTS, clipped_normal_log_mgf
from barograph_processor.sequential.betting import BettingProcess
from barograph_processor.sequential.betting_sequence import BettingSequence
from barograph_processor.sequential.budget import bonferroni_thresholds, false_discovery_set
from barograph_processor.sequential.change_point import ChangePoint, change_point
from barograph_processor.sequential.confidence import (
    EmpiricalBernsteinSequence,
    corrected_interval,
    wilson_interval,
)
from barograph_processor.sequential.conformal import conformal_p_values, sequential_p_values
from barograph_processor.sequential.cumulative import CumulativeSums
from barograph_processor.sequential.level_change import level_change
from barograph_processor.sequential.mixtures import asymptotic_radius, beta_binomial_interval
from barograph_processor.sequential.shiryaev_roberts import ShiryaevRoberts, shiryaev_roberts

__all__ = [
    "CAP",
    "TILTS",
    "TILT_WEIGHTS",
    "AgeingSums",
    "BettingProcess",
    "BettingSequence",
    "ChangePoint",
    "CumulativeSums",
    "EmpiricalBernsteinSequence",
    "ShiryaevRoberts",
    "asymptotic_radius",
    "beta_binomial_interval",
    "bonferroni_thresholds",
    "change_point",
    "clipped_normal_log_mgf",
    "conformal_p_values",
    "corrected_interval",
    "false_discovery_set",
    "level_change",
    "sequential_p_values",
    "shiryaev_roberts",
    "wilson_interval",
]
