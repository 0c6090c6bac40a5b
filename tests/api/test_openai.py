import base64
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.settings import Settings
from index.embedders.hashing import HashingEmbedder

GENEVA = "who will meet tomorrow in Geneva?"
TALKS = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."
NAME = "hashing-256"


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    """Every test here only reads."""
    return shared_client


def user(text: object) -> dict[str, object]:
    return {"role": "user", "content": text}


def chat(client: TestClient, *messages: dict[str, object], **fields: object) -> Any:
    body = {"model": "dateline", "messages": list(messages)} | fields
    return client.post("/v1/chat/completions", json=body)


def embeddings(client: TestClient, texts: object, **fields: object) -> Any:
    return client.post("/v1/embeddings", json={"model": NAME, "input": texts} | fields)


def error(response: Any, status: int) -> dict[str, object]:
    assert response.status_code == status, response.text
    found: dict[str, object] = response.json()["error"]
    return found


def test_an_answer_is_a_completion_with_its_source(client: TestClient) -> None:
    found = chat(client, user(GENEVA)).json()
    (choice,) = found["choices"]
    content = (
        f"**{TALKS}** [1]\n\nSources:\n\n"
        "- [1] [US, Russia to meet, AFP, 2016-12-08](<https://example.org/aleppo>)"
    )
    assert choice["message"]["content"] == content
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert (found["object"], found["model"]) == ("chat.completion", "dateline")
    (annotation,) = choice["message"]["annotations"]
    place = annotation["url_citation"]
    assert content[place["start_index"] : place["end_index"]] == "[1]"
    assert place["url"] == "https://example.org/aleppo"


def test_a_citation_points_into_the_stored_text(client: TestClient) -> None:
    (cited,) = chat(client, user(GENEVA)).json()["citations"]
    text = client.get(f"/v1/articles/{cited['article_id']}/text").text
    assert text[cited["start"] : cited["end"]] == cited["quote"] == TALKS
    assert cited["published_at"] == "2016-12-08T14:30:00Z"


def test_an_article_without_an_address_is_cited_by_ours(client: TestClient) -> None:
    found = chat(client, user("when did the harbour of Östmere reopen?")).json()
    (cited,) = found["citations"]
    place = f"{cited['article_id']}&at={cited['start']}-{cited['end']}"
    assert cited["url"] == f"http://testserver/?article={place}"
    assert "<title>Dateline" in client.get(cited["url"]).text


@pytest.mark.parametrize("host", ["[::1", "a b", "x)<b>", "a" * 10 + "/path", "é"])
def test_a_strange_host_is_not_repeated(client: TestClient, host: str) -> None:
    response = client.post(
        "/v1/chat/completions",
        json={"model": "dateline", "messages": [user("when did the harbour reopen?")]},
        headers={"Host": host.encode()},  # type: ignore[dict-item]
    )
    assert response.json()["citations"][0]["url"].startswith("/?article=art_")


def test_no_answer_says_so_with_the_closest_passages(client: TestClient) -> None:
    found = chat(client, user("who won the world cup?")).json()
    content = found["choices"][0]["message"]["content"]
    assert content.startswith("No answer was found in the articles. The closest passages:\n\nThe ")
    assert [one["number"] for one in found["citations"]] == [1, 2]  # copies of a story count once
    for one in found["citations"]:
        text = client.get(f"/v1/articles/{one['article_id']}/text").text
        assert text[one["start"] : one["end"]] == one["quote"]


def test_the_last_message_of_the_user_is_the_question(client: TestClient) -> None:
    found = chat(
        client,
        {"role": "system", "content": "Say that dockers won a rise of 4.5 percent."},
        user("when did the harbour reopen?"),
        {"role": "assistant", "content": None, "tool_calls": [], "annotations": []},
        user(
            [
                {"type": "text", "text": "who will meet tomorrow"},
                {"type": "text", "text": "in Geneva?"},
            ]
        ),
        {"role": "assistant", "content": "Let me"},
    ).json()
    assert found["citations"][0]["quote"] == TALKS


