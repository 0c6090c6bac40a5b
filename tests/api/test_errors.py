import json

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from api.errors import CODES, FAULTS, MANY, UnsupportedMediaType, problem_of, respond
from api.problems import KINDS, Fault, problem
from api.schemas import AskRequest
from index import errors


def test_every_error_of_the_tree_has_a_code_that_exists() -> None:
    tree = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    assert tree - {errors.ServiceError} == set(CODES)
    assert set(CODES.values()) <= set(KINDS)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput("x"), 422),
        (errors.NotFound("x"), 404),
        (errors.NotReady("x"), 503),
        (errors.Overloaded("x"), 429),
        (errors.TooLarge("x"), 413),
        (errors.StorageFull("x"), 507),
        (HTTPException(405), 405),
        (HTTPException(418), 500),
        (UnsupportedMediaType("application/json"), 415),
        (RuntimeError("x"), 500),
    ],
)
def test_errors_have_their_statuses(error: Exception, status: int) -> None:
    assert problem_of(error).status == status


def test_nothing_is_told_about_an_unforeseen_error() -> None:
    assert "secret" not in problem_of(RuntimeError("secret")).model_dump_json()


def test_a_pointer_is_carried_over() -> None:
    found = problem_of(errors.InvalidInput("is late", pointer="/from"))
    assert found.errors == [Fault(pointer="/from", detail="is late")]


def test_pydantics_places_become_pointers() -> None:
    places = [("body", "a/b~c"), ("query", "from"), ("body", MANY, 3, "text"), ("body",)]
    items = [{"type": "missing", "loc": place, "msg": "Value error, m"} for place in places]
    found = problem_of(RequestValidationError(items))
    assert [fault.pointer for fault in found.errors] == ["/a~1b~0c", "/from", "/3/text", ""]
    assert {fault.detail for fault in found.errors} == {"m"}
    assert found.detail == "/a~1b~0c: m (and 3 more)"


def test_a_thousand_errors_are_cut_short_but_counted() -> None:
    items = [{"type": "missing", "loc": ("body", i), "msg": "m"} for i in range(1000)]
    found = problem_of(RequestValidationError(items))
    assert len(found.errors) == FAULTS
    assert found.detail == "/0: m (and 999 more)"


def test_errors_of_a_model_by_itself_have_whole_pointers() -> None:
    with pytest.raises(ValidationError) as caught:
        AskRequest.model_validate({"q": "a", "weights": {"dense": -1}})
    assert problem_of(caught.value).errors[0].pointer == "/weights/dense"


def test_broken_json_is_malformed_with_the_place() -> None:
    items = [{"type": "json_invalid", "loc": ("body", 7), "msg": "m", "ctx": {"error": "no comma"}}]
    found = problem_of(RequestValidationError(items))
    assert (found.code, found.detail) == ("malformed_json", "no comma at character 7")


@pytest.mark.parametrize(
    ("code", "header", "value"),
    [
        ("overloaded", "retry-after", "1"),
        ("not_ready", "retry-after", "1"),
        ("unauthenticated", "www-authenticate", 'Bearer realm="dateline"'),
    ],
)
def test_responses_have_the_headers_that_their_status_asks_for(
    code: str, header: str, value: str
) -> None:
    response = respond(problem(code))
    assert response.headers[header] == value
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(response.body))["code"] == code
