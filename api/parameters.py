"""Query parameters: read by pydantic; what a route does not have is refused, never ignored."""

from typing import Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

NO_SUCH = "this address has no such parameter"

Model = TypeVar("Model", bound=BaseModel)


def read_as(model: type[Model], request: Request) -> Model:
    """The query as a model; what the model does not have is refused.

    FastAPI's own way looks at every annotation anew for each request, which takes longer than all
    the rest of it: 0.15 ms.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """What the OpenAPI document says of such parameters: the same as FastAPI would."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    parameters = []
    for name, found in schema["properties"].items():
        shown = {key: value for key, value in found.items() if (key, value) != ("default", None)}
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": shown,
                "description": found["description"],
            }
        )
    return {"parameters": parameters}


# A coroutine, though it waits for nothing: FastAPI would run a plain function in a thread.
async def _only_declared(request: Request) -> None:
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    # Where a route has parameters, their model forbids all others and names its own.
    if isinstance(route, APIRoute) and _has_own(route):
        return
    if unknown := list(dict.fromkeys(request.query_params)):
        faults = [{"type": "extra", "loc": ("query", name), "msg": NO_SUCH} for name in unknown]
        raise RequestValidationError(faults)


def _has_own(route: APIRoute) -> bool:
    return bool(route.dependant.query_params) or "parameters" in (route.openapi_extra or {})


ONLY_DECLARED = Depends(_only_declared)
