"""Vectors (embeddings) as a few numbers each: norm, random projections, distance."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from barograph_processor.stats.array import Floats
from barograph_processor.stats.column import NumericColumn

__all__ = ["VectorSummary"]

_SCHEMA = 1


@dataclass(frozen=True, slots=True, eq=False)
class VectorSummary:
    """Turns vectors into numeric columns, each of which is watched like any other input.

    Columns: ``norm``; ``projection.0`` and on, on random directions of unit length; and
    ``distance`` from the centre of the reference in reference deviations, which tells
    whether a vector is of the reference's domain. Missed is what leaves all of these as
    they were: a change in few of many directions, or one of the joint shape alone. More
    projections see more, at the cost of one stream each.

    Attributes:
        centre: Mean of the reference's vectors, shape ``(d,)``.
        scale: Deviation of each coordinate, positive, shape ``(d,)``.
        directions: Shape ``(k, d)``, unit length.
    """

    centre: Floats
    scale: Floats
    directions: Floats

    @classmethod
    def learn(cls, vectors: Floats, *, projections: int = 8, seed: int = 0) -> "VectorSummary":
        """Learn from reference vectors.

        Args:
            vectors: Shape ``(n, d)``; rows with a value that is not finite are left out.
            projections: How many random directions.
            seed: Of the directions.

        Raises:
            ValueError: There is no coordinate, or ``projections`` is negative.
        """
        if vectors.ndim != 2 or not vectors.shape[1]:  # noqa: PLR2004 - rows and coordinates
            raise ValueError(f"vectors must have shape (n, d), got {vectors.shape}")
        if projections < 0:
            raise ValueError(f"projections must not be negative, got {projections!r}")
        d = vectors.shape[1]
        fine = vectors[np.isfinite(vectors).all(axis=1)]
        centre = fine.mean(axis=0) if len(fine) else np.zeros(d)
        scale = fine.std(axis=0) if len(fine) else np.ones(d)
        directions = np.random.default_rng(seed).normal(size=(projections, d))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(centre, np.where(scale > 0, scale, 1.0), directions)

    def columns(self, vectors: Floats) -> dict[str, NumericColumn]:
        """Return the columns of vectors of shape ``(n, d)``; missing where one is not finite.

        Raises:
            ValueError: The vectors have another number of coordinates.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.centre):  # noqa: PLR2004 - rows and coordinates
            raise ValueError(f"expected vectors of {len(self.centre)}, got {vectors.shape}")
        broken = np.asarray(~np.isfinite(vectors).all(axis=1))
        whole = np.where(broken[:, None], 0.0, vectors)
        distance = np.sqrt((((whole - self.centre) / self.scale) ** 2).mean(axis=1))
        found = {"norm": np.linalg.norm(whole, axis=1)}
        along = whole @ self.directions.T
        found |= {f"projection.{i}": along[:, i] for i in range(len(self.directions))}
        found["distance"] = distance
        return {
            name: NumericColumn(np.where(broken, np.nan, values)) for name, values in found.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, with a schema version."""
        return {
            "schema": _SCHEMA,
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "directions": self.directions.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "VectorSummary":
        """Return what `to_json` wrote.

        Raises:
            ValueError: The schema version is unknown.
        """
        if data.get("schema") != _SCHEMA:
            raise ValueError(f"a vector summary of unknown schema {data.get('schema')!r}")
        centre, scale = (np.array(data[k], dtype=np.float64) for k in ("centre", "scale"))
        directions = np.array(data["directions"], dtype=np.float64).reshape(-1, len(centre))
        return cls(centre, scale, directions)
