"""Which predictions are kept when there is no room for all: a share of them, by their id."""

import zlib

__all__ = ["Thinning"]


class Thinning:
    """Keeps the ids whose hash is below a rate, which only falls.

    The same ids are kept whatever else is known of their predictions, so that
    estimates stay unbiased; the ids kept at a rate are among those kept at any
    higher one. Not locked; its owner is.

    Attributes:
        rate: The kept share of ids, in (0, 1].
    """

    def __init__(self) -> None:
        self.rate = 1.0

    def halve(self) -> None:
        """Keep half as many from now on."""
        self.rate /= 2

    def keeps(self, name: str) -> bool:
        """Whether an id is kept at the present rate; the same on every machine."""
        if self.rate >= 1.0:
            return True
        return zlib.crc32(name.encode("utf-8", "surrogatepass")) / 2**32 < self.rate
