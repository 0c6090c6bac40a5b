import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai_markdown import escaped, unescaped, words
from api.render import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It cost $5 (about 4.5%) [sic].", "It cost \\$5 (about 4.5%) [sic]."),
        ("[here](http://evil)", "[here]&#40;http://evil)"),
        ("[a][b] [c]: d", "[a]&#91;b] [c]: d"),
        ("[1]: http://evil", "&#91;1]: http://evil"),
        ("said [1][2], [3].", "said [1][2], [3]."),
        ("|a|b|", "\\|a|b|"),
        (":--|", "\\:--|"),
        ("=====", "\\====="),
        ("![p](http://evil/?q=1)", "![p]&#40;http://evil/?q=1)"),
        ("<img src=x> `rm` *b* _i_ ~s~", "\\<img src=x> \\`rm\\` \\*b\\* \\_i\\_ \\~s\\~"),
        ("AT&T &lt;b&gt; &#60;", "AT&T \\&lt;b\\&gt; \\&#60;"),
        ("# head", "\\# head"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("> quote", "\\> quote"),
        ("\x1b[31mred\x07 \u202eabc\u2069\nnext", "red abc next"),
        ("a\\*b", "a\\\\\\*b"),
    ],
)
def test_nothing_in_a_text_is_markup(text: str, expected: str) -> None:
    assert escaped(text) == expected


@given(st.text() | st.text("\\\\*[]()&#19;.1- "))
def test_what_was_escaped_can_be_read_back(text: str) -> None:
    assert unescaped(escaped(text)) == plain(text)


LINES = "- one [1][2], *two*\n[1]: http://evil\n\n    code [x](y) AT&amp;T\n1. 3 | 4\n# five"
SHOWN = (
    "\\- one [1][2], \\*two\\*\n&#91;1]: http://evil\n\n"
    "code [x]&#40;y) AT\\&amp;T\n1\\. 3 | 4\n\\# five"
)


def test_words_are_the_same_however_a_text_is_cut() -> None:
    dice = random.Random(1)
    for _ in range(200):
        cuts = sorted(dice.choices(range(len(LINES)), k=dice.randrange(9)))
        ends = [*cuts, len(LINES)]
        pieces = [LINES[low:high] for low, high in zip([0, *cuts], ends, strict=True)]
        assert "".join(words(pieces)) == SHOWN


def test_a_word_comes_when_it_is_whole() -> None:
    assert list(words(["on", "e tw", "o", "\n"])) == ["one ", "two\n", ""]
