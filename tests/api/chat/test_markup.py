import html
import re

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
from api.chat.markup import BREAK, LONGEST_URL, Markup, address, backslashed, quiet, size

MARKUPS = {
    module.__name__.rpartition(".")[2]: module.MARKUP
    for module in (discord, mattermost, rocketchat, slack_blocks, teams, telegram, zulip)
} | {"matrix": matrix_reply.HTML}
every = pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)
lively = st.lists(
    st.sampled_from(
        [*"@<!>[]():/.&#*_`~|\\ \n\u202e\u2066\0ü🚢\"'$", BREAK, "here", "http", "//", "com", "www"]
    ),
    max_size=40,
).map("".join)
LIVE = re.compile(r"@\w|//|&#?\w+;|<[a-z!@#/:]|\]\(|(?<!\w)[/$!][A-Za-z]|[#~]\w|\w\.[^\W\d_]{2}")


@settings(deadline=None)
@given(lively)
def test_nothing_live_is_left_in_a_quiet_text(text: str) -> None:
    assert LIVE.search(quiet(text)) is None
    assert quiet(text).replace(BREAK, "") == text.replace(BREAK, "")


@every
@settings(deadline=None)
@given(text=lively)
def test_a_safe_text_is_shown_as_it_was(markup: Markup, text: str) -> None:
    safe = markup.safe(text)
    assert re.search(r"[\0\x1b\n\u202e\u2066]", safe) is None
    shown = html.unescape(safe) if markup.entities else safe
    if markup.escape is backslashed:
        shown = re.sub(r"\\([^\w\s])", r"\1", shown)
    assert LIVE.search(shown) is None


@pytest.mark.parametrize("text", ["U.S. officials", "4.5 percent", "and/or", "AT&T", "$3bn", "R&D"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert quiet(text) == text


@every
def test_markup_of_its_own_is_escaped(markup: Markup) -> None:
    safe = markup.safe("a *b* **c** `d` ~~e~~ ||f|| _g_ <i>h</i> > # [j](https://k.example)")
    if markup.escape is telegram.MARKUP.escape:
        assert "<" not in safe
        return
    bare = re.sub(r"\\.", "", safe)
    assert re.search(r"[*`~]|\|\||_g|g_", bare) is None
    assert "<i" not in bare
    assert "](" not in bare


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://example.org/a?b=c&d=%20#e", "https://example.org/a?b=c&d=%20#e"),
        ("http://example.org", "http://example.org"),
        ("https://example.org/ä b", "https://example.org/%C3%A4%20b"),
        ("https://example.org/(x)*'\"<>[]|`@all", None),
        ("HTTPS://example.org/", "https://example.org/"),
        ("https://example.org/a\nb\t", "https://example.org/ab"),
    ],
)
def test_an_address_of_the_web_keeps_its_meaning(url: str, found: str | None) -> None:
    made = address(url)
    assert re.fullmatch(r"https?://[\w.~:/?&=#%+,;$!-]+", made)
    assert found in (None, made)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript://example.org/%0aalert(1)",
        "data:text/html,x",
        "tg://resolve?domain=x",
        "slack://open",
        "ftp://example.org",
        "mailto:a@example.org",
        "//example.org",
        "/a",
        "https://",
        "https:///a",
        "https://bank.example@evil.example/",
        "https://[::1",
        "http://[",
    ],
)
def test_anything_else_is_no_link(url: str | None) -> None:
    assert address(url) == ""
    assert MARKUPS["telegram"].linked("Title", url) == "Title"


@every
@settings(deadline=None)
@given(url=st.text(max_size=60), label=lively)
def test_a_link_never_leaves_its_place(markup: Markup, url: str, label: str) -> None:
    made = markup.linked(label, f"https://example.org/{url}")
    template = markup.link.partition("{url}")[2][:1] or ")"
    start = made.index("https://example.org")
    target = made[start:].partition(template)[0]
    assert re.fullmatch(r"[\w.~:/?&=#%+,;$!-]+", target)


@every
def test_an_address_that_is_too_long_is_left_out(markup: Markup) -> None:
    assert "https" in markup.linked("T", "https://example.org/".ljust(LONGEST_URL, "x"))
    assert markup.linked("T", "https://example.org/".ljust(LONGEST_URL + 1, "x")) == "T"


def test_labels_have_no_brackets_that_could_end_them() -> None:
    made = MARKUPS["zulip"].linked("a] [b", "https://example.org")
    assert made == "[a) (b](https://example.org)"


def test_sizes_are_counted_as_the_tools_count_them() -> None:
    assert size("aü🚢") == 4
