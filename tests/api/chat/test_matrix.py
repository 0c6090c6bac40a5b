"""The Matrix bot with a homeserver played by a few routes; test_matrix_server has a real one."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Never

import nio
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from api.chat import matrix_bot
from api.chat.asking import BUSY, FAILED, TOO_LONG, USAGE
from api.chat.matrix import expect_account, serve
from api.chat.matrix_bot import Bot
from api.service import Service
from api.settings import Settings
from index.errors import InvalidInput, NotAllowed, Overloaded, Unreachable

ME = "@news:example.org"
ADA = "@ada:example.org"
ROOM = "!room:example.org"
BY_TOKEN = {"matrix_token": "right"}


class Homeserver:
    """Hands out what it was given to hand out, and remembers what it was sent."""

    def __init__(self) -> None:
        self.batches: list[dict[str, Any] | int] = []
        self.sent: dict[str, tuple[str, dict[str, Any]]] = {}
        self.joined: list[str] = []
        self.signed_out = 0
        self.failures: list[int] = []
        self.url = ""
        self._count = 0
        self.app = FastAPI()
        for method, path, call in (
            ("GET", "account/whoami", self.whoami),
            ("POST", "login", self.login),
            ("POST", "logout", self.logout),
            ("GET", "profile/{user}/displayname", self.name),
            ("GET", "sync", self.sync),
            ("POST", "join/{room}", self.join),
            ("PUT", "rooms/{room}/send/{kind}/{transaction}", self.send),
        ):
            self.app.add_api_route(f"/_matrix/client/v3/{path}", call, methods=[method])

    async def whoami(self, request: Request) -> Response:
        if request.headers["authorization"] != "Bearer right":
            return JSONResponse({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid token"}, 401)
        return JSONResponse({"user_id": ME, "device_id": "D"})

    async def login(self, request: Request) -> Response:
        if (await request.json())["password"] != "right":  # noqa: S105
            return JSONResponse({"errcode": "M_FORBIDDEN", "error": "Invalid password"}, 403)
        return JSONResponse({"user_id": ME, "device_id": "D", "access_token": "right"})

    async def logout(self) -> dict[str, str]:
        self.signed_out += 1
        return {}

    async def name(self) -> dict[str, str]:
        return {"displayname": "News Bot"}

    async def sync(self) -> Response:
        self._count += 1
        batch = self.batches.pop(0) if self.batches else {}
        if isinstance(batch, int):
            code = "M_UNKNOWN_TOKEN" if batch == 401 else "M_UNKNOWN"
            return JSONResponse({"errcode": code, "error": "no"}, batch)
        if not batch:
            await asyncio.sleep(0.05)
        return JSONResponse({"next_batch": str(self._count), "rooms": batch})

    async def join(self, room: str) -> Response:
        self.joined.append(room)
        if "gone" in room:
            return JSONResponse({"errcode": "M_NOT_FOUND", "error": "no such room"}, 404)
        return JSONResponse({"room_id": room})

    async def send(self, room: str, transaction: str, request: Request) -> Response:
        if self.failures and (status := self.failures.pop(0)):
            return JSONResponse({"errcode": "M_FORBIDDEN", "error": "no"}, status)
        self.sent[transaction] = (room, await request.json())
        return JSONResponse({"event_id": f"$reply-{transaction}"})


@pytest.fixture
def homeserver() -> Iterator[Homeserver]:
    """One on a real port, since the client has a network of its own."""
    server = Homeserver()
    uvicorn_server = uvicorn.Server(uvicorn.Config(server.app, port=0, log_config=None))
    thread = threading.Thread(target=uvicorn_server.run)
    thread.start()
    while not uvicorn_server.started:
        time.sleep(0.01)
    port = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    yield server
    uvicorn_server.should_exit = True
    thread.join()


def message(event: str, body: str, *, age: int = 0, sender: str = ADA, **more: Any) -> Any:
    return {
        "type": "m.room.message",
        "event_id": event,
        "sender": sender,
        "origin_server_ts": 1,
        "unsigned": {"age": age},
        "content": {"msgtype": "m.text", "body": body},
    } | more


def member(user: str) -> dict[str, Any]:
    return {
        "type": "m.room.member",
        "event_id": f"$member-{user}",
        "sender": user,
        "state_key": user,
        "origin_server_ts": 1,
        "content": {"membership": "join"},
    }


def talk(*events: Any, people: tuple[str, ...] = (ME, ADA)) -> dict[str, Any]:
    """A room with these people, in which these things happened."""
    timeline = {"events": list(events), "limited": False, "prev_batch": "p"}
    state = {"events": [member(user) for user in people]}
    empty: dict[str, Any] = {"events": []}
    return {
        "join": {
            ROOM: {
                "timeline": timeline,
                "state": state,
                "ephemeral": empty,
                "account_data": empty,
                "summary": {"m.joined_member_count": len(people), "m.invited_member_count": 0},
            }
        }
    }


def invitation(room: str, inviter: str) -> dict[str, Any]:
    event = {
        "type": "m.room.member",
        "sender": inviter,
        "state_key": ME,
        "content": {"membership": "invite"},
    }
    return {"invite": {room: {"invite_state": {"events": [event]}}}}


def during(homeserver: Homeserver, desk: Any, done: Callable[[], bool], **options: Any) -> None:
    """Run the bot until something has come about."""

    async def run() -> None:
        client = nio.AsyncClient(homeserver.url, ME, config=nio.AsyncClientConfig(max_timeouts=0))
        client.access_token, client.user_id = "right", ME
        task = asyncio.create_task(Bot(client, desk, **options).run())
        deadline = time.monotonic() + 20
        while not done() and not task.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
        assert time.monotonic() < deadline
        if not task.cancelled():
            task.result()

    asyncio.run(run())


def replies(homeserver: Homeserver) -> dict[str, str]:
    """What was said to which message."""
    contents = [content for _, content in homeserver.sent.values()]
    return {
        content["m.relates_to"]["m.in_reply_to"]["event_id"]: content["body"]
        for content in contents
    }


def test_a_question_is_answered_once(homeserver: Homeserver, shared_service: Service) -> None:
    asked = message("$1", "who will meet in Geneva?")
    homeserver.batches = [talk(asked), talk(asked), talk(message("$2", "what did dockers win?"))]
    during(homeserver, shared_service, lambda: len(homeserver.sent) == 2)
    found = replies(homeserver)
    assert found["$1"].startswith("US officials will meet")
    assert "Dockers won" in found["$2"]
    assert {room for room, _ in homeserver.sent.values()} == {ROOM}


def test_old_messages_notices_and_its_own_are_left_alone(
    homeserver: Homeserver, shared_service: Service
) -> None:
    notice = {"content": {"msgtype": "m.notice", "body": "harbour?"}}
    homeserver.batches = [
        talk(
            message("$old", "harbour?", age=60_000),
            message("$unknown", "harbour?", unsigned={}),
            message("$own", "harbour?", sender=ME),
            message("$notice", "harbour?", **notice),
            {"type": "m.room.message", "event_id": "$broken", "content": []},
            message("$new", "harbour?"),
        )
    ]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert list(replies(homeserver)) == ["$new"]


def test_among_others_it_waits_to_be_called(
    homeserver: Homeserver, shared_service: Service
) -> None:
    people = (ME, ADA, "@bob:example.org")
    homeserver.batches = [
        talk(message("$1", "harbour?"), message("$2", "News Bot: harbour?"), people=people)
    ]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert list(replies(homeserver)) == ["$2"]


@pytest.mark.parametrize(
    ("body", "said"),
    [("News Bot:", USAGE), ("x" * 1001, TOO_LONG.format(1001, 1000))],
)
def test_what_cannot_be_asked_is_told(
    homeserver: Homeserver, shared_service: Service, body: str, said: str
) -> None:
    homeserver.batches = [talk(message("$1", body))]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert replies(homeserver) == {"$1": said}


class Broken:
    """A desk that answers nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def ask(self, _request: object) -> Never:
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Overloaded("much"), BUSY),
        (Unreachable("secret"), FAILED),
        (RuntimeError("secret"), FAILED),
    ],
)
def test_a_failure_is_told_without_its_reason(
    homeserver: Homeserver, caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    homeserver.batches = [talk(message("$1", "harbour?"))]
    during(homeserver, Broken(error), lambda: bool(homeserver.sent))
    assert replies(homeserver) == {"$1": said}
    assert (str(error) in caplog.text) == (said == FAILED)


@pytest.mark.parametrize(
    ("inviter", "servers", "joins"),
    [
        (ADA, (), True),
        ("@eve:elsewhere.org", (), False),
        ("@eve:elsewhere.org", ("elsewhere.org",), True),
        ("@eve:elsewhere.org", ("*",), True),
        ("@eve:sub.example.org", (), False),
    ],
)
def test_only_who_may_invites_it(
    homeserver: Homeserver,
    shared_service: Service,
    caplog: pytest.LogCaptureFixture,
    inviter: str,
    servers: tuple[str, ...],
    joins: bool,  # noqa: FBT001
) -> None:
    homeserver.batches = [invitation("!x:example.org", inviter)]
    with caplog.at_level(logging.WARNING):
        during(
            homeserver,
            shared_service,
            lambda: bool(homeserver.joined) or "not joining" in caplog.text,
            servers=servers,
        )
    assert homeserver.joined == (["!x:example.org"] if joins else [])


def test_a_room_that_is_gone_ends_nothing(
    homeserver: Homeserver, shared_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    homeserver.batches = [invitation("!gone:example.org", ADA), talk(message("$1", "harbour?"))]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert "cannot join !gone:example.org" in caplog.text


def test_what_is_encrypted_is_answered_once_a_room(
    homeserver: Homeserver, shared_service: Service
) -> None:
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s"}
    events = [
        message(f"${number}", "") | {"type": "m.room.encrypted", "content": secret}
        for number in range(2)
    ]
    homeserver.batches = [talk(*events, message("$3", "harbour?"))]
    during(homeserver, shared_service, lambda: len(homeserver.sent) == 2)
    bodies = sorted(content["body"] for _, content in homeserver.sent.values())
    assert bodies[0] == matrix_bot.ENCRYPTED


def test_it_goes_on_after_errors_of_the_homeserver(
    homeserver: Homeserver, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.chat.matrix_bot.LONGEST_WAIT", 0.01)
    homeserver.batches = [500, 502, talk(message("$1", "harbour?"))]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert list(replies(homeserver)) == ["$1"]


def test_signed_out_elsewhere_it_ends(homeserver: Homeserver, shared_service: Service) -> None:
    homeserver.batches = [401]
    with pytest.raises(NotAllowed, match="does not know the bot any more"):
        during(homeserver, shared_service, lambda: False)


def test_a_refused_reply_ends_nothing(
    homeserver: Homeserver, shared_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    homeserver.failures = [403]
    homeserver.batches = [talk(message("$1", "harbour?")), talk(message("$2", "harbour?"))]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    assert "a reply was refused" in caplog.text
    assert len(homeserver.sent) == 1


class Lost:
    """A client whose connection is lost a few times when it sends."""

    user_id = ME
    homeserver = "http://nowhere"

    def __init__(self, times: int) -> None:
        self.left = times
        self.sent: list[str] = []

    async def room_send(self, room: str, _kind: str, _content: object, tx_id: str) -> object:
        if self.left:
            self.left -= 1
            raise TimeoutError
        self.sent.append(tx_id)
        return nio.RoomSendResponse("$1", room)


@pytest.mark.parametrize(("times", "sent"), [(3, ["t"]), (matrix_bot.TRIES, [])])
def test_a_reply_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, times: int, sent: list[str]
) -> None:
    monkeypatch.setattr("api.chat.matrix_bot.LONGEST_WAIT", 0.001)
    client = Lost(times)

    async def run() -> None:
        await Bot(client, Broken(RuntimeError()))._send(ROOM, {}, "t")

    asyncio.run(run())
    assert client.sent == sent


def test_more_than_can_wait_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async def job() -> None: ...

    async def run() -> None:
        bot = Bot(Lost(0), Broken(RuntimeError()))
        for _ in range(matrix_bot.WAITING + 3):
            bot._put(job)

    asyncio.run(run())
    assert caplog.text.count("one was left out") == 3


def test_a_talk_goes_on_with_whoever_asked(homeserver: Homeserver, shared_service: Service) -> None:
    follow = (
        message("$2", "and in Aleppo?", sender="@bob:example.org"),
        message("$3", "and in Aleppo?"),
    )
    homeserver.batches = [talk(message("$1", "who will meet in Geneva?"))]
    during(homeserver, shared_service, lambda: bool(homeserver.sent))
    homeserver.batches = [talk(*follow)]
    during(homeserver, shared_service, lambda: len(homeserver.sent) == 3)
    found = replies(homeserver)
    assert found["$3"].startswith("Understood as: who will meet in Aleppo?\n\n")
    assert "Understood as" not in found["$2"] + found["$1"]


def serving(homeserver: Homeserver, desk: Any, **settings: str) -> Callable[[], Any]:
    return lambda: serve(desk, Settings(matrix_url=homeserver.url, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "signed_out"),
    [
        ({"matrix_token": "right"}, 0),
        ({"matrix_user": "news", "matrix_password": "right"}, 1),
    ],
)
def test_it_signs_in_and_out(
    homeserver: Homeserver,
    shared_service: Service,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    signed_out: int,
) -> None:
    async def stopped(self: Bot) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(Bot, "_listen", stopped)
    serving(homeserver, shared_service, **settings)()
    assert homeserver.signed_out == signed_out


@pytest.mark.parametrize(
    "settings",
    [{"matrix_token": "wrong"}, {"matrix_user": "news", "matrix_password": "wrong"}],
)
def test_who_is_refused_is_told(
    homeserver: Homeserver, shared_service: Service, settings: dict[str, str]
) -> None:
    with pytest.raises(NotAllowed, match="refuses the bot: Invalid"):
        serving(homeserver, shared_service, **settings)()
    assert homeserver.signed_out == 0


def test_no_homeserver_there_is_told(
    homeserver: Homeserver, url: str, shared_service: Service
) -> None:
    homeserver.url = "http://127.0.0.1:1"
    with pytest.raises(Unreachable, match="cannot reach http"):
        serving(homeserver, shared_service, **BY_TOKEN)()
    homeserver.url = url
    with pytest.raises(Unreachable, match="does not answer as a homeserver does"):
        serving(homeserver, shared_service, **BY_TOKEN)()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"matrix_url": "http://a"},
        {"matrix_url": "http://a", "matrix_user": "news"},
        {"matrix_token": "t"},
    ],
)
def test_without_an_account_it_does_not_start(settings: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="set QA_MATRIX_URL, and QA_MATRIX_TOKEN or"):
        expect_account(Settings(**settings))  # type: ignore[arg-type]
