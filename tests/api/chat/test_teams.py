import base64
import json

import pytest

from api.chat.teams import Teams
from index.errors import InvalidInput
from tests.api.chat.callers import TEAMS, teams, teams_message
from tests.api.chat.house import GENEVA, House

PATH = "/hooks/teams"


def post(house: House, body: bytes, *secrets: str) -> dict[str, object]:
    content, headers = teams(body)
    with house.client(Teams(secrets or [TEAMS], house.asker)) as client:
        response = client.post(PATH, content=content, headers=headers)
    assert response.status_code == 200
    return response.json()  # type: ignore[no-any-return]


def test_a_mention_is_answered_in_the_response(house: House) -> None:
    assert post(house, teams_message(GENEVA)) == {
        "type": "message",
        "textFormat": "xml",
        "text": "<blockquote><b>US officials will meet tomorrow with their Russian counterparts in "
        'Geneva, Kerry said.</b></blockquote><br><br><a href="https://example.org/aleppo">US, '
        "Russia to meet, AFP, 2016-12-08</a><br><br>Also found:<br><br>• The harbour of Östmere "
        "reopened on Monday after a strike of nine days. 🚢 Dockers won a rise of 4.5 percent. "
        "(Harbour reopens, Reuters, 2017-03-06)",
    }


def test_each_team_has_a_secret_of_its_own(house: House) -> None:
    other = base64.b64encode(b"other").decode()
    assert "Geneva" in str(post(house, teams_message(GENEVA), other, TEAMS)["text"])


@pytest.mark.parametrize("secret", ["x", "not base64!", "YQ==="])
def test_a_secret_of_another_form_is_refused_at_the_start(house: House, secret: str) -> None:
    with pytest.raises(InvalidInput, match="QA_TEAMS_SECRET") as caught:
        Teams([secret], house.asker)
    assert secret not in str(caught.value).partition(":")[2].split()


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("<at>Dateline</at> who is it?\n", "who is it?"),
        ('<p><at id="0">My Bot</at>&nbsp;who is it?</p>', "who is it?"),
        ("<at>Dateline</at> is 2 &lt; 3 &amp; so?", "is 2 < 3 & so?"),
        ("who is <at>Dateline</at>it?", "who is it?"),
    ],
)
def test_the_question_is_read_without_html(house: House, text: str, question: str) -> None:
    sent = json.loads(teams_message(""))
    sent["text"] = text
    post(house, json.dumps(sent).encode())
    assert [request.q for request in house.asked] == [question]


def test_a_message_that_begins_a_thread_is_its_authors_talk(house: House) -> None:
    sent = json.loads(teams_message(GENEVA))
    sent["conversation"] = {"id": "19:4b6b@thread.tacv2"}
    post(house, json.dumps(sent).encode())
    assert str(house.asked[0].conversation).endswith(
        "/29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85g"
    )
