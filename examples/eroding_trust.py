"""An assistant whose answers are edited more and more. No label ever says so.

    python examples/eroding_trust.py

Support agents get a draft for every ticket and send it as it is, edit it, or throw it
away. From the second month on, a source that the drafts rest on is no longer kept up:
agents change more of each draft, then begin to write their own. Latency, errors and the
drafts' own confidence stay as they were.
"""

import numpy as np

from history import moments, replayed

CONFIG = """
[model]
name = "ticket-drafts"
task = "generation"
[columns]
time = "written"
id = "ticket"
confidence = "confidence"
reaction = "agent"
reaction_magnitude = "changed"
slices = ["queue"]
[reference]
rows = 6000
[window]
rows = 300
[alarm]
windows_between_false_alarms = 1000
"""
SILENT = 0.25


def main() -> None:
    """Write three months of tickets and replay them."""
    rng = np.random.default_rng(1)
    n, turned = 18_000, 9_000
    # How far the sources are behind, from 0 to 1.
    stale = np.clip((np.arange(n) - turned) / 6_000, 0, 1)
    draw = rng.random(n)
    rejected = draw < 0.04 + 0.10 * stale
    edited = ~rejected & (draw < 0.30 + 0.45 * stale)
    silent = rng.random(n) < SILENT
    agent = np.where(rejected, "rejected", np.where(edited, "edited", "accepted"))
    changed = np.clip(rng.beta(2, 6, n) + 0.35 * stale, 0, 1)
    replayed(
        CONFIG,
        {
            "written": moments(n, every=430),
            "ticket": [f"T-{k}" for k in range(n)],
            "confidence": np.round(rng.beta(8, 3, n), 3),
            "queue": rng.choice(["billing", "delivery", "returns"], n),
            "agent": np.where(silent, "", agent),
            "changed": np.where(edited & ~silent, np.round(changed, 3), np.nan),
        },
    )


if __name__ == "__main__":
    main()
