"""For tests of instrumented code: what would have been sent, in memory.

The pytest fixture is in `barograph.testing.fixtures`, so that this package needs no pytest.
"""

from barograph.testing.recorder import Recorder

__all__ = ["Recorder"]
