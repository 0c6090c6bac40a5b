import pytest
from starlette.testclient import TestClient

from api.grounding import cited, flags, numbers
from api.schemas import AskResponse, PassageOut

ONE = "Dockers won a rise of 4.5 percent. “We’re glad,” the union’s chief said."
TWO = 'The minister called it "a bad <b>day</b>" for\nÖstmere.'


@pytest.fixture(scope="module")
def passages(shared_client: TestClient) -> list[PassageOut]:
    """Two of our own words, in the service's own form."""
    found = shared_client.post("/v1/ask", json={"q": "who will meet tomorrow in Geneva?"}).json()
    first = AskResponse.model_validate(found).passages[0]
    texts = ((ONE, "Strike ends"), (TWO, "Minister speaks"))
    return [first.model_copy(update={"text": text, "title": title}) for text, title in texts]


def found(text: str, passages: list[PassageOut]) -> list[tuple[str, str]]:
    return [(one.code, one.detail) for one in flags(text, passages)]


@pytest.mark.parametrize(
    "text",
    [
        "Dockers won “a rise of 4.5 percent” [1].",
        'Dockers won "a rise of 4.5 percent." [1]',
        "“We're glad,” he said [1], and 'We’re glad' it was [1].",
        "‘We’re glad’, he said [1].",
        "It was “a bad ‹b›day‹/b›” for Östmere [2].",
        'It was "a bad <b>day</b>" for Östmere [2].',
        "It was a day “for Östmere” [2].",
        "The headline was «Strike ends» [1].",
        "He said „We’re glad“ [2][1].",
        "“Dockers won” and “a rise” [1, 2].",
        "The dockers' strike and the union's chief [1].",
        "No quotation at all [1].",
        "“We’re glad” was said.\n\nIt was so [1].",
        "An empty “...” is nothing [1].",
    ],
)
def test_what_is_borne_out_is_not_flagged(passages: list[PassageOut], text: str) -> None:
    assert found(text, passages) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He spoke of “peace at last” [1].", "“peace at last” does not stand in [1]"),
        ("“dockers won” [1]", "“dockers won” does not stand in [1]"),
        ("“4.6 percent” \n[1]", "“4.6 percent” does not stand in any passage"),
        ("It [1] ends in “no end", "“no end” does not stand in any passage"),
        ('An "odd one [1]', "“odd one [1]” does not stand in any passage"),
        ("‘No, it isn’t’ [1][2]", "“No, it isn’t” does not stand in [1][2]"),
    ],
)
def test_an_invented_quotation_is_flagged(
    passages: list[PassageOut], text: str, expected: str
) -> None:
    assert ("quote_not_found", expected) in found(text, passages)


def test_a_quotation_from_another_passage_is_flagged(passages: list[PassageOut]) -> None:
    text = "He called it “a rise of 4.5 percent” [2]."
    detail = "“a rise of 4.5 percent” stands in [1], not [2]"
    assert found(text, passages) == [("quote_elsewhere", detail)]


def test_numbers_without_a_passage_are_flagged(passages: list[PassageOut]) -> None:
    text = "One [1], nine [9], none [0], a year [2016]."
    assert found(text, passages) == [
        ("citation_unknown", "[0] stands for no passage"),
        ("citation_unknown", "[9] stands for no passage"),
    ]


@pytest.mark.parametrize("text", ["Dockers won.", "Dockers won [in 2016].", "Nine [9]"])
def test_a_text_without_a_citation_is_flagged(passages: list[PassageOut], text: str) -> None:
    assert ("uncited", "the text cites no passage") in found(text, passages)


def test_a_link_is_flagged(passages: list[PassageOut]) -> None:
    codes = [
        code for code, _ in found("See https://evil.example/?q=1 or WWW.evil.example [1]", passages)
    ]
    assert codes == ["link", "link"]


def test_numbers_are_read_from_marks_only() -> None:
    assert numbers("[1] [2, 3][4;5] [2016] [a] 6 [ 7 ]") == [1, 2, 3, 4, 5]


def test_only_what_is_cited_is_listed(passages: list[PassageOut]) -> None:
    (one,) = cited("So [2] and [7].", passages)
    assert (one.number, one.title, one.passage_id) == (2, "Minister speaks", passages[1].id)
    assert (one.start, one.end) == (passages[1].start, passages[1].end)
