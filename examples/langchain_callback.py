"""LangChain: a callback handler that makes a prediction of every call of a chat model.

python examples/langchain_callback.py [http://127.0.0.1:34318]
"""

import sys
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

import barograph


class BarographHandler(BaseCallbackHandler):
    """Watches chat models, whichever chain or agent calls them."""

    def __init__(self) -> None:
        self._running: dict[UUID, barograph.Prediction] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **_: Any,
    ) -> None:
        """Begin a prediction."""
        name = str((serialized or {}).get("name") or "chat-model")
        prediction = barograph.prediction(
            model=name,
            task="generation",
            features={"messages": sum(map(len, messages))},
        )
        self._running[run_id] = prediction.__enter__()

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        """End it with what was generated."""
        prediction = self._running.pop(run_id, None)
        if prediction is not None:
            prediction.output(response.generations[0][0].text)
            prediction.__exit__(None, None, None)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """End it with an error."""
        prediction = self._running.pop(run_id, None)
        if prediction is not None:
            prediction.__exit__(type(error), error, error.__traceback__)


def main(endpoint: str) -> None:
    """Ask a model that knows two answers."""
    barograph.configure(service="chain", endpoint=endpoint)
    model = FakeListChatModel(responses=["It will rain.", "Take an umbrella."])
    for question in ("what is the weather like?", "what do I need?"):
        print(model.invoke(question, config={"callbacks": [BarographHandler()]}).content)
    barograph.reaction(barograph.current_ref(), "accepted")
    print("sent" if barograph.force_flush() else "not sent: is a receiver listening?")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:34318")
