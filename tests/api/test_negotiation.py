import pytest

from api.negotiation import EVENTS, JSON, MARKDOWN, TEXT, preferred

OFFERED = (JSON, TEXT, MARKDOWN, EVENTS)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", JSON),
        ("*/*", JSON),
        (BROWSER, JSON),
        ("text/plain", TEXT),
        ("TEXT/Plain; charset=utf-8", TEXT),
        ("text/*", TEXT),
        ("text/markdown, text/plain;q=0.9", MARKDOWN),
        ("text/markdown;q=0.5, text/plain;q=0.9", TEXT),
        ("text/event-stream", EVENTS),
        ("application/json;q=0, */*", TEXT),
        ("text/plain;q=0.2, */*;q=0.1", TEXT),
        ("image/png", JSON),
        ("text/plain;q=lots", JSON),
        (";;,,/", JSON),
    ],
)
def test_the_form_that_is_liked_best_is_chosen(accept: str, kind: str) -> None:
    assert preferred(accept, OFFERED) == kind


def test_only_what_is_offered_is_chosen() -> None:
    assert preferred("text/event-stream", (JSON, TEXT)) == JSON
