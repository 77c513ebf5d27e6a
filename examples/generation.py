"""A model that writes text: a stream, the manual form, and what users did with the answers.

    python examples/generation.py [http://127.0.0.1:34318]

No text leaves the process: lengths, words, refusals and repetition do.
"""

import sys
from collections.abc import Iterator

import barograph


@barograph.observe(model="parrot-1", version="2024-10", task="generation")
def stream(prompt: str) -> Iterator[str]:
    """Answer word by word."""
    for word in ("You", "said:", *prompt.split()):
        yield f"{word} "


def main(endpoint: str) -> None:
    """Answer twice, then tell what became of the answers."""
    barograph.configure(service="chat", endpoint=endpoint)

    print("".join(stream("what is the weather like?")))
    answer = barograph.current_ref()
    barograph.reaction(answer, "edited", magnitude=0.3)

    with barograph.prediction(model="parrot-1", version="2024-10", task="generation") as p:
        text = "I'm sorry, I can't help with that."
        p.output(text, confidence=0.2)
    barograph.evaluation(p.ref, "helpfulness", score=0.1, explanation="declined", source="model")
    print(text)
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
