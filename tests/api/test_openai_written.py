import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from api.generate import Writer
from api.language_model import LanguageModel
from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from qa.pipeline import Pipeline

TALKS = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."
LISTED = "- [1] [US, Russia to meet, AFP, 2016-12-08](<https://example.org/aleppo>)"
QUOTED = f"**{TALKS}** [1]\n\nSources:\n\n{LISTED}"


@pytest.fixture
def service(corpus: Corpus, pipeline: Pipeline, settings: Settings, llm: Any) -> Iterator[Service]:
    """With the language model behind it."""
    writer = Writer(LanguageModel(llm.url, "m-1", timeout_s=0.5))
    yield Service(corpus, pipeline, settings, writer=writer)
    writer.close()


def body(question: str, **fields: object) -> dict[str, object]:
    messages = [{"role": "user", "content": question}]
    return {"model": "dateline", "messages": messages} | fields


def message(client: TestClient, question: str = "who will meet tomorrow in Geneva?") -> Any:
    found = client.post("/v1/chat/completions", json=body(question)).json()
    return found["choices"][0]["message"] | {"citations": found["citations"]}


def streamed(client: TestClient) -> tuple[list[str], Any]:
    request = body("who will meet tomorrow in Geneva?", stream=True)
    lines = client.post("/v1/chat/completions", json=request).text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    deltas = [event["choices"][0]["delta"] for event in events]
    return [delta["content"] for delta in deltas if "content" in delta], events[-1]["citations"]


def test_a_message_is_written_with_its_sources(client: TestClient, llm: Any) -> None:
    llm.says("They meet “in Gen", "eva” [1]. It is *so* [1].")
    found = message(client)
    text = "They meet “in Geneva” [1]. It is \\*so\\* [1]."
    assert found["content"] == f"{text}\n\nSources:\n\n{LISTED}"
    marks = [one["url_citation"] for one in found["annotations"]]
    assert [text[one["start_index"] : one["end_index"]] for one in marks] == ["[1]", "[1]"]
    (cited,) = found["citations"]
    assert cited["quote"].startswith("Syrian warplanes")  # the passage that the text was made from


def test_a_stream_comes_word_by_word(client: TestClient, llm: Any) -> None:
    llm.says("They me", "et [1", "].")
    pieces, cited = streamed(client)
    assert pieces == ["", "They ", "meet ", "[1].", "\n", "\n", "Sources:\n", "\n", LISTED]
    assert [one["number"] for one in cited] == [1]


def test_what_is_wrong_with_a_text_is_said_below_it(client: TestClient, llm: Any) -> None:
    llm.says("They “made peace” [1][7].")
    assert message(client)["content"] == (
        "They “made peace” [1][7].\n\nNote: [7] stands for no passage.\n\n"
        f"Note: “made peace” does not stand in [1].\n\nSources:\n\n{LISTED}"
    )


def test_a_text_that_names_no_source_has_all_below_it(client: TestClient, llm: Any) -> None:
    llm.says("They meet.")
    found = message(client)
    assert found["content"].startswith("They meet.\n\nNote: the text cites no passage.\n\nSources:")
    assert [one["number"] for one in found["citations"]] == [1, 2]
    assert found["annotations"] == []


@pytest.mark.parametrize(
    ("status", "sent", "why"),
    [
        (500, [], "the language model answers with HTTP 500"),
        (200, [b"data: nonsense\n\n"], "the language model does not keep to the protocol"),
        (200, [1.0], "the language model took longer than 0.5 s"),
        (200, itertools.repeat(b": wait\n\n"), "the language model would not stop"),
    ],
)
def test_where_nothing_is_written_the_answer_is_quoted(
    client: TestClient, llm: Any, status: int, sent: list[bytes | float], why: str
) -> None:
    llm.status, llm.body = status, sent
    expected = f"{QUOTED}\n\nNote: {why}; this is quoted instead."
    assert message(client)["content"] in (
        expected,
        expected.replace("would not stop", "took longer than 0.5 s"),
    )
    llm.body = sent
    pieces, cited = streamed(client)
    assert "".join(pieces).startswith(QUOTED)
    assert [one["quote"] for one in cited] == [TALKS]


def test_a_text_that_breaks_off_is_not_shown_where_it_can_be_helped(
    client: TestClient, llm: Any
) -> None:
    llm.says("They agreed to ")
    llm.body = [*llm.body[:2], b"data: broken\n\n"]
    assert message(client)["content"].startswith(QUOTED)


def test_a_stream_that_breaks_off_goes_on_with_the_quoted_answer(
    client: TestClient, llm: Any
) -> None:
    llm.says("They agreed [2] to everything and ")
    llm.body = [*llm.body[:2], b"data: broken\n\n"]
    pieces, cited = streamed(client)
    start = "They agreed [2] to everything and "
    why = "the language model does not keep to the protocol"
    assert "".join(pieces).startswith(
        f"{start}…\n\nNote: {why}; this is quoted instead.\n\n**{TALKS}** [1]\n\nSources:\n\n- [1] "
    )
    assert [one["number"] for one in cited] == [1, 2]
    assert cited[0]["quote"] == TALKS


def test_without_an_answer_nothing_is_written(client: TestClient, llm: Any) -> None:
    found = message(client, "who won the world cup?")
    assert found["content"].startswith("No answer was found in the articles.")
    assert llm.asked == []


def test_a_client_that_leaves_ends_the_writing(url: str, service: Service, llm: Any) -> None:
    service.writer = Writer(LanguageModel(llm.url, "m-1", timeout_s=60))
    sent = b'data: {"choices": [{"delta": {"content": "on "}}]}\n\n'
    llm.body = itertools.chain.from_iterable(itertools.repeat((sent, 0.02)))
    request = body("who will meet tomorrow in Geneva?", stream=True)
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=request) as response:
        assert b"on " in next(part for part in response.iter_raw() if b"on " in part)
    start = time.monotonic()
    assert llm.left.wait(20)
    assert time.monotonic() - start < 10
    service.writer.close()
