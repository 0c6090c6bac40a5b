"""What holds for every door; what only one of them does stands in a file of its own."""

import random
import time

import pytest
from starlette.testclient import TestClient

from api.chat.asking import BUSY, FAILED, SLOW, USAGE
from api.chat.hooks import MOST
from api.schemas import AskRequest, AskResponse
from tests.api.chat.bot_caller import BOT_CALLER
from tests.api.chat.callers import CALLERS, Caller, discord, slack, teams, teams_message
from tests.api.chat.conftest import Wired
from tests.api.chat.house import (
    GENEVA,
    PROBLEM,
    UNKNOWN,
    House,
    Remote,
    assert_harmless,
    forgeries,
    guesses,
    mutated,
)
from tests.api.wire import answers_to

ALL = (*CALLERS, BOT_CALLER)
TOOLS = sorted({caller.tool for caller in ALL})
every = pytest.mark.parametrize("caller", ALL, ids=lambda caller: caller.name)


def asked(
    house: House, caller: Caller, text: str, *, patience: float = 10, until_free: bool = False
) -> str:
    """What the chat shows in the end, and nothing else."""
    body, headers = caller.request(text, len(house.asked))
    with house.client(caller.door(house, patience)) as client:
        response = client.post(caller.path, content=body, headers=headers)
        assert response.status_code == 200
        if until_free:
            assert house.remote.messages == []
    if house.remote.messages:
        (sent,) = house.remote.messages
        return caller.shown(sent)
    return caller.shown(response.json())


@every
def test_a_question_is_answered_with_its_source(house: House, caller: Caller) -> None:
    shown = asked(house, caller, GENEVA)
    assert "US officials will meet tomorrow with their Russian counterparts in Geneva" in shown
    assert "https://example.org/aleppo" in shown
    assert "US, Russia to meet, AFP, 2016-12-08" in shown
    assert "Also found:" in shown
    (request,) = house.asked
    assert (request.q, request.conversation) == (GENEVA, caller.conversation)
    assert request.collapse == "story"


@every
def test_no_answer_is_said_plainly_with_the_closest_passages(house: House, caller: Caller) -> None:
    shown = asked(house, caller, UNKNOWN)
    assert "No answer was found in the articles." in shown
    assert "The closest passages:" in shown
    assert shown.count("•") == 2  # of three articles two have the same text


@every
def test_without_a_question_it_says_how_to_ask(house: House, caller: Caller) -> None:
    assert asked(house, caller, " \u202e ") == USAGE
    assert house.asked == []


@every
def test_a_question_that_is_too_long_is_not_asked(house: House, caller: Caller) -> None:
    asked(house, caller, "a" * 1000)
    house.remote.requests.clear()
    assert asked(house, caller, "b" * 1001).startswith(
        "The question has 1,001 characters; at most 1,000 can be read."
    )
    assert [request.q for request in house.asked] == ["a" * 1000]


@every
def test_a_copy_is_acknowledged_and_not_asked_again(house: House, caller: Caller) -> None:
    body, headers = caller.request(GENEVA)
    with house.client(caller.door(house, 10)) as client:
        for _ in range(3):
            response = client.post(caller.path, content=body, headers=headers)
            assert response.status_code == 200
        again, proof = caller.request(GENEVA, 2)
        assert client.post(caller.path, content=again, headers=proof).status_code == 200
    assert len(house.asked) == 2
    assert len(house.remote.requests) == (2 if caller.later else 0)
    if not caller.later:
        assert "Geneva" not in response.text


@every
def test_what_takes_long_is_acknowledged_in_time(house: House, caller: Caller) -> None:
    house.may_answer.clear()
    start = time.monotonic()
    shown = asked(house, caller, GENEVA, patience=0.05, until_free=True)
    assert time.monotonic() - start < 15
    assert len(house.asked) == 1
    if caller.later:
        assert "US officials will meet" in shown
    else:
        assert shown == SLOW


