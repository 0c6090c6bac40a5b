import sys
from datetime import UTC, datetime

import pytest

from api import display, render
from api.doctor import Check, Report
from api.local import Stored
from api.schemas import AskRequest, SearchRequest
from api.schemas_articles import ArticleListed, ArticleOut
from api.service import Service
from api.settings import Settings

LISTED = ArticleListed(
    id="art_1",
    external_id="one",
    title="Strike \x1b[31mends\nat last",
    url=None,
    source=None,
    lang="en",
    published_at=None,
    added_at=datetime(2017, 3, 6, 9, 5, tzinfo=UTC),
    characters=1234,
    sha256="abc",
    passages=7,
    story_id="sty_1",
)


def test_an_answer_reads_as_over_http(service: Service) -> None:
    answer = service.ask(AskRequest(q="when did the harbour of Östmere reopen?"))
    assert answer.answered
    assert display.answer(answer) == render.ask_text(answer)


def test_the_answer_is_bold_on_a_terminal_and_what_follows_is_not(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = service.ask(AskRequest(q="when did the harbour of Östmere reopen?"))
    first, _, rest = render.ask_text(answer).partition("\n\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert display.answer(answer) == f"\x1b[1m{first}\x1b[0m\n\n{rest}"
    nothing = answer.model_copy(update={"answered": False, "answers": []})
    assert "\x1b" not in display.answer(nothing)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert "\x1b" not in display.answer(answer)


def test_the_answer_is_bold_and_not_how_the_question_was_understood(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = service.ask(AskRequest(q="when did the harbour of Östmere reopen?"))
    query = answer.query.model_copy(update={"rewritten": "when did it reopen?"})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    said = display.answer(answer.model_copy(update={"query": query}))
    assert said == f"Understood as: when did it reopen?\n\n{display.answer(answer)}"
    assert said.count("\x1b[1m") == 1


def test_scores_are_shown_when_they_were_asked_for(service: Service) -> None:
    plain = service.search(SearchRequest(q="harbour", limit=1))
    assert display.hits(plain) == render.search_text(plain)
    found = service.search(SearchRequest(q="harbour", limit=1, explain=True))
    hit = found.passages[0]
    assert hit.explain
    parts = ", ".join(f"{name} {value:.3f}" for name, value in hit.explain.items())
    expected = f"\nScores:\n  1. {hit.id}  {hit.score:.3f} = {parts}\n"
    assert display.hits(found) == render.search_text(found) + expected


def test_a_row_is_one_line_without_what_a_terminal_would_obey() -> None:
    assert (
        display.row(LISTED) == "art_1  -               7  -                 Strike ends at last\n"
    )
    dated = LISTED.model_copy(
        update={"published_at": datetime(2017, 3, 6, tzinfo=UTC), "source": "AFP", "title": ""}
    )
    assert display.row(dated) == "art_1  2017-03-06      7  AFP               one\n"


def test_an_article_is_shown_with_what_is_known_of_it() -> None:
    article = ArticleOut(**LISTED.model_dump(), text="One.\n\nTwo \x1b[2J.\n")
    assert display.article(article) == (
        "Strike ends at last\n"
        "art_1 (ext:one), 1,234 characters, 7 passages\n"
        "added 2017-03-06 09:05 UTC, SHA-256 abc\n"
        "\nOne.\n\nTwo .\n"
    )


def test_a_passage_is_shown_with_its_place(service: Service, settings: Settings) -> None:
    here = Stored(settings.data)
    found = here.passage("psg_1")
    here.close()
    assert service.text(found.article_id).startswith("Syrian warplanes")
    assert display.passage(found) == (
        "US, Russia to meet\n"
        "AFP, 2016-12-08, https://example.org/aleppo\n"
        f"psg_1 of {found.article_id}, characters {found.start} to {found.end}\n"
        f"\n{found.text}\n"
    )


def test_a_report_has_a_line_a_check_and_one_a_cure() -> None:
    report = Report([Check("store", "BAD", "it is broken", "mend it"), Check("disk", "ok", "1 GB")])
    assert display.report(report) == (
        "BAD   store    it is broken\n               mend it\nok    disk     1 GB\n"
    )
