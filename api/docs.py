"""The OpenAPI document with its errors, and the page at /docs that is made of it."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, Problem

CODE = re.compile(r"`([^`]+)`")
SCHEMAS = "#/components/schemas/"
KEY = {"type": "http", "scheme": "bearer", "description": "One of QA_API_KEYS, where it is set."}
PROBLEM = {
    "description": "What went wrong",
    "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + "Problem"}}},
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/style.css">
</head>
<body>
<header class="masthead"><h1><a href=".">Dateline</a></h1><p>{title}</p></header>
<main>
<p>{about} The same as a document for machines: <a href="openapi.json">openapi.json</a>.</p>
{routes}
</main>
</body>
</html>
"""


def openapi(api: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with every error as what it really is."""
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            routes=api.routes,
        )
        components = document["components"]
        schemas = components["schemas"]
        problem = Problem.model_json_schema(mode="serialization", ref_template=SCHEMAS + "{model}")
        schemas |= {**problem.pop("$defs"), "Problem": problem}
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        components["securitySchemes"] = {"key": KEY}
        document["security"] = [{}, {"key": []}]
        for _, _, operation in _operations(document):
            operation["responses"].pop("422", None)
            operation["responses"].setdefault("default", PROBLEM)
        api.openapi_schema = document
    return api.openapi_schema


def page(document: Mapping[str, Any]) -> str:
    """Every route with its parameters, in HTML that needs nothing from outside."""
    routes = [_route(document, *found) for found in _operations(document)]
    return PAGE.format(
        title=escape(f"{document['info']['title']} {document['info']['version']}: routes"),
        about=escape(document["info"]["description"]),
        routes="\n".join(routes),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _route(document: Mapping[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [*map(_parameter, operation.get("parameters", ())), *_body(document, operation)]
    table = f"<dl>{''.join(rows)}</dl>" if rows else ""
    about = escape(operation.get("description", ""))
    return f"<section><h2><code>{method} {escape(path)}</code></h2><p>{about}</p>{table}</section>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = {"description": parameter.get("description", ""), **parameter["schema"]}
    return _row(parameter["name"], schema, required=parameter.get("required", False))


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    """A row a field; of a body that may be one thing or another, those of the first."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    schema = (schema.get("oneOf") or schema.get("anyOf") or [schema])[0]
    name = schema.get("$ref", "").removeprefix(SCHEMAS)
    model = document["components"]["schemas"].get(name, {})
    for field, about in model.get("properties", {}).items():
        yield _row(field, about, required=field in model.get("required", ()))


def _row(name: str, schema: Mapping[str, Any], *, required: bool) -> str:
    needed = " (required)" if required else ""
    default = schema.get("default")
    usual = "" if default is None else f" Default: `{json.dumps(default)}`."
    about = CODE.sub(r"<code>\1</code>", escape(schema.get("description", "") + usual, quote=False))
    return f"<dt><code>{escape(name)}</code>{needed}</dt><dd>{about}</dd>"
