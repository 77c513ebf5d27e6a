"""Answers in JSON."""

from typing import Any

import orjson
from starlette.responses import JSONResponse, Response

__all__ = ["OrjsonResponse", "error_response"]


class OrjsonResponse(JSONResponse):
    """JSON, with NaN and infinities as null."""

    def render(self, content: Any) -> bytes:
        """Encode."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def error_response(status: int, message: str) -> Response:
    """Say in a sentence what is wrong."""
    return OrjsonResponse({"error": message}, status_code=status)