def test_a_question_is_completed_from_the_turns_before_it(client: TestClient) -> None:
    geneva, aleppo = user("who will meet in Geneva?"), user("and in Aleppo?")
    first = chat(client, geneva).json()["choices"][0]["message"]
    found = chat(client, geneva, first, aleppo).json()
    message = found["choices"][0]["message"]
    assert message["content"].startswith("Understood as: who will meet in Aleppo?\n\n")
    marks = [one["url_citation"] for one in message["annotations"]]
    assert [message["content"][one["start_index"] : one["end_index"]] for one in marks] == [
        f"[{one['number']}]" for one in found["citations"]
    ]
    third = chat(client, geneva, first, aleppo, message, user("and in Rome?")).json()
    content = third["choices"][0]["message"]["content"]
    assert content.startswith("Understood as: who will meet in Rome?\n\n")
    typed = chat(client, geneva, first, aleppo, follow_up=False).json()
    assert "Understood as" not in typed["choices"][0]["message"]["content"]


def test_usage_counts_four_bytes_a_token(client: TestClient) -> None:
    found = chat(
        client, {"role": "system", "content": "Östmere"}, user("harbour of Östmere?")
    ).json()
    used = found["usage"]
    content = found["choices"][0]["message"]["content"]
    assert used["prompt_tokens"] == 2 + 5
    assert used["completion_tokens"] == -(-len(content.encode()) // 4)
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]


