"""The page's own files, and the plotting library out of its Python package."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

__all__ = ["Assets", "plotly_script"]

_KEEP_BUT_ASK: Final = "no-cache"
"""A browser keeps the file and asks before each use whether it is still the same."""


class Assets(StaticFiles):
    """Static files with an ETag that the browser revalidates, so that an upgrade shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, or with 304 where the browser has it."""
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = _KEEP_BUT_ASK
        return response


@cache
def _plotly() -> tuple[bytes, str]:
    """Return the library compressed, and its ETag. 1.5 MB are kept, 4.8 MB would not be."""
    script = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    etag = hashlib.blake2b(script, digest_size=12).hexdigest()
    return gzip.compress(script, mtime=0), f'"{etag}"'


def plotly_script(request: Request) -> Response:
    """Answer with plotly.js as the installed ``plotly`` package ships it."""
    body, etag = _plotly()
    headers = {"cache-control": _KEEP_BUT_ASK, "etag": etag, "vary": "accept-encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type="text/javascript", headers=headers)
