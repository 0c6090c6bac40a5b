import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from qa.readers.spans import KEPT, LONGEST, marks, merged, words
from qa.types import Mark

WORDS = [None, (0, 3), (4, 9), (10, 12)]


def logits(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_best_span_has_the_highest_sum_of_a_start_and_a_later_end() -> None:
    best, *_ = marks(logits(9, 1, 5, 0), logits(9, 6, 2, 3), WORDS)
    assert best == Mark(4, 12, 8.0)


def test_no_answer_is_taken_off_the_score() -> None:
    best, *_ = marks(logits(0, 1, 5, 0), logits(0, 0, 2, 3), WORDS, 3.5)
    assert best.score == pytest.approx(4.5)


def test_where_no_answer_may_be_there_is_none() -> None:
    assert marks(logits(1, 2), logits(1, 2), [None, None]) == ()


def test_an_answer_is_not_longer_than_allowed() -> None:
    count = LONGEST + 5
    places = [(2 * i, 2 * i + 1) for i in range(count)]
    starts, ends = np.zeros(count, np.float32), np.zeros(count, np.float32)
    starts[0], ends[-1] = 9, 9
    best, *_ = marks(starts, ends, places)
    assert (best.start == 0) != (best.end == places[-1][1])


def test_an_answer_does_not_go_over_the_end_of_a_paragraph() -> None:
    starts, ends = logits(0, 5, 0, 0), logits(0, 0, 4, 9)
    text = "Ha. Mayor\n\nno"
    places = [None, (0, 2), (4, 9), (11, 13)]
    assert marks(starts, ends, places)[0] == Mark(0, 13, 14.0)
    assert marks(starts, ends, places, text=text)[0] == Mark(0, 9, 9.0)
    assert marks(starts, ends, places, text=text.replace("\n\n", "\n "))[0] == Mark(0, 13, 14.0)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=40))
def test_spans_are_sorted_and_do_not_overlap(values: list[tuple[float, float]]) -> None:
    starts, ends = (np.array(column, np.float32) for column in zip(*values, strict=True))
    found = marks(starts, ends, [(3 * i, 3 * i + 2) for i in range(len(values))])
    assert 1 <= len(found) <= KEPT
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for place, one in enumerate(found):
        assert one.start < one.end
        assert all(one.end <= other.start or other.end <= one.start for other in found[:place])


def test_of_overlapping_pieces_the_better_mark_counts() -> None:
    good, worse, apart = Mark(5, 9, 3.0), Mark(7, 12, 2.0), Mark(20, 22, 1.0)
    assert merged([(worse,), (good, apart)]) == (good, apart)


def test_a_token_stands_for_its_whole_word_behind_the_head() -> None:
    vocabulary = {"[UNK]": 0, "who": 1, "ti": 2, "##tle": 3, "Ke": 4, "##rry": 5, "met": 6}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 -- no password
    tokenizer.pre_tokenizer = Whitespace()
    piece = tokenizer.encode("who", "title\nmet Kerry")
    assert piece.tokens == ["who", "ti", "##tle", "met", "Ke", "##rry"]
    assert words(piece, len("title\n")) == [None, None, None, (0, 3), (4, 9), (4, 9)]
