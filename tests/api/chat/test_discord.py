import json
import sys

import pytest

from api.build import build_doors
from api.chat.asking import USAGE
from api.chat.discord import Discord
from api.settings import Settings
from index.errors import InvalidInput, MissingExtra
from tests.api.chat.callers import KEY, discord, discord_command
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/discord"
PUBLIC = KEY.verify_key.encode().hex()


@pytest.fixture
def door(house: House) -> Discord:
    return Discord(PUBLIC, house.asker, house.outbox)


def post(house: House, door: Discord, body: bytes) -> dict[str, object]:
    content, headers = discord(body)
    with house.client(door) as client:
        response = client.post(PATH, content=content, headers=headers)
    assert response.status_code == 200
    return response.json()  # type: ignore[no-any-return]


def test_a_ping_is_answered_with_a_pong(house: House, door: Discord) -> None:
    body = b'{"id":"1","application_id":"2","token":"t","type":1,"version":1}'
    assert post(house, door, body) == {"type": 1}


def test_a_command_is_acknowledged_and_its_message_then_changed(
    house: House, door: Discord
) -> None:
    assert post(house, door, discord_command(GENEVA)) == {"type": 5}
    (request,) = house.remote.requests
    assert request.method == "PATCH"
    assert str(request.url) == (
        "https://discord.com/api/v10/webhooks/845027738276462632/A_UNIQUE_TOKEN/messages/@original"
    )
    assert "authorization" not in request.headers
    assert json.loads(request.content) == {
        "content": "> **US officials will meet tomorrow with their Russian counterparts in Geneva, "
        "Kerry said.**\n\n[US, Russia to meet, AFP, 2016-12-08](<https://example.org/aleppo>)\n\n"
        "Also found:\n\n• The harbour of Östmere reopened on Monday after a strike of nine days. "
        "🚢 Dockers won a rise of 4.5 percent. (Harbour reopens, Reuters, 2017-03-06)",
        "allowed_mentions": {"parse": []},
    }


def test_what_cannot_be_asked_is_told_to_one_alone(house: House, door: Discord) -> None:
    said = {"content": USAGE, "allowed_mentions": {"parse": []}, "flags": 64}
    assert post(house, door, discord_command(" ")) == {"type": 4, "data": said}
    assert post(house, door, discord_command("", data={"name": "ask"}))["data"] == said
    assert post(house, door, discord_command(GENEVA, type=3))["data"] == said
    assert house.remote.requests == []


def test_alone_with_the_bot_the_person_is_the_talk(house: House, door: Discord) -> None:
    body = discord_command(GENEVA, guild_id=None, member=None, user={"id": "7"})
    post(house, door, body)
    assert house.asked[0].conversation == "discord:direct/645027906669510667/7"


def test_a_token_cannot_lead_to_another_address(house: House, door: Discord) -> None:
    post(house, door, discord_command(GENEVA, token="../../x?y#z", application_id="@evil"))  # noqa: S106
    assert str(house.remote.requests[0].url) == (
        "https://discord.com/api/v10/webhooks/%40evil/..%2F..%2Fx%3Fy%23z/messages/@original"
    )


@pytest.mark.parametrize("key", ["", "0" * 63, "0" * 62, "0" * 66, "x" * 64, "0x" + "0" * 62])
def test_a_key_of_another_form_is_refused_at_the_start(house: House, key: str) -> None:
    with pytest.raises(InvalidInput, match="QA_DISCORD_PUBLIC_KEY: must be 64 hexadecimal digits"):
        Discord(key, house.asker, house.outbox)


@pytest.mark.parametrize("spelling", ["{:.0}{}", "{1} {0}", "{0}00", "0x{0}"])
def test_another_spelling_of_a_signature_is_refused(
    house: House, door: Discord, spelling: str
) -> None:
    content, headers = discord(discord_command(GENEVA))
    signature = headers["x-signature-ed25519"].decode()
    other = spelling.format(signature, signature.upper())
    with house.client(door) as client:
        changed = {**headers, "x-signature-ed25519": other.encode()}
        assert client.post(PATH, content=content, headers=changed).status_code == 401
        assert client.post(PATH, content=content, headers=headers).status_code == 200


def test_without_its_package_the_extra_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "api.chat.discord")
    monkeypatch.setitem(sys.modules, "nacl.signing", None)
    with pytest.raises(MissingExtra, match=r"needs `pip install 'dateline\[discord\]'`"):
        build_doors(Settings(discord_public_key=PUBLIC), house.asker, house.outbox)
