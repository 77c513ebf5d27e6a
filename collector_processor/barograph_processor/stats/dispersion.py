"""How widely losses are spread, beside yes/no losses of the same mean."""

from barograph_processor.stats.array import Floats

__all__ = ["Dispersion"]

_PRIOR = 5.0


class Dispersion:
    """The variance of losses in ``[0, 1]``, over that of yes/no losses with the same mean.

    It is exactly 1 of yes/no losses, which nothing can exceed, and small of scores that are
    close to each other. Five losses are added that were spread as yes/no losses are, so that
    a few that happen to agree say little.

    State: 3 numbers. Not locked: one writer.

    Examples:
        >>> import numpy as np
        >>> spread = Dispersion()
        >>> spread.update(np.array([0.0, 1.0, 0.0]))
        >>> spread.ratio
        1.0
        >>> spread.update(np.full(997, 1 / 3))
        >>> round(spread.ratio, 3)
        0.008
    """

    def __init__(self) -> None:
        self._n, self._sum, self._inside = 0, 0.0, 0.0

    @property
    def ratio(self) -> float:
        """In ``(0, 1]``; 1 before any loss."""
        widest = self._sum * (1 - self._sum / max(self._n, 1))
        if self._inside <= 0 or widest <= 0:
            return 1.0
        own = max(1 - self._inside / widest, 0.0)
        return (own * self._n + _PRIOR) / (self._n + _PRIOR)

    def update(self, losses: Floats) -> None:
        """Take losses, shape ``(n,)``, each in ``[0, 1]``."""
        self._n += len(losses)
        self._sum += float(losses.sum())
        # What keeps a loss from being a yes or a no; the variance lacks just that.
        self._inside += float((losses * (1 - losses)).sum())

    def state(self) -> list[float]:
        """Return what `restore` takes."""
        return [self._n, self._sum, self._inside]

    def restore(self, state: list[float]) -> None:
        """Continue where `state` was taken."""
        n, total, inside = state
        self._n, self._sum, self._inside = int(n), float(total), float(inside)
