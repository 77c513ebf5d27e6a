"""Mergeable summaries and the distributions that the tests need, on numpy alone."""

from barograph_processor.stats.chi_square import chi_square_quantile, chi_square_to_normal
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn
from barograph_processor.stats.moments import Moments
from barograph_processor.stats.normal import normal_quantile, normal_tail
from barograph_processor.stats.quantiles import QuantileSketch
from barograph_processor.stats.student import (
    normal_to_student,
    student_quantile,
    student_to_normal,
)

__all__ = [
    "CategoricalColumn",
    "Column",
    "Moments",
    "NumericColumn",
    "QuantileSketch",
    "chi_square_quantile",
    "chi_square_to_normal",
    "normal_quantile",
    "normal_tail",
    "normal_to_student",
    "student_quantile",
    "student_to_normal",
]
