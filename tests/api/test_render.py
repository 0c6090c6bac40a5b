from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import render
from api.schemas import (
    AskRequest,
    AskResponse,
    PassageOut,
    QueryOut,
    SearchRequest,
    SearchResponse,
    Timing,
)
from api.service import Service


@pytest.fixture
def service(shared_service: Service) -> Service:
    """Every test here only reads."""
    return shared_service


def found(*passages: PassageOut, warnings: tuple[str, ...] = ()) -> SearchResponse:
    return SearchResponse(
        query=QueryOut(text="q", rewritten=None),
        passages=list(passages),
        total=len(passages),
        warnings=list(warnings),
        timing_ms=Timing(total=1, embed=0, retrieve=0),
        generation=1,
    )


def passage(**more: object) -> PassageOut:
    values = {
        "id": "psg_1",
        "article_id": "art_1",
        "rank": 1,
        "score": 1.0,
        "text": "Words.",
        "start": 0,
        "end": 6,
        "title": "Title",
        "source": "AFP",
        "url": None,
        "published_at": datetime(2016, 12, 8, tzinfo=UTC),
        "highlights": [],
        "story_id": "sty_1",
        "explain": None,
    }
    return PassageOut.model_validate({**values, **more})


def test_an_answer_comes_first_then_where_it_stands_then_the_rest(service: Service) -> None:
    text = render.ask_text(service.ask(AskRequest(q="who will meet in Geneva?", collapse="story")))
    assert text == (
        "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry\n"
        "said.\n"
        "\n"
        "  US, Russia to meet (AFP, 2016-12-08)\n"
        "  https://example.org/aleppo\n"
        "  art_2392895f23821ba30a44, characters 46 to 132, confidence 98%\n"
        "\n"
        "Also found:\n"
        "\n"
        "  1. The harbour of Östmere reopened on Monday after a strike of nine days. 🚢\n"
        "     Dockers won a rise of 4.5 percent.\n"
        "       Harbour reopens (Reuters, 2017-03-06)\n"
        "       art_513aeab15229b1c58e88, characters 0 to 107\n"
    )


def test_no_answer_is_said_plainly(service: Service) -> None:
    answer = service.ask(AskRequest(q="zebra", limit=1))
    text = render.ask_text(answer)
    assert text.startswith("No answer was found in the articles.\n\nThe closest passages:\n\n  1. ")
    markdown = render.ask_markdown(answer)
    assert markdown.startswith("**No answer was found in the articles.**\n\nThe closest passages:")


def test_markdown_shows_the_answer_and_links_its_source(service: Service) -> None:
    answer = service.ask(AskRequest(q="who will meet in Geneva?", limit=1))
    assert render.ask_markdown(answer) == (
        "**US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry "
        "said.**\n\n[US, Russia to meet, AFP, 2016-12-08](<https://example.org/aleppo>)\n"
    )


def test_a_search_lists_its_passages(service: Service) -> None:
    hits = service.search(SearchRequest(q="harbour", limit=1))
    assert render.search_text(hits) == (
        "  1. The harbour of Östmere reopened on Monday after a strike of nine days. 🚢\n"
        "     Dockers won a rise of 4.5 percent.\n"
        "       Harbour reopens (Reuters, 2017-03-06)\n"
        "       art_513aeab15229b1c58e88, characters 0 to 107\n"
    )


def test_warnings_are_shown_and_so_is_that_nothing_was_found() -> None:
    assert render.search_text(found(warnings=("slow",))) == "No passage was found.\n\nNote: slow\n"
    assert render.search_markdown(found(warnings=("a_b",))) == "No passage was found.\n\na\\_b\n"


def test_what_is_missing_is_left_out() -> None:
    bare = passage(title="", source=None, published_at=None)
    assert render.search_text(found(bare)) == (
        "  1. Words.\n       (no title)\n       art_1, characters 0 to 6\n"
    )
    assert render.search_markdown(found(bare)) == "1. Words.  \n   (no title)\n".replace(
        "(no title)", "\\(no title\\)"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("\x9b31mred", "31mred"),
        ("a\x00\x08b\x7f", "ab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("one\r\n\ttwo\u2028three", "one two three"),
    ],
)
def test_a_terminal_is_sent_nothing_but_text(text: str, shown: str) -> None:
    assert render.plain(text) == shown


@given(st.text())
def test_no_control_character_reaches_a_terminal(text: str) -> None:
    shown = render.plain(text)
    assert [c for c in shown if not (c.isprintable() or ord(c) > 0x9F)] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ `code`", "\\*bold\\* \\_it\\_ \\`code\\`"),
        ("[a](http://x)", "\\[a\\]\\(http://x\\)"),
        ("<script>&lt;", "\\<script\\>\\&lt;"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("2016 was", "2016 was"),
        ("@everyone", "\\@everyone"),
        ("a\\b", "a\\\\b"),
    ],
)
def test_articles_cannot_write_markdown(text: str, shown: str) -> None:
    assert render.markdown(text) == shown


def test_an_address_cannot_break_out_of_its_link() -> None:
    evil = passage(url="https://x.org/a>) [b](<javascript:c")
    line = render.search_markdown(found(evil)).splitlines()[1]
    assert line == "   [Title, AFP, 2016-12-08](<https://x.org/a%3E%29%20[b]%28%3Cjavascript:c>)"


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=30).map(" ".join))
def test_lines_fit_in_80_columns_where_words_do(text: str) -> None:
    lines = render.search_text(found(passage(text=text))).splitlines()
    assert max(map(len, lines)) <= 80


def spanned(service: Service, start: str, end: str) -> AskResponse:
    """The answer to the first question, cut down to a piece of its sentence."""
    answer = service.ask(AskRequest(q="who will meet in Geneva?", limit=1))
    (best,) = answer.answers
    text = best.text[best.text.index(start) : best.text.index(end) + len(end)]
    offset = best.citation.start + best.text.index(start)
    quote = best.citation.quote.model_copy(update={"exact": text})
    place = {"start": offset, "end": offset + len(text), "quote": quote}
    citation = best.citation.model_copy(update=place)
    short = best.model_copy(update={"text": text, "citation": citation})
    return answer.model_copy(update={"answers": [short]})


def test_words_that_answer_come_before_their_sentence(service: Service) -> None:
    text = render.ask_text(spanned(service, "US", "officials"))
    assert text.startswith(
        "US officials\n"
        "\n"
        "  US officials will meet tomorrow with their Russian counterparts in Geneva,\n"
        "  Kerry said.\n"
        "\n"
        "  US, Russia to meet (AFP, 2016-12-08)\n"
    )


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("US", "officials", "**US officials** will meet tomorrow"),
        ("Geneva", "Geneva", "Russian counterparts in **Geneva**, Kerry said."),
        ("Kerry", "said.", "in Geneva, **Kerry said.**"),
    ],
)
def test_words_that_answer_are_bold_in_their_sentence(
    service: Service, start: str, end: str, shown: str
) -> None:
    assert shown in render.ask_markdown(spanned(service, start, end)).partition("\n")[0]


def test_it_is_said_first_how_a_question_was_understood(service: Service) -> None:
    answer = service.ask(AskRequest(q="who will meet in Geneva?"))
    query = QueryOut(text="and *there*?", rewritten="who will meet in *Geneva*\x1b[2J?")
    completed = answer.model_copy(update={"query": query})
    said = "Understood as: who will meet in *Geneva*?\n\n"
    assert render.ask_text(completed) == said + render.ask_text(answer)
    said = "Understood as: who will meet in \\*Geneva\\*?\n\n"
    assert render.ask_markdown(completed) == said + render.ask_markdown(answer)
