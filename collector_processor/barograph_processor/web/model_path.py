"""Where one version of a model stands in the API's paths, whatever its name holds."""

from typing import Final
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from barograph_processor.observation import ModelKey

__all__ = ["MODEL_PATH", "asked_model"]


class _Anything(Convertor[str]):
    """As Starlette's ``path``, and over the ends of lines."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())

MODEL_PATH: Final = "{model:anything}"
"""The rest of a route: a name, a slash, and a version."""


def asked_model(request: Request) -> ModelKey:
    """Return which model a path says that a route with `MODEL_PATH` took.

    The version begins behind the last slash that was sent as one: percent-encoded, a slash
    may be in either.
    """
    version = unquote(request.scope["raw_path"].rpartition(b"/")[2].decode("ascii"))
    name = request.path_params["model"].removesuffix(version).removesuffix("/")
    return ModelKey(name, version)