@every
def test_when_too_much_is_asked_at_once_it_says_so(house: House, caller: Caller) -> None:
    house.may_answer.clear()
    with house.client(caller.door(house, 0.01)) as client:
        for number in range(33):
            body, headers = caller.request(GENEVA, number)
            response = client.post(caller.path, content=body, headers=headers)
            assert response.status_code == 200
    messages = house.remote.messages or [response.json()]
    assert [caller.shown(sent) for sent in messages].count(BUSY) == 1


@every
def test_an_error_is_told_without_its_reason(
    house: House, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: AskRequest) -> AskResponse:
        raise RuntimeError("secret")

    house.ask = fail  # type: ignore[method-assign]
    house.asker._ask = fail
    assert asked(house, caller, GENEVA) == FAILED
    assert "secret" in caplog.text


@every
def test_nothing_in_an_article_is_more_than_text(unsafe_house: House, caller: Caller) -> None:
    shown = asked(unsafe_house, caller, "what has the trawler carried? herring")
    assert_harmless(shown)
    assert shown.count("https://example.org/%22%3E%3Cb%3E%7C%28%40all%29%2A?a=1") == 1


@every
@pytest.mark.parametrize("proof", [b"", b"x", b"\xff\xfe", b"v0=", b"HMAC ", b"Token "])
def test_a_forged_request_is_refused(house: House, caller: Caller, proof: bytes) -> None:
    body, headers = caller.request(GENEVA)
    body = body.replace(b"8f742231b10e8888abcd99yyyzzz85a5", proof.hex().encode())
    with house.client(caller.door(house, 10)) as client:
        for given in (dict.fromkeys(headers, proof), {}):
            response = client.post(caller.path, content=body, headers=given)
            assert response.status_code == 401
            assert response.headers["content-type"] == PROBLEM
            assert response.json()["code"] == "unauthenticated"
            assert response.json()["detail"].startswith(f"{caller.tool}: ")
    assert house.asked == []


@pytest.mark.parametrize("seconds", [-301, -86_400, 302, 1e9])
@pytest.mark.parametrize("caller", [c for c in CALLERS if c.signs], ids=lambda c: c.name)
def test_what_was_signed_at_another_time_is_refused(
    house: House, caller: Caller, seconds: float
) -> None:
    at = time.time() + seconds
    if caller.tool == "teams":
        body, headers = teams(teams_message(GENEVA, at=at))
    else:
        body, headers = caller.prove(caller.body(GENEVA), at)
    with house.client(caller.door(house, 10)) as client:
        response = client.post(caller.path, content=body, headers=headers)
    assert response.status_code == 401
    assert "not within 300 seconds of now" in response.json()["detail"]
    assert house.asked == []


@pytest.mark.parametrize("seconds", [-290, 290])
@pytest.mark.parametrize("prove", [slack, discord])
def test_clocks_may_differ_a_little(house: House, prove: object, seconds: float) -> None:
    caller = next(c for c in CALLERS if c.prove is prove)
    body, headers = caller.prove(caller.body(GENEVA), time.time() + seconds)
    with house.client(caller.door(house, 10)) as client:
        assert client.post(caller.path, content=body, headers=headers).status_code == 200
    assert len(house.asked) == 1


