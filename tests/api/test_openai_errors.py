import asyncio

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.errors import respond
from api.openai_errors import OpenAIErrors, error
from api.problems import Fault, problem


def through(path: str, code: str) -> TestClient:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(problem(code, "why"), {"Allow": "POST"})(scope, receive, send)

    return TestClient(OpenAIErrors(refusing), raise_server_exceptions=True)


@pytest.mark.parametrize(
    ("code", "status", "kind", "name"),
    [
        ("unauthenticated", 401, "invalid_request_error", "invalid_api_key"),
        ("forbidden", 403, "invalid_request_error", "forbidden"),
        ("payload_too_large", 413, "invalid_request_error", "payload_too_large"),
        ("invalid_parameter", 400, "invalid_request_error", "invalid_value"),
        ("malformed_json", 400, "invalid_request_error", "malformed_json"),
        ("overloaded", 429, "rate_limit_error", "rate_limit_exceeded"),
        ("rate_limited", 429, "rate_limit_error", "rate_limit_exceeded"),
        ("internal", 500, "server_error", "internal"),
        ("not_ready", 503, "server_error", "not_ready"),
    ],
)
def test_a_problem_leaves_in_openais_shape(code: str, status: int, kind: str, name: str) -> None:
    response = through("/v1/models", code).get("/v1/models")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["allow"] == "POST"
    assert response.json() == {
        "error": {"message": "why", "type": kind, "param": None, "code": name}
    }


def test_what_a_status_asks_for_stays_in_the_headers() -> None:
    busy = through("/v1/models", "overloaded").get("/v1/models/x")
    assert busy.headers["retry-after"] == "1"
    assert int(busy.headers["content-length"]) == len(busy.content)
    locked = through("/v1/models", "unauthenticated").get("/v1/embeddings")
    assert locked.headers["www-authenticate"] == 'Bearer realm="dateline"'


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/modelss", "/v1/chatter", "/models", "/"])
def test_other_routes_keep_their_problems(path: str) -> None:
    response = through(path, "not_found").get(path)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("pointer", "param"),
    [
        ("/messages/0/content/2", "messages[0].content[2]"),
        ("/model", "model"),
        ("/a~1b/~0c", "a/b.~c"),
    ],
)
def test_a_pointer_becomes_a_path(pointer: str, param: str) -> None:
    fault = Fault(pointer=pointer, detail="is wrong")
    found = error(problem("invalid_parameter", "x", fault)).error
    assert (found.param, found.message) == (param, f"{param}: is wrong")


def test_what_is_wrong_with_the_whole_body_has_no_path() -> None:
    found = error(problem("invalid_parameter", "x", Fault(pointer="", detail="is wrong"))).error
    assert (found.param, found.message) == (None, "is wrong")


def test_a_missing_model_is_told_from_a_missing_route() -> None:
    assert error(problem("not_found")).error.code == "model_not_found"
    assert error(problem("not_found"), found=False).error.code == "not_found"


def test_what_is_no_request_passes() -> None:
    seen: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})

    async def send(message: Message) -> None:
        seen.append(message)

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    asyncio.run(OpenAIErrors(app)({"type": "lifespan"}, receive, send))
    assert seen == [{"type": "lifespan.startup.complete"}]
