import base64
import json
import sys
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from microsoft_teams.apps import App, FastAPIAdapter
from starlette.testclient import TestClient

from api.build import build_doors
from api.chat.teams_bot import TeamsBot
from api.settings import Settings
from index.errors import InvalidInput, MissingExtra
from tests.api.chat.bot_caller import BOT, SMBA, bot_message, teams_bot
from tests.api.chat.house import GENEVA, House
from tests.api.wire import Request

PATH = "/hooks/teams-bot"
HOUR = 3600


@pytest.fixture
def door(house: House) -> TeamsBot:
    return TeamsBot(App(client_id=BOT, client_secret="s"), house.asker, house.outbox)  # noqa: S106


def post(house: House, door: TeamsBot, request: Request) -> int:
    """The status; what was promised is done as well."""
    body, headers = request
    with house.client(door) as client:
        return client.post(PATH, content=body, headers=headers).status_code


def test_a_message_is_acknowledged_and_answered_where_it_was_written(
    house: House, door: TeamsBot
) -> None:
    assert post(house, door, teams_bot(bot_message(GENEVA))) == 200
    (request,) = house.remote.requests
    assert str(request.url) == f"{SMBA}v3/conversations/19%3Aab12%40thread.v2/activities"
    assert request.headers["authorization"] == "Bearer of-the-bot"
    said = json.loads(request.content)
    assert said.pop("text").startswith("<blockquote><b>US officials will meet tomorrow")
    assert said == {
        "type": "message",
        "from": {"id": f"28:{BOT}", "name": "Dateline"},
        "recipient": {
            "id": "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g",
            "name": "Ada",
        },
        "conversation": {"id": "19:ab12@thread.v2"},
        "replyToId": "1485607064251",
        "textFormat": "xml",
    }
    assert [asked.q for asked in house.asked] == [GENEVA]


def test_in_a_channel_the_thread_is_the_talk(house: House, door: TeamsBot) -> None:
    place = {"id": "19:4b6b@thread.tacv2;messageid=148"}
    post(house, door, teams_bot(bot_message(GENEVA, conversation=place)))
    assert house.asked[0].conversation == "teams-bot:19:4b6b@thread.tacv2;messageid=148/"


@pytest.mark.parametrize("kind", ["typing", "conversationUpdate", "messageReaction", "invoke"])
def test_what_is_no_message_is_left_alone(house: House, door: TeamsBot, kind: str) -> None:
    assert post(house, door, teams_bot(bot_message(GENEVA, type=kind))) == 200
    assert house.asked == []


OTHER = rsa.generate_private_key(65537, 2048)


def signed(key: object, algorithm: str | None = "RS256", kid: str = "microsoft") -> Request:
    """Everything right but who signed it, or how."""
    body, headers = teams_bot(bot_message(GENEVA))
    claims = jwt.decode(headers["authorization"][7:], options={"verify_signature": False})
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})  # type: ignore[arg-type]
    return body, {"authorization": b"Bearer " + token.encode()}


def respelled() -> Request:
    """The same signature with a bit of the last letter set that stands for nothing."""
    body, headers = teams_bot(bot_message(GENEVA))
    token = headers["authorization"]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = bytes([letters[letters.index(token[-1:]) + 1]])
    signatures = [one.rpartition(b".")[2] + b"==" for one in (token, token[:-1] + other)]
    assert len({base64.urlsafe_b64decode(one) for one in signatures}) == 1
    return body, {"authorization": token[:-1] + other}


UNBELIEVED: dict[str, Callable[[], Request]] = {
    "issuer of a tenant": lambda: teams_bot(
        bot_message(GENEVA), iss="https://sts.windows.net/72f988bf/"
    ),
    "another issuer": lambda: teams_bot(bot_message(GENEVA), iss="https://evil.example"),
    "for another bot": lambda: teams_bot(bot_message(GENEVA), aud="another-bot"),
    "expired": lambda: teams_bot(bot_message(GENEVA), -HOUR - 301),
    "not valid yet": lambda: teams_bot(bot_message(GENEVA), 1e10),
    "for another address": lambda: teams_bot(
        bot_message(GENEVA), serviceurl="https://evil.example/"
    ),
    "for no address": lambda: teams_bot(bot_message(GENEVA), serviceurl=None),
    "with another address": lambda: teams_bot(
        bot_message(GENEVA, serviceUrl="https://evil.example/")
    ),
    "with no address": lambda: teams_bot(bot_message(GENEVA, serviceUrl="")),
    "by another key": lambda: signed(OTHER),
    "by a key of another name": lambda: signed(OTHER, kid="another"),
    "unsigned": lambda: signed("", None),
    "by a shared secret": lambda: signed(b"a shared secret of thirty-two bytes", "HS256"),
    "spelt in another way": respelled,
}


@pytest.mark.parametrize("request_", UNBELIEVED.values(), ids=UNBELIEVED)
def test_no_other_token_is_believed(
    house: House, door: TeamsBot, request_: Callable[[], Request]
) -> None:
    assert post(house, door, request_()) == 401
    assert house.asked == []
    assert house.remote.requests == []


def test_without_microsofts_keys_nothing_is_believed(
    house: House, door: TeamsBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: jwt.PyJWKClient) -> object:
        raise jwt.exceptions.PyJWKClientConnectionError("no route")

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", away)
    assert post(house, door, teams_bot(bot_message(GENEVA))) == 503
    assert house.asked == []


def test_microsofts_own_route_reads_our_messages_and_believes_the_same_tokens() -> None:
    """Their framework as a second implementation: what the tests send is what it takes."""
    read: list[str] = []
    adapter = FastAPIAdapter()
    app = App(client_id=BOT, client_secret="s", http_server_adapter=adapter)  # noqa: S106

    @app.on_message
    async def keep(context: object) -> None:
        read.append(context.activity.text)  # type: ignore[attr-defined]

    with TestClient(adapter.app) as client:
        assert client.portal
        client.portal.call(app.initialize)
        for request, status in (
            (teams_bot(bot_message(GENEVA)), 200),
            (signed(OTHER), 401),
            ((bot_message(GENEVA), {}), 401),
        ):
            body, headers = request
            assert client.post("/api/messages", content=body, headers=headers).status_code == status
    assert read == [f"<at>Dateline</at> {GENEVA}"]


def test_both_settings_are_needed(house: House) -> None:
    settings = Settings(teams_app_secret="s")  # noqa: S106
    with pytest.raises(InvalidInput, match="QA_TEAMS_APP_ID"):
        build_doors(settings, house.asker, house.outbox)
    assert build_doors(Settings(teams_app_id=BOT), house.asker, house.outbox) == []


def test_without_its_package_it_names_the_extra(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "microsoft_teams.apps", None)
    settings = Settings(teams_app_secret="s", teams_app_id=BOT)  # noqa: S106
    with pytest.raises(MissingExtra, match=r"needs `pip install 'dateline\[teams\]'`"):
        build_doors(settings, house.asker, house.outbox)