@every
@pytest.mark.parametrize("size", [MOST + 1, 2 * MOST])
def test_a_body_that_is_too_large_is_refused(house: House, caller: Caller, size: int) -> None:
    body, headers = caller.prove(b" " * size)
    with house.client(caller.door(house, 10)) as client:
        response = client.post(caller.path, content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert response.json()["detail"] == "a chat's request may have 262,144 bytes at most"


TOKEN = b'"token": "8f742231b10e8888abcd99yyyzzz85a5"'


@every
@pytest.mark.parametrize(
    "body",
    [
        b"{%s" % TOKEN,
        b"[{%s}]" % TOKEN,
        b"{%s}" % TOKEN,
        b'{%s, "x": \xff}' % TOKEN,
        b'{%s, "x": "\\ud800"}' % TOKEN,
        b'{%s, "message": [1], "message_id": {}, "channel_id": 7, "type": {}, "id": []}' % TOKEN,
        b'{%s, "update_id": null, "event": [], "type": null}' % TOKEN,
        b"token=8f742231b10e8888abcd99yyyzzz85a5&x=%ff%00&payload=7",
        b"{%s,%s" % (TOKEN, b'"x":[' * 10_000),
    ],
)
def test_what_cannot_be_read_is_a_problem(house: House, caller: Caller, body: bytes) -> None:
    body, headers = caller.prove(body)
    with house.client(caller.door(house, 10)) as client:
        response = client.post(caller.path, content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == PROBLEM
    assert house.asked == []


@every
def test_no_changed_request_is_accepted(house: House, caller: Caller) -> None:
    genuine = caller.request(GENEVA)
    app = house.app(caller.door(house, 10))
    token = caller.token(genuine)
    forged = forgeries(genuine, 10_000) if caller.signs else guesses(genuine, token, 10_000)
    assert answers_to(app, caller.path, forged) == {401: 10_000}
    assert house.asked == []


@every
def test_no_genuine_request_makes_it_fail(house: House, caller: Caller) -> None:
    rng = random.Random(9)
    body = caller.body(GENEVA)

    def broken() -> bytes:
        found = body
        for _ in range(rng.randrange(1, 4)):
            found = mutated(rng, found) if found else body
        return found

    requests = (caller.prove(broken()) for _ in range(300))
    statuses = answers_to(house.app(caller.door(house, 10)), caller.path, requests)
    assert set(statuses) <= {200, 400, 401, 422}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_door_without_its_secret_does_not_exist(shared_client: TestClient, tool: str) -> None:
    response = shared_client.post(f"/hooks/{tool}", content=b"{}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["detail"] == shared_client.post("/hooks/none").json()["detail"]


@every
def test_a_secret_opens_its_door_and_no_other(wired: Wired, caller: Caller) -> None:
    remote = Remote()
    body, headers = caller.request(GENEVA)
    with wired(remote, api_keys="a-key", **caller.secrets) as client:
        response = client.post(caller.path, content=body, headers=headers)
        others = {
            client.post(f"/hooks/{tool}").status_code for tool in TOOLS if tool != caller.tool
        }
        assert client.post(caller.path, content=body).status_code in (200, 401)
        assert client.get(caller.path).status_code == 405
        assert client.post(f"{caller.path}?a=b").status_code == 422
        assert client.get("/v1/ask?q=a").status_code == 401
    assert response.status_code == 200
    assert others == {404}
    assert len(remote.requests) == caller.later
    assert "Geneva" in (remote.requests[0].content.decode() if caller.later else response.text)


def test_doors_are_counted_and_are_no_part_of_the_documentation(wired: Wired) -> None:
    body, headers = CALLERS[-1].request(GENEVA)
    with wired(telegram_secret=CALLERS[-1].secrets["telegram_secret"]) as client:
        assert client.post("/hooks/telegram", content=body, headers=headers).status_code == 200
        metrics = client.get("/metrics").text
        assert "/hooks/telegram" not in client.get("/openapi.json").json()["paths"]
    assert 'dateline_answers_total{outcome="answered"} 1.0' in metrics
    assert 'route="/hooks/telegram",status="200"' in metrics


def test_a_tool_may_call_before_the_start_and_tries_again(wired: Wired) -> None:
    caller = CALLERS[-1]
    body, headers = caller.request(GENEVA)
    client = wired(**caller.secrets)
    assert client.post(caller.path, content=body, headers=headers).status_code == 503
    with client:
        assert "Geneva" in client.post(caller.path, content=body, headers=headers).text
