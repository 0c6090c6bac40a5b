from api.chat.matrix_reply import said, written
from api.schemas import AskRequest, AskResponse
from api.service import Service
from tests.api.chat.house import FORBIDDEN, SMUGGLED

BREAK = "\u200b"
SENTENCE = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."


def ask(service: Service, question: str) -> AskResponse:
    return service.ask(AskRequest(q=question))


def test_an_answer_stands_in_its_sentence_with_its_source(shared_service: Service) -> None:
    text, formatted = written(ask(shared_service, "who will meet in Geneva?"))
    first, second, heading, *others = text.split("\n\n")
    assert first == SENTENCE
    assert second == "US, Russia to meet, AFP, 2016-12-08: https://example.org/aleppo"
    assert heading == "Also found:"
    assert others[0].startswith("• The harbour of Östmere reopened")
    assert others[0].endswith(" (Harbour reopens, Reuters, 2017-03-06)")
    link = '<a href="https://example.org/aleppo">US, Russia to meet, AFP, 2016-12-08</a>'
    assert formatted.startswith(
        f"<p><strong>{SENTENCE}</strong></p><p>{link}</p><p>Also found:</p><p>• "
    )


def test_no_answer_says_so_and_shows_what_is_closest(shared_service: Service) -> None:
    text, formatted = written(ask(shared_service, "who won the cup of nowhere?"))
    assert text.startswith("No answer was found in the articles.\n\nThe closest passages:\n\n• ")
    assert formatted.startswith("<p><strong>No answer was found in the articles.</strong></p><p>")


def test_what_an_article_says_is_no_markup_mention_or_link(shared_service: Service) -> None:
    evil = f"{SMUGGLED} @room @ada:example.org !x:example.org"
    found = ask(shared_service, "who will meet in Geneva?")
    passages = [one.model_copy(update={"text": evil, "title": evil}) for one in found.passages]
    answer = found.model_copy(update={"answers": [], "passages": passages})
    for shown in (*written(answer), *said(evil)):
        assert [text for text in (*FORBIDDEN, "@room", "@ada", "!x") if text in shown] == []
        assert f"@{BREAK}everyone" in shown
    assert "<script" not in written(answer)[1]
