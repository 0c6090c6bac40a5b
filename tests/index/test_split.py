import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.split import PASSAGE_CHARACTERS, PASSAGE_WORDS, SENTENCE_CHARACTERS, sentences, split


def cut(text: str, title: str = "") -> list[str]:
    return [text[start:end] for start, end in sentences(text, title)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Dr. Smith met Sen. Jane Q. Doe at 3 p.m. in Washington.", "They did not talk."],
        ["The U.S. Army said so.", "Nobody answered."],
        ["“I know people are tired,” Kerry said.", "“I’m tired of these meetings.”", "He left."],
        ["“But what am I supposed to do?” he asked.", "“Sit there and do nothing?”"],
        ["It rose 3.5 percent to $1.2 million.", "Inflation was 2.1 percent."],
        ["She lives in St. Louis.", "Mr. Brown lives on Main St. No. 5."],
        ["J. K. Rowling wrote it.", "The book sold well."],
        ["Go home… While people are dying?", "No!"],
        ["The firm (Acme Inc.) closed.", "It had 40 workers."],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    assert cut(" ".join(parts)) == parts


def test_a_paragraph_ends_a_sentence_without_a_full_stop() -> None:
    assert cut("/ AFP PHOTO / GEORGE OURFALIAN\n\nAleppo fell.") == [
        "/ AFP PHOTO / GEORGE OURFALIAN",
        "Aleppo fell.",
    ]


def test_line_ends_mean_nothing_in_a_wrapped_text() -> None:
    assert cut("The talks broke\ndown on Monday.\nNobody\r\nwon.") == [
        "The talks broke\ndown on Monday.",
        "Nobody\r\nwon.",
    ]


def test_line_ends_separate_paragraphs_where_lines_are_long() -> None:
    long = "word " * 30 + "end"
    assert cut(f"{long}\nA caption") == [long, "A caption"]


def test_the_title_is_left_out_where_the_text_repeats_it() -> None:
    assert cut("Peace at last\n\nPeace at last\nThe war is over.", "Peace at last") == [
        "The war is over."
    ]


def test_a_text_that_is_only_its_title_is_kept() -> None:
    assert cut("Peace at last", "Peace at last") == ["Peace at last"]


def test_passages_hold_whole_sentences_up_to_the_limit() -> None:
    text = " ".join(f"This is sentence number {i} of them all." for i in range(60))
    pieces = split(text)
    assert len(pieces) > 1
    for piece in pieces:
        assert len(text[piece.start : piece.end].split()) <= PASSAGE_WORDS
        assert (piece.start, piece.end) == (piece.sentences[0][0], piece.sentences[-1][1])
    # Each but the last is full: the next sentence would not have fitted.
    for piece, after in itertools.pairwise(pieces):
        words = len(text[piece.start : after.sentences[0][1]].split())
        assert words > PASSAGE_WORDS


def test_a_run_without_an_end_is_cut_at_white_space() -> None:
    text = "table " * 1000
    assert all(len(part.split()) <= PASSAGE_WORDS for part in cut(text))
    assert "".join(cut(text)).replace(" ", "") == text.replace(" ", "")


def test_a_run_without_white_space_is_cut_too() -> None:
    text = "x" * (3 * SENTENCE_CHARACTERS + 7)
    assert "".join(cut(text)) == text
    assert max(map(len, cut(text))) <= SENTENCE_CHARACTERS


NEWS = st.lists(
    st.one_of(
        st.sampled_from(["Mr. Kerry said", "U.S.", "“No.”", "\n", "\n\n", "\r\n", ".", "😀", "…"]),
        st.text(max_size=12),
        st.sampled_from(["The war", "has killed", "300,000 people.", "Why?", "x" * 900]),
    ),
    min_size=1,
    max_size=60,
).map(" ".join)


@given(NEWS)
def test_every_offset_fits_and_no_visible_character_is_lost(text: str) -> None:
    pieces = split(text)
    last = 0
    covered = set()
    for piece in pieces:
        for start, end in piece.sentences:
            assert last <= start < end
            assert text[start:end] == text[start:end].strip()
            covered |= set(range(start, end))
            last = end
        assert (piece.start, piece.end) == (piece.sentences[0][0], piece.sentences[-1][1])
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)


def test_scripts_without_spaces_are_cut_at_their_full_stops() -> None:
    assert cut("谈判失败了。没有人赢！为什么？") == ["谈判失败了。", "没有人赢！", "为什么？"]


def test_passages_are_bounded_in_characters_too() -> None:
    for text in (
        "谈判失败了。" * 3000,
        "QUJD" * 20_000,
        "Donaudampfschifffahrtsgesellschaft. " * 999,
    ):
        pieces = split(text)
        assert max(piece.end - piece.start for piece in pieces) <= PASSAGE_CHARACTERS
        assert pieces[-1].end == len(text.rstrip())


def test_a_paragraph_of_a_megabyte_is_split_and_nothing_of_it_lost() -> None:
    text = "Words and words. " * 60_000
    parts = cut(text)
    assert parts[0] == parts[-1] == "Words and words."
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
