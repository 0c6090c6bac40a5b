from structlog.contextvars import bound_contextvars

from api.problems import KINDS, STATUSES, Fault, problem


def test_a_problem_carries_what_the_contract_says() -> None:
    with bound_contextvars(request_id="r1"):
        found = problem("invalid_parameter", "no", Fault(pointer="/from", detail="late"))
    assert found.model_dump() == {
        "type": "/problems/invalid_parameter",
        "title": "A value cannot be used",
        "status": 422,
        "detail": "no",
        "code": "invalid_parameter",
        "request_id": "r1",
        "errors": [{"pointer": "/from", "detail": "late"}],
    }


def test_codes_have_the_statuses_of_the_contract() -> None:
    assert {code: kind.status for code, kind in KINDS.items()} == {
        "malformed_json": 400,
        "unauthenticated": 401,
        "forbidden": 403,
        "not_found": 404,
        "method_not_allowed": 405,
        "conflict": 409,
        "payload_too_large": 413,
        "unsupported_media_type": 415,
        "misdirected": 421,
        "invalid_parameter": 422,
        "rate_limited": 429,
        "overloaded": 429,
        "internal": 500,
        "not_ready": 503,
        "engine_unavailable": 503,
        "timeout": 504,
        "storage_full": 507,
    }


def test_a_full_disk_is_not_said_to_have_taken_nothing() -> None:
    assert "nothing" not in KINDS["storage_full"].advice.lower()
    assert "what was stored before" in KINDS["storage_full"].advice


def test_a_status_leads_to_its_first_code() -> None:
    assert STATUSES[429] == "rate_limited"
    assert STATUSES[503] == "not_ready"
    assert STATUSES[404] == "not_found"


def test_words_that_utf_8_cannot_hold_are_made_printable() -> None:
    found = problem("invalid_parameter", "\ud800", Fault(pointer="/\udfff", detail="\ud800x"))
    assert found.detail == "?"
    assert found.errors == [Fault(pointer="/?", detail="?x")]