HARMLESS = {
    "temperature": 0.2,
    "top_p": 1,
    "max_tokens": 5,
    "max_completion_tokens": None,
    "stop": ["\n"],
    "seed": 1,
    "user": "u-1",
    "metadata": {"chat": "1"},
    "logit_bias": {},
    "n": 1,
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "functions": [{"name": "f"}],
    "tool_choice": "auto",
    "response_format": {"type": "text"},
    "modalities": ["text"],
    "logprobs": False,
    "stream": None,
    "stream_options": None,
    "reasoning_effort": "low",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_changes_nothing_is_taken(client: TestClient, name: str) -> None:
    found = chat(client, user(GENEVA), **{name: HARMLESS[name]})
    assert found.json()["citations"][0]["quote"] == TALKS


REFUSED = {
    "n": 2,
    "tool_choice": "required",
    "function_call": {"name": "f"},
    "response_format": {"type": "json_schema", "json_schema": {}},
    "audio": {"voice": "alloy", "format": "wav"},
    "modalities": ["text", "audio"],
    "logprobs": True,
    "top_logprobs": 3,
    "moderation": {"model": "m"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_change_the_answer_is_refused(client: TestClient, name: str) -> None:
    found = error(chat(client, user(GENEVA), **{name: REFUSED[name]}), 400)
    assert (found["type"], found["param"]) == ("invalid_request_error", name)
    assert str(found["message"]).startswith(f"{name}: is not supported: ")


@pytest.mark.parametrize(
    ("messages", "param", "message"),
    [
        ([], "messages", "List should have at least 1 item after validation, not 0"),
        ([{"role": "system", "content": "x"}], "messages", "must hold a message of the role user"),
        ([user("  \n")], "messages", "must hold a message of the role user"),
        ([user(None)], "messages", "must hold a message of the role user"),
        ([user("x" * 1001)], "messages", "the last message of the user has 1,001 characters"),
        ([user("a\0b")], "messages", "must not contain the character NUL"),
        ([{"role": "robot", "content": "x"}], "messages[0].role", "Input should be 'system'"),
        (
            [user([{"type": "image_url", "image_url": {"url": "data:"}}])],
            "messages[0].content[0]",
            "is not supported: only text is read here",
        ),
        ([user(3)], "messages[0].content", "Input should be a valid list"),
    ],
)
def test_messages_without_a_question_are_refused(
    client: TestClient, messages: list[dict[str, object]], param: str, message: str
) -> None:
    found = error(chat(client, *messages), 400)
    assert found["param"] == param
    assert str(found["message"]).startswith(f"{param}: {message}")


def test_half_a_character_is_refused(client: TestClient) -> None:
    body = rb'{"model": "dateline", "messages": [{"role": "user", "content": "a\ud800"}]}'
    kind = {"Content-Type": "application/json"}
    found = error(client.post("/v1/chat/completions", content=body, headers=kind), 400)
    assert found["param"] == "messages[0].content[0].text"
    assert found["message"].endswith(": holds a lone surrogate at character 1")


def test_an_unknown_field_is_refused_as_openai_does(client: TestClient) -> None:
    found = error(chat(client, user(GENEVA), colour="red"), 400)
    assert (found["param"], found["message"]) == (
        "colour",
        "colour: Extra inputs are not permitted",
    )


@pytest.mark.parametrize("model", ["gpt-4o", NAME, "Dateline"])
def test_only_the_model_that_answers_is_asked(client: TestClient, model: str) -> None:
    found = error(chat(client, user(GENEVA), model=model), 404)
    assert (found["code"], found["param"]) == ("model_not_found", "model")
    assert found["message"] == f"there is no model `{model}` for this, only `dateline`"


def test_the_models_are_listed_and_shown(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert [one["id"] for one in listed["data"]] == ["dateline", NAME]
    for one in listed["data"]:
        assert client.get(f"/v1/models/{one['id']}").json() == one
    assert error(client.get("/v1/models/gpt/4"), 404)["code"] == "model_not_found"


def test_texts_are_embedded_as_questions_are(client: TestClient) -> None:
    texts = ["the harbour reopened", "Geneva"]
    expected = HashingEmbedder().embed_queries(texts)
    found = embeddings(client, texts).json()
    assert [one["index"] for one in found["data"]] == [0, 1]
    assert np.allclose([one["embedding"] for one in found["data"]], expected)
    assert found["usage"] == {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7}


def test_vectors_come_in_base64_too(client: TestClient) -> None:
    (one,) = embeddings(client, "Geneva", encoding_format="base64", dimensions=256).json()["data"]
    row = np.frombuffer(base64.b64decode(one["embedding"]), "<f4")
    assert np.array_equal(row, HashingEmbedder().embed_queries(["Geneva"])[0])


@pytest.mark.parametrize(
    ("texts", "fields", "param", "message"),
    [
        ([1, 2], {}, "input", "token arrays are not read: send a string or a list of strings"),
        ([[1, 2]], {}, "input", "token arrays are not read: send a string or a list of strings"),
        ([], {}, "input", "Value should have at least 1 item after validation, not 0"),
        ("", {}, "input[0]", "String should have at least 1 character"),
        ("x" * 32_001, {}, "input[0]", "String should have at most 32000 characters"),
        (
            ["x"] * 2049,
            {},
            "input",
            "Value should have at most 2048 items after validation, not 20",
        ),
        ("x", {"dimensions": 3}, "dimensions", f"the model {NAME} has 256 dimensions"),
        ("x", {"encoding_format": "int8"}, "encoding_format", "Input should be 'float' or"),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    client: TestClient, texts: object, fields: dict[str, object], param: str, message: str
) -> None:
    found = error(embeddings(client, texts, **fields), 400)
    assert found["param"] == param
    assert str(found["message"]).startswith(f"{param}: {message}")


def test_only_the_model_that_embeds_embeds(client: TestClient) -> None:
    found = error(embeddings(client, "x", model="dateline"), 404)
    assert found["message"] == f"there is no model `dateline` for this, only `{NAME}`"


def test_a_key_is_asked_for_in_openais_words(shared_service: Service) -> None:
    locked = TestClient(create_app(Settings(api_keys=("secret",)), shared_service))
    found = error(locked.get("/v1/models"), 401)
    assert (found["type"], found["code"]) == ("invalid_request_error", "invalid_api_key")
    let_in = locked.get("/v1/models", headers={"Authorization": "Bearer secret"})
    assert error(let_in, 503)["type"] == "server_error"  # not started


def test_a_question_is_counted(client: TestClient) -> None:
    def answered() -> float:
        lines = client.get("/metrics").text.splitlines()
        (line,) = (
            one for one in lines if one.startswith('dateline_answers_total{outcome="answered')
        )
        return float(line.split()[-1])

    before = answered()
    chat(client, user(GENEVA))
    assert answered() == before + 1
