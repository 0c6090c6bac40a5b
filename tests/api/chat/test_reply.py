from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.chat import (
    discord,
    matrix_reply,
    mattermost,
    rocketchat,
    slack_blocks,
    teams,
    telegram,
    zulip,
)
from api.chat.markup import BREAK, Markup, size
from api.chat.reply import clipped, further, paragraphs
from api.schemas import AskResponse

MARKUPS = {
    module.__name__.rpartition(".")[2]: module.MARKUP
    for module in (discord, mattermost, rocketchat, slack_blocks, teams, telegram, zulip)
} | {"matrix_text": matrix_reply.TEXT, "matrix_html": matrix_reply.HTML}
every = pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)
PLAIN = Markup(escape=str)


def response(
    sentence: tuple[str, str, str] = ("On Monday, ", "nine ships", " left."),
    *,
    passages: int = 3,
    answered: bool = True,
    rewritten: str | None = None,
    **more: object,
) -> AskResponse:
    """The answer stands in the second of the passages."""
    before, text, after = sentence
    about = {
        "article_id": "art_1",
        "title": "Ships",
        "source": "AFP",
        "url": "https://example.org/a",
        "published_at": datetime(2016, 12, 8, tzinfo=UTC),
        **more,
    }
    found = [
        {
            **about,
            "id": f"psg_{number}",
            "rank": number,
            "score": 1.0,
            "text": f"Passage {number}. " + "".join(sentence),
            "start": 0,
            "end": 9,
            "highlights": [],
            "story_id": "sty_1",
            "explain": None,
        }
        for number in range(1, passages + 1)
    ]
    start = 100 + len(before)
    citation = {
        **about,
        "sha256": "0",
        "passage_id": "psg_2",
        "start": start,
        "end": start + len(text),
        "quote": {"exact": text, "prefix": "", "suffix": ""},
        "sentence": {"text": "".join(sentence), "start": 100, "end": start + len(text + after)},
    }
    answer = {"text": text, "confidence": 0.9, "score": 1.0, "citation": citation, "also": []}
    return AskResponse.model_validate(
        {
            "id": "ans_1",
            "answered": answered,
            "query": {"text": "q", "rewritten": rewritten},
            "answer": None,
            "answers": [answer] if answered else [],
            "passages": found,
            "warnings": [],
            "timing_ms": {"total": 1, "embed": 0, "retrieve": 0, "read": 0},
            "model": {"embed": "e", "read": "r"},
            "generation": 1,
        }
    )


LINK = "[Ships, AFP, 2016-12-08](https://example.org/a)"


def test_the_answer_is_bold_in_its_sentence_and_its_source_follows() -> None:
    assert paragraphs(response(), PLAIN) == [
        "> On Monday, **nine ships** left.",
        LINK,
        "Also found:",
        f"• Passage 1. On Monday, nine ships left. ({LINK})",
        f"• Passage 3. On Monday, nine ships left. ({LINK})",
    ]


def test_there_are_three_passages_in_all_and_the_others_can_be_asked_for() -> None:
    answer = response(passages=8)
    assert sum(line.count("• ") for line in paragraphs(answer, PLAIN)) == 2
    assert [line[:11] for line in further(answer, PLAIN)] == [f"• Passage {n}" for n in range(4, 9)]
    assert further(response(), PLAIN) == ["There are no further passages."]


def test_no_answer_is_said_before_the_closest_passages() -> None:
    lines = paragraphs(response(answered=False, passages=5), PLAIN)
    assert lines[:2] == ["**No answer was found in the articles.**", "The closest passages:"]
    assert [line[:11] for line in lines[2:]] == [f"• Passage {n}" for n in (1, 2, 3)]


def test_without_any_passage_that_is_all() -> None:
    lines = paragraphs(response(answered=False, passages=0), PLAIN)
    assert lines == ["**No answer was found in the articles.**"]


def test_what_a_question_was_completed_to_comes_first() -> None:
    assert paragraphs(response(rewritten="and where?"), PLAIN)[0] == "Understood as: and where?"


def test_what_is_not_known_is_left_out() -> None:
    bare = response(title="", source=None, url=None, published_at=None)
    assert paragraphs(bare, PLAIN)[1] == "no title"
    assert paragraphs(response(title="", url="javascript:x"), PLAIN)[1] == "AFP, 2016-12-08"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (("", "All of it.", ""), "**All of it.**"),
        (("It cost $", "3bn", "."), "It cost $**3bn**."),
        (("is “", "completely destroyed”", ", he said"), "is “**completely destroyed”**, he said"),
        (("By @", "everyone", " now"), f"By @{BREAK}**everyone** now"),
        (("See evil", ".example", ""), f"See evil{BREAK}**.example**"),
        (("See ", "evil.", "example/x"), f"See **evil.**{BREAK}example/x"),
        (("A <", "b", ">"), f"A <{BREAK}**b**>"),
        (("[x]", "(https:", "//y)"), f"[x]{BREAK}**(https:**/{BREAK}/{BREAK}y)"),
        (("& ", "&l", "t;"), f"& **&l**{BREAK}t;"),
        (("an", "swer", "ed"), "an**swer**ed"),
        (
            ("See https:/", "/evil.example", ""),
            f"See https:/{BREAK}**/{BREAK}evil.{BREAK}example**",
        ),
        (("\n", " a ", "\n"), "**a**"),
    ],
)
def test_nothing_comes_about_at_the_border_of_the_answer(
    sentence: tuple[str, str, str], shown: str
) -> None:
    assert paragraphs(response(sentence), PLAIN)[0] == f"> {shown}"


def test_long_texts_are_clipped_around_the_answer() -> None:
    line = paragraphs(response(("word " * 400, "here", " word" * 400)), PLAIN)[0]
    assert line.startswith("> …")
    assert line.endswith("…")
    assert " **here** " in line
    assert size(line) < 1300


def test_texts_are_clipped_after_a_word() -> None:
    assert clipped("one two three", 13) == "one two three"
    assert clipped("one two three", 12) == "one two…"
    assert clipped("x" * 20, 10) == "x" * 9 + "…"


NASTY = ("<!" * 5000, "🚢" * 5000, "# " * 5000, "@" * 5000, '"' * 5000, "a* " * 5000, "&lt;" * 5000)


@every
@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("answered", [True, False])
def test_every_message_fits_its_tool(markup: Markup, text: str, answered: bool) -> None:  # noqa: FBT001
    url = "https://example.org/" + "&" * 580
    about = {"title": text, "source": text, "url": url}
    for read_as in (None, text[:1000]):
        found = response((text, text, text), answered=answered, rewritten=read_as, **about)
        assert size(markup.joint.join(paragraphs(found, markup))) <= markup.most


@every
@settings(deadline=None)
@given(st.tuples(st.text(max_size=99), st.text(max_size=99), st.text(max_size=99)), st.text())
def test_any_text_makes_one_line_a_paragraph(
    markup: Markup, sentence: tuple[str, str, str], title: str
) -> None:
    for line in paragraphs(response(sentence, title=title), markup):
        assert line or markup is matrix_reply.TEXT  # in which an empty answer has no asterisks
        assert "\n" not in line
        assert "\r" not in line
