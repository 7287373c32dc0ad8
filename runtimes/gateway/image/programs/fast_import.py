"""Imports LiteLLM with 6 to 7 s of CPU instead of 11, measured with LiteLLM 1.106.10.

- FastAPI inspects the handler of each route when it is registered. LiteLLM has 650 routes, for its administration and for other APIs, which
  the request filter never lets through. They are not registered.
- Nothing that is imported becomes garbage, but Python's collector examines all of it again and again. It is off during the import, and
  afterwards it ignores what was imported, which also makes its later runs cheaper. It stays off: see collector.py.
"""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Iterator

from request_filter import ALIVE, READY, ROUTES

_PARAMETER = re.compile(r'\{[^}]*\}')


def is_reachable(path: str) -> bool:
    """Whether the request filter lets requests to this path through, by any method. `path` is FastAPI's, with parameters in braces."""
    path = _PARAMETER.sub('x', path)
    return path == READY or path in ALIVE or any(route.fullmatch(path) for route in ROUTES.values())


def skip_unreachable_routes(router_class) -> None:
    """Make FastAPI's `APIRouter` ignore routes that no request can reach. Routers that LiteLLM creates later are included."""
    register = router_class.add_api_route

    def add_api_route(self, path, endpoint, **options) -> None:
        if is_reachable(self.prefix + path):
            register(self, path, endpoint, **options)

    router_class.add_api_route = add_api_route


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Switch the garbage collector off for good, and let its later runs ignore what was created meanwhile."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
