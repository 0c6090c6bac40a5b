from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.lexical import LexicalIndex
from index.types import Passage


def passage(key: int, *sentences: str, title: str = "") -> Passage:
    text, spans = "", []
    for sentence in sentences:
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence + " "
    return Passage(key, "art_1", text.rstrip(), 0, len(text) - 1, tuple(spans), title)


@pytest.fixture
def index() -> LexicalIndex:
    index = LexicalIndex()
    index.add(
        [
            passage(1, "Officials met in Geneva.", "The talks failed."),
            passage(2, "Kerry was meeting ministers.", "He was in Paris.", title="Kerry in Paris"),
            passage(3, "The harbour reopened."),
        ]
    )
    return index


def found(index: LexicalIndex, question: str, k: int = 5) -> list[int]:
    return index.search(index.terms(question), k)[0].tolist()


def test_words_are_found_in_any_form_and_case(index: LexicalIndex) -> None:
    assert found(index, "GENEVA meet official") == [1, 2]
    assert found(index, "reopening harbours") == [3]


def test_the_scores_of_some_are_those_of_a_search_for_all(index: LexicalIndex) -> None:
    terms = index.terms("who was meeting in Geneva or Paris?")
    wanted = dict(zip(*(one.tolist() for one in index.search(terms, 5)), strict=True))
    for best in (0, 1, 5):  # of which none, some and all are known already
        known = index.search(terms, best)
        scores = index.scores(terms, np.array([2, 3]), known)
        assert scores == pytest.approx([wanted[2], 0])
    whole = index.search(terms, 5, level="articles")
    assert index.scores(terms, np.array([1]), whole, level="articles") == whole[1]
    assert len(index.scores(terms, np.empty(0, np.int64), known)) == 0


def test_a_title_counts_for_its_passages(index: LexicalIndex) -> None:
    assert found(index, "Paris") == [2]


def test_stop_words_of_a_question_are_dropped_unless_it_has_no_other(index: LexicalIndex) -> None:
    assert index.terms("who is in the harbour?").words == ("harbour",)
    assert index.terms("who is he?").words == ("who", "is", "he")


def test_nothing_in_a_question_is_a_query_language(index: LexicalIndex) -> None:
    assert found(index, '+geneva -officials text:"(*~[') == [1]
    assert found(index, "?!") == []
    assert found(index, "") == []


def test_scores_are_a_share_of_the_best_that_is_possible(index: LexicalIndex) -> None:
    _, scores = index.search(index.terms("geneva officials"), 5)
    _, half = index.search(index.terms("geneva unheard"), 5)
    assert 0.3 < scores[0] < 1
    assert half[0] < scores[0]


def test_a_share_hardly_depends_on_the_size_of_the_collection() -> None:
    shares = []
    for size in (10, 1000):
        index = LexicalIndex()
        index.add([passage(1, "Officials met in Geneva at noon.")])
        index.add(passage(i, f"Filler number {i} of many words.") for i in range(2, size))
        shares.append(index.search(index.terms("who met in Geneva?"), 1)[1][0])
    assert shares[0] == pytest.approx(shares[1], rel=0.1)


def test_allowed_restricts_the_passages(index: LexicalIndex) -> None:
    terms = index.terms("Geneva Paris")
    only = np.array([2, 3])
    assert index.search(terms, 5, only)[0].tolist() == [2]
    assert index.search(terms, 5, np.array([], np.int64))[0].tolist() == []


def test_an_article_is_found_by_words_of_any_of_its_passages() -> None:
    index = LexicalIndex()
    pieces = [passage(1, "Officials met in Geneva."), passage(2, "Cod was on the table.")]
    other = replace(passage(3, "Cod is cheap.", title="Fish"), article_id="art_2")
    index.add([*pieces, other])
    terms = index.terms("cod in Geneva")
    ids, scores = index.search(terms, 5, level="articles")
    assert ids.tolist() == [1, 3]
    assert 0 < scores[1] < scores[0] < 1
    assert index.search(index.terms("fish"), 5, level="articles")[0].tolist() == [3]
    assert index.search(terms, 5, np.array([3]), level="articles")[0].tolist() == [3]
    index.remove([1, 2])
    assert index.search(terms, 5, level="articles")[0].tolist() == [3]
    assert len(index) == 1


def test_what_is_removed_is_not_found_and_can_come_back(index: LexicalIndex) -> None:
    index.remove([1, 99])
    assert found(index, "Geneva") == []
    index.add([passage(1, "Officials met in Geneva.")])
    assert found(index, "Geneva") == [1]
    assert len(index) == 3


def test_an_index_on_disk_is_there_when_opened_again(tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path / "lexical")
    index.add([passage(1, "Officials met in Geneva.")])
    index.settle()
    again = LexicalIndex(tmp_path / "lexical")
    assert found(again, "Geneva") == [1]
    again.add([passage(2, "Geneva again.")])
    assert sorted(found(again, "Geneva")) == [1, 2]


def test_removed_texts_make_no_word_weigh_less_than_nothing(index: LexicalIndex) -> None:
    index.add(passage(key, "Harbour news.") for key in range(10, 60))
    index.remove(range(11, 60))
    terms = index.terms("harbour")
    assert terms.mass > 0
    assert set(index.search(terms, 5)[0].tolist()) == {3, 10}


def test_stop_words_are_known_in_the_form_that_the_index_has(index: LexicalIndex) -> None:
    assert index.terms("why does the harbour matter because of any?").words == ("harbour", "matter")
    assert index.terms("why?").has_content is False
    assert index.terms("why the harbour?").has_content is True
