"""The SDK and the processor import nothing of each other, and hold the same names."""

import barograph.semconv
import barograph_processor.semconv


def test_both_sides_speak_of_the_same_names() -> None:
    sdk, processor = barograph.semconv, barograph_processor.semconv
    assert sdk.__all__ == processor.__all__
    for name in sdk.__all__:
        assert getattr(sdk, name) == getattr(processor, name), name
