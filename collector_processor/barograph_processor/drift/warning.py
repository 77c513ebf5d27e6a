"""What makes a monitor less able or less reliable, as sentences for its owner."""

from barograph_processor.drift.profile import MIN_ROWS, ReferenceProfile
from barograph_processor.drift.proposal import propose_season
from barograph_processor.drift.season import Regressors
from barograph_processor.drift.sentence import subject
from barograph_processor.drift.stability import reference_change

__all__ = ["MIN_REFERENCE_WINDOWS", "PERSISTENT", "reference_warnings"]

MIN_REFERENCE_WINDOWS = 8
"""With fewer windows in the reference the monitor says so, and learns from live ones first."""

PERSISTENT = (
    "windows go on like the ones before them: false alarms can be more frequent than the budget "
    "says, and small drift is found late; longer windows or a longer reference would cure it"
)


def reference_warnings(profile: ReferenceProfile, regressors: Regressors) -> tuple[str, ...]:
    """Return what is wrong with a reference: too short, an undeclared season, drift inside it.

    Args:
        profile: The reference.
        regressors: Of the monitor.
    """
    found = []
    count = len(profile.rows)
    if count < MIN_REFERENCE_WINDOWS:
        found.append(
            f"the reference has {count} windows of at least {MIN_ROWS} rows; below "
            f"{MIN_REFERENCE_WINDOWS} the spread between windows is hardly known, and "
            "drift is found late"
        )
    season = propose_season(profile) if regressors.season is None else None
    if season is not None:
        found.append(
            f"the windows of the reference follow a season: declare season = {season!r}, "
            "if that is how the traffic goes"
        )
    elif change := reference_change(profile, regressors):
        where = "" if change.window is None else f", from its window {change.window} on"
        found.append(
            f"{subject(change.key)} drifts inside the reference{where}: what it drifted to is "
            "normal to this monitor; choose another reference, if that is wrong"
        )
    return tuple(found)
