import pytest
from pydantic import ValidationError

from api.mcp_tools import (
    TOOLS,
    ArticleQuery,
    Tool,
    get_article,
    list_articles,
    list_text,
    part_text,
)
from api.schemas import AskRequest
from api.schemas_articles import ListQuery
from api.service import Service
from index.errors import NotFound

TEXT = (
    "Syrian warplanes pounded Aleppo again today.\n\nUS officials will meet tomorrow with their "
    "Russian counterparts in Geneva, Kerry said. He was in Paris."
)


def test_ask_and_search_are_those_of_http(shared_service: Service) -> None:
    tool = TOOLS["ask"]
    answer = tool.call(shared_service, tool.takes(q="who will meet in Geneva?", limit="1"))
    assert answer.answers[0].citation.start == 46  # type: ignore[attr-defined]
    assert tool.text(answer).startswith("US officials will meet tomorrow")
    tool = TOOLS["search"]
    found = tool.call(shared_service, tool.takes(q="harbour", source="Gazette"))
    assert [one.title for one in found.passages] == ["Harbour of Östmere open again"]  # type: ignore[attr-defined]
    assert "Harbour of Östmere open again (Gazette)" in tool.text(found)


def test_a_talk_goes_on_and_is_no_other_doors(service: Service) -> None:
    tool = TOOLS["ask"]
    for talk in ("one", "x" * 200):
        tool.call(service, tool.takes(q="who will meet in Geneva?", conversation=talk))
        found = tool.call(service, tool.takes(q="and in Aleppo?", conversation=talk))
        assert found.query.rewritten == "who will meet in Aleppo?"  # type: ignore[attr-defined]
        assert tool.text(found).startswith("Understood as: who will meet in Aleppo?\n\n")
    typed = tool.takes(q="and in Rome?", conversation="one", follow_up=False)
    assert tool.call(service, typed).query.rewritten is None  # type: ignore[attr-defined]
    other = AskRequest(q="and in Rome?", conversation="one")
    assert service.ask(other).query.rewritten is None


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 20_000, TEXT), (46, 12, "US officials"), (140, 100, "in Paris."[-9:]), (1000, 5, "")],
)
def test_a_part_of_an_article_says_where_it_stands(
    shared_service: Service, start: int, length: int, expected: str
) -> None:
    part = get_article(shared_service, ArticleQuery(id="ext:aleppo", start=start, length=length))
    assert part.text == expected
    assert TEXT[part.start : part.end] == expected
    assert part.characters == len(TEXT)


def test_a_part_is_told_to_be_one(shared_service: Service) -> None:
    whole = part_text(get_article(shared_service, ArticleQuery(id="ext:aleppo")))
    assert whole.startswith("US, Russia to meet\nAFP, 2016-12-08")
    part = get_article(shared_service, ArticleQuery(id="ext:aleppo", start=46, length=12))
    assert part_text(part).startswith("Characters 46 to 58 of 149.\n\nUS, Russia")
    assert part_text(part).endswith("\n\nUS officials\n")


def test_an_unknown_article_is_not_found(shared_service: Service) -> None:
    with pytest.raises(NotFound, match="there is no article art_none"):
        get_article(shared_service, ArticleQuery(id="art_none"))


def test_a_list_says_how_it_goes_on(shared_service: Service) -> None:
    first = list_articles(shared_service, ListQuery(limit=2))
    assert list_text(first).splitlines()[-1] == f"More with cursor={first.data[1].id}"
    rest = list_articles(shared_service, ListQuery(limit=2, cursor=first.next_cursor))
    assert [len(page.data) for page in (first, rest)] == [2, 1]
    assert "More" not in list_text(rest)
    empty = rest.model_copy(update={"data": []})
    assert list_text(empty) == "No articles.\n"


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_a_tool_refuses_what_it_does_not_know(tool: Tool) -> None:
    with pytest.raises(ValidationError, match="colour"):
        tool.takes(colour="red")


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_every_argument_is_described(tool: Tool) -> None:
    properties = tool.takes.model_json_schema()["properties"]
    assert [name for name, about in properties.items() if "description" not in about] == []


@pytest.mark.parametrize("key", ["", "x" * 1005, "a\0b", "\ud800"])
def test_what_can_be_no_id_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        ArticleQuery(id=key)
