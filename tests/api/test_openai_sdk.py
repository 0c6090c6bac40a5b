"""OpenAI's own client against a real server: it must find everything where it looks for it."""

import asyncio

import numpy as np
import pytest

from index.embedders.hashing import HashingEmbedder

openai = pytest.importorskip("openai")

GENEVA = [{"role": "user", "content": "who will meet tomorrow in Geneva?"}]
TALKS = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."


def at(url: str, key: str = "any") -> "openai.OpenAI":
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def test_a_question_is_answered(url: str) -> None:
    with at(url) as client:
        found = client.chat.completions.create(model="dateline", messages=GENEVA, temperature=0)
    message = found.choices[0].message
    assert message.content.startswith(f"**{TALKS}** [1]")
    assert message.annotations[0].url_citation.url == "https://example.org/aleppo"
    assert found.citations[0]["quote"] == TALKS
    assert found.usage.total_tokens > found.usage.completion_tokens > 0


def test_an_answer_can_be_sent_back_as_an_earlier_turn(url: str) -> None:
    with at(url) as client:
        first = client.chat.completions.create(model="dateline", messages=GENEVA)
        follow = {"role": "user", "content": "when did the harbour of Östmere reopen?"}
        messages = [*GENEVA, first.choices[0].message, follow]
        second = client.chat.completions.create(model="dateline", messages=messages)
    assert "reopened on Monday" in second.choices[0].message.content


def test_a_follow_up_is_streamed_as_it_was_understood(url: str) -> None:
    with at(url) as client:
        first = client.chat.completions.create(model="dateline", messages=GENEVA)
        follow = {"role": "user", "content": "and in Aleppo?"}
        messages = [*GENEVA, first.choices[0].message, follow]
        with client.chat.completions.stream(model="dateline", messages=messages) as stream:
            said = stream.get_final_completion().choices[0].message.content
        off = {"follow_up": False}
        typed = client.chat.completions.create(model="dateline", messages=messages, extra_body=off)
    assert said.startswith("Understood as: who will meet ")
    assert said.partition("\n")[0].endswith(" in Aleppo?")
    assert "Understood as" not in typed.choices[0].message.content


def test_a_stream_is_put_together(url: str) -> None:
    with at(url) as client:
        options = {"include_usage": True}
        with client.chat.completions.stream(
            model="dateline", messages=GENEVA, stream_options=options
        ) as stream:
            pieces = [event.delta for event in stream if event.type == "content.delta"]
            final = stream.get_final_completion()
    assert "".join(pieces) == final.choices[0].message.content
    assert final.choices[0].message.content.startswith(f"**{TALKS}** [1]")
    assert final.choices[0].finish_reason == "stop"
    assert final.usage.total_tokens > 0


def test_a_stream_is_read_event_by_event_by_many_at_once(url: str) -> None:
    async def one(client: "openai.AsyncOpenAI") -> str:
        stream = await client.chat.completions.create(
            model="dateline", messages=GENEVA, stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def many() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any") as client:
            return await asyncio.gather(*(one(client) for _ in range(8)))

    found = asyncio.run(many())
    assert set(found) == {found[0]}
    assert found[0].startswith(f"**{TALKS}** [1]")


def test_the_models_are_listed(url: str) -> None:
    with at(url) as client:
        assert [one.id for one in client.models.list()] == ["dateline", "hashing-256"]
        assert client.models.retrieve("dateline").owned_by == "dateline"


@pytest.mark.parametrize("form", ["float", openai.omit])
def test_texts_are_embedded_in_either_encoding(url: str, form: object) -> None:
    texts = ["the harbour", "Geneva"]
    with at(url) as client:
        found = client.embeddings.create(model="hashing-256", input=texts, encoding_format=form)
    rows = [one.embedding for one in found.data]
    assert np.allclose(rows, HashingEmbedder().embed_queries(texts))


def test_errors_are_of_the_kinds_that_the_client_knows(url: str, locked_url: str) -> None:
    with at(locked_url, "wrong") as client, pytest.raises(openai.AuthenticationError) as locked:
        client.chat.completions.create(model="dateline", messages=GENEVA)
    assert locked.value.code == "invalid_api_key"
    with at(locked_url, "secret") as client:
        assert client.models.list().data[0].id == "dateline"
    with at(url) as client:
        with pytest.raises(openai.NotFoundError) as unknown:
            client.chat.completions.create(model="gpt-4o", messages=GENEVA)
        assert unknown.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="dateline", messages=GENEVA, n=2)
        assert (refused.value.param, refused.value.type) == ("n", "invalid_request_error")
        with pytest.raises(openai.APIStatusError) as large:
            client.embeddings.create(model="hashing-256", input=["x" * 31_000] * 70)
        assert large.value.status_code == 413


def test_an_async_client_is_answered(url: str) -> None:
    async def ask() -> str:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any") as client:
            found = await client.chat.completions.create(model="dateline", messages=GENEVA)
            return str(found.choices[0].message.content)

    assert asyncio.run(ask()).startswith(f"**{TALKS}** [1]")
