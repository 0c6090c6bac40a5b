import html
import re

from api.chat.matrix_reply import said, written
from api.schemas import AskRequest, AskResponse
from api.service import Service

BREAK = "\u200b"
EVIL = (
    "<b onclick='x'>Ask</b> @room and @ada:example.org in #news:example.org, see "
    'https://evil.example/a or www.evil.example \x1b[31m\u202e <a href="x">[y](z)</a> & &amp; !x'
)


def ask(service: Service, question: str) -> AskResponse:
    return service.ask(AskRequest(q=question))


def test_an_answer_stands_in_its_sentence_with_its_source(shared_service: Service) -> None:
    text, formatted = written(ask(shared_service, "who will meet in Geneva?"))
    first, second, *others = text.split("\n\n")
    assert first == (
        "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."
    )
    assert second == "US, Russia to meet, AFP, 2016-12-08: https://example.org/aleppo, 98% sure"
    assert len(others) == 2
    assert others[0].startswith("• The harbour of Östmere reopened")
    assert others[0].endswith(" (Harbour reopens, Reuters, 2017-03-06)")
    assert formatted.startswith(f"<p><strong>{first}</strong></p><p><a href=")
    link = '<a href="https://example.org/aleppo">US, Russia to meet, AFP, 2016-12-08</a>'
    assert f"<p>{link}, 98% sure</p>" in formatted


def test_no_answer_says_so_and_shows_what_is_closest(shared_service: Service) -> None:
    text, formatted = written(ask(shared_service, "who won the cup of nowhere?"))
    assert text.startswith("No answer was found in the articles.\n\n• ")
    assert formatted.startswith("<p><strong>No answer was found in the articles.</strong></p><p>• ")


def test_only_the_answer_is_bold(shared_service: Service) -> None:
    found = ask(shared_service, "who will meet in Geneva?")
    best = found.answers[0]
    low = best.citation.start + 3
    citation = best.citation.model_copy(update={"start": low, "end": low + 9})
    shorter = best.model_copy(update={"text": "officials", "citation": citation})
    text, formatted = written(found.model_copy(update={"answers": [shorter]}))
    assert text.startswith("US officials will meet")
    assert formatted.startswith("<p>US <strong>officials</strong> will meet")


def test_what_an_article_says_is_no_markup_mention_or_link(shared_service: Service) -> None:
    found = ask(shared_service, "who will meet in Geneva?")
    best = found.answers[0]
    sentence = best.citation.sentence.model_copy(update={"text": EVIL, "start": 0})
    update = {"start": 0, "sentence": sentence, "title": EVIL, "source": EVIL}
    update |= {"url": 'https://example.org/"><b>@ada'}
    citation = best.citation.model_copy(update=update)
    evil = best.model_copy(update={"text": EVIL[:20], "citation": citation})
    passages = [one.model_copy(update={"text": EVIL, "title": EVIL}) for one in found.passages]
    answer = found.model_copy(update={"answers": [evil], "passages": passages})
    for text in (*written(answer), *said(EVIL)):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)
    _, formatted = written(answer)
    tags = set(re.findall(r"<[^>]*>", formatted))
    url = html.escape('https://example.org/"><b>@ada')
    assert tags == {"<p>", "</p>", "<strong>", "</strong>", "</a>", f'<a href="{url}">'}
    seen = html.unescape(re.sub(r"<[^>]*>", "", formatted))
    for active in ("@room", "@ada", "#news", "https://", "www.evil", "evil.example", "!x"):
        assert active not in seen
    assert f"@{BREAK}room" in seen


def test_only_addresses_of_the_web_become_links(shared_service: Service) -> None:
    found = ask(shared_service, "who will meet in Geneva?")
    best = found.answers[0]
    for url in ("javascript:alert(1)", "matrix:u/ada:example.org", "", None):
        citation = best.citation.model_copy(update={"url": url, "title": "", "source": None})
        answer = best.model_copy(update={"citation": citation})
        text, formatted = written(found.model_copy(update={"answers": [answer], "passages": []}))
        assert "href" not in formatted
        assert "2016-12-08, 98% sure" in text


def test_a_long_passage_is_cut_at_a_word(shared_service: Service) -> None:
    found = ask(shared_service, "who won the cup of nowhere?")
    long = found.passages[0].model_copy(update={"text": "word " * 200, "title": "", "source": None})
    untitled = long.model_copy(update={"published_at": None, "url": None})
    text, _ = written(found.model_copy(update={"passages": [untitled]}))
    assert text.endswith("word word … (no title)")
    assert len(text) < 300
