from datetime import UTC, datetime, timedelta, timezone

import pytest

from index.errors import InvalidInput
from index.identity import article_id, canonical_url, new_article


def test_the_callers_id_comes_before_the_url_and_the_url_before_the_text() -> None:
    assert article_id("a", "https://x.org", "t") == article_id("a", "https://y.org", "u")
    assert article_id(None, "https://x.org", "t") == article_id(None, "https://x.org", "u")
    assert article_id(None, None, "t") != article_id(None, None, "u")
    assert article_id("https://x.org", None, "t") != article_id(None, "https://x.org", "t")


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://Example.org:443/a/",
        "https://example.org/a?utm_source=mail&fbclid=1",
        "https://example.org/a#comments",
    ],
)
def test_spellings_of_one_url_are_one(url: str) -> None:
    assert canonical_url(url) == "https://example.org/a"


def test_a_query_that_matters_is_kept() -> None:
    assert canonical_url("http://example.org:8080/?id=7&utm_x=1") == "http://example.org:8080/?id=7"


@pytest.mark.parametrize(
    "query", ["1001", "1002", "id=", "a=b%20c", "a=b+c", "b=1&a=2", "a=1;b=2", "fbclidx=1"]
)
def test_a_query_is_kept_as_it_is_written(query: str) -> None:
    url = f"https://news.example/story.php?{query}"
    assert canonical_url(url) == url
    assert canonical_url(f"{url}&utm_source=mail&gclid=1") == url


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert canonical_url("http://[2001:DB8::1]:80/a") == "http://[2001:db8::1]/a"
    assert canonical_url("http://[2001:db8::1]:8080/a") == "http://[2001:db8::1]:8080/a"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"text": " \n"}, "/text"),
        ({"text": "a\x00b"}, "/text"),
        ({"text": "a\ud800"}, "/text"),
        ({"text": "a", "title": "\x00"}, "/title"),
        ({"text": "a", "url": "javascript:alert(1)"}, "/url"),
        ({"text": "a", "url": "http://[broken"}, "/url"),
        ({"text": "a", "url": "http://example.org:99999/"}, "/url"),
        (
            {"text": "a", "published_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
            "/published_at",
        ),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_place(fields: dict, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        new_article(**fields)
    assert caught.value.pointer == pointer


def test_times_are_kept_in_utc() -> None:
    moment = datetime(2016, 12, 9, 1, tzinfo=timezone(timedelta(hours=2)))
    assert new_article(text="a", published_at=moment).published_at == datetime(
        2016, 12, 8, 23, tzinfo=UTC
    )
