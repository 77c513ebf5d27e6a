"""In what unit people think of losses: shares of wrong classes, errors, or gains."""

from dataclasses import dataclass

from barograph_processor.stats.written import written

__all__ = ["LossUnit"]

_CERTAIN = 1 - 1e-9

Share = tuple[float, float, float]
"""A risk with the ends of its interval, each in [0, 1]."""


@dataclass(frozen=True, slots=True)
class LossUnit:
    """How a risk in [0, 1] is told to people, by what the model predicts.

    All losses are mapped into [0, 1], so that one kind of bet fits all of them. Of classes
    the risk is the share of wrong ones, and of rankings what is left to the gain of 1. An
    error ``e`` of a regression becomes ``e / (e + s)``, with ``s`` the mean error of the
    reference; a risk is told as the error that it is the loss of, the *typical* error: a
    mean in which no single error counts for much, since the map is bounded.

    Attributes:
        task: Of the model; None and all that predict classes are told as shares.
        scale: ``s``, in the unit of what is predicted. Positive.

    References:
        Kolmogorov (1930), Sur la notion de la moyenne: means by a monotone map.
    """

    task: str | None = None
    scale: float = 1.0

    @property
    def is_share(self) -> bool:
        """Whether the risk is the share of predictions that are wrong."""
        return self.task not in ("regression", "ranking")

    @property
    def name(self) -> str:
        """What the figure is: ``risk``, ``typical error`` or ``gain``."""
        return {"regression": "typical error", "ranking": "gain"}.get(self.task or "", "risk")

    @property
    def too_much(self) -> str:
        """What harm is, as a clause."""
        clauses = {"regression": "errors are too large", "ranking": "rankings are too poor"}
        return clauses.get(self.task or "", "too many predictions are wrong")

    def value(self, risk: float) -> float:
        """Return a risk as a number in its unit.

        >>> LossUnit("regression", 800.0).value(0.5)
        800.0
        """
        if self.task == "regression":
            risk = min(risk, _CERTAIN)
            return self.scale * risk / (1 - risk)
        return 1 - risk if self.task == "ranking" else risk

    def figure(self, risk: float) -> str:
        """Return a risk in its unit.

        >>> LossUnit().figure(0.25)
        '25.0%'
        >>> LossUnit("regression", 800.0).figure(0.5)
        '800'
        >>> LossUnit("ranking").figure(0.25)
        '0.750'
        """
        if self.task == "regression":
            return written(self.value(risk))
        return f"{self.value(risk):{'.3f' if self.task == 'ranking' else '.1%'}}"

    def interval(self, share: Share) -> str:
        """Return a risk with its interval.

        >>> LossUnit().interval((0.123, 0.1, 0.15))
        '12.3% (10.0% to 15.0%)'
        >>> LossUnit("ranking").interval((0.3, 0.2, 0.4))
        'a gain of 0.700 (0.600 to 0.800)'
        """
        now, low, high = map(self.figure, share)
        if self.task == "ranking":
            return f"a gain of {now} ({high} to {low})"
        return f"{'typically ' if self.task == 'regression' else ''}{now} ({low} to {high})"

    def loss(self, share: Share) -> str:
        """Say how predictions do, by their risk with its interval.

        >>> LossUnit().loss((0.123, 0.1, 0.15))
        '12.3% wrong (10.0% to 15.0%)'
        >>> LossUnit("regression", 800.0).loss((0.5, 0.4, 0.6))
        'typically off by 800 (533.3 to 1,200)'
        """
        now, low, high = map(self.figure, share)
        if self.task == "ranking":
            return self.interval(share)
        if self.task == "regression":
            return f"typically off by {now} ({low} to {high})"
        return f"{now} wrong ({low} to {high})"
