"""Query parameters that a route does not have are refused, never ignored."""

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

NO_SUCH = "this address has no such parameter"


# A coroutine, though it waits for nothing: FastAPI would run a plain function in a thread.
async def _only_declared(request: Request) -> None:
    route = request.scope["route"]
    # Where a route has parameters, their model forbids all others and names its own.
    if isinstance(route, APIRoute) and route.dependant.query_params:
        return
    if unknown := list(dict.fromkeys(request.query_params)):
        faults = [{"type": "extra", "loc": ("query", name), "msg": NO_SUCH} for name in unknown]
        raise RequestValidationError(faults)


ONLY_DECLARED = Depends(_only_declared)
