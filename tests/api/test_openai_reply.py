import pytest
from starlette.testclient import TestClient

from api.openai_reply import assembled, passages, quotation, tokens
from api.schemas import AskResponse
from api.schemas_openai_out import Source

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def answer(shared_client: TestClient) -> AskResponse:
    """About the strike, with an answer in each of two copies of its article."""
    found = shared_client.post("/v1/ask", json={"q": "when did the harbour of Östmere reopen?"})
    return AskResponse.model_validate(found.json())


def source(**fields: object) -> Source:
    known = dict.fromkeys(("title", "url", "quote", "article_id", "passage_id"), "x")
    nothing = dict.fromkeys(("source", "published_at"))
    return Source.model_validate(known | nothing | {"number": 1, "start": 0, "end": 1} | fields)


def test_every_place_of_the_answer_is_cited(answer: AskResponse) -> None:
    found = quotation(answer, SITE)
    sentence = "The harbour of Östmere reopened on Monday after a strike of nine days."
    assert found.content.partition("\n")[0] == f"**{sentence}** [1][2]"
    marks = [
        found.content[one.url_citation.start_index : one.url_citation.end_index]
        for one in found.annotations
    ]
    assert marks == ["[1]", "[2]"]
    assert [one.number for one in found.citations] == [1, 2]


def test_an_answer_stands_in_bold_in_its_sentence(answer: AskResponse) -> None:
    best = answer.answers[0]
    start = best.citation.sentence.text.index("nine days")
    quote = best.citation.quote.model_copy(update={"exact": "nine days"})
    place = {"start": start, "end": start + 9, "quote": quote}
    cited = best.citation.model_copy(update=place)
    best = best.model_copy(update={"text": "nine days", "citation": cited, "also": []})
    found = quotation(answer.model_copy(update={"answers": [best]}), SITE)
    assert found.content.startswith("The harbour of Östmere reopened on Monday after a strike of ")
    assert "**nine days**. [1]\n" in found.content
    assert found.citations[0].quote == "nine days"


def test_only_the_web_is_linked_to(answer: AskResponse) -> None:
    found = [
        answer.passages[0].model_copy(update={"url": url})
        for url in ("javascript:alert(1)", "https://example.org/a b>)\n[x](y)", None)
    ]
    cited = passages(answer.model_copy(update={"passages": found}), SITE)
    own = f"{SITE}/?article={found[0].article_id}&at={found[0].start}-{found[0].end}"
    linked = "https://example.org/a%20b%3E%29%0A[x]%28y%29"
    assert [one.url for one in cited] == [own, linked, own]


def test_without_passages_there_is_nothing_to_cite(answer: AskResponse) -> None:
    found = quotation(answer.model_copy(update={"answers": [], "passages": []}), SITE)
    assert (found.content, found.annotations) == ("No answer was found in the articles.", [])


def test_a_title_breaks_no_link() -> None:
    found = assembled(["x ", 1], [source(title="a](b) [c\n* d", url="https://e.org")])
    assert found.content == (
        "x [1]\n\nSources:\n\n- [1] [a&#93;&#40;b) &#91;c \\* d, ](<https://e.org>)".replace(
            ", ]", "]"
        )
    )


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("日本", 2)]
)
def test_a_token_is_four_bytes(text: str, count: int) -> None:
    assert tokens(text) == count
