from collections.abc import Iterator
from pathlib import Path

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from qa.evidence import Asked
from qa.retrieve import HybridRetriever
from qa.types import Mark
from qa.windows import LENGTH, WIDE, Piece, pieces, within

LONG = " ".join(f"Nothing at all was said about any harbour on day {n}." for n in range(20))
TALKS = (
    "Kerry spoke of peace. He was in Paris for talks. The flood reached Harwick. "
    "His car broke down on the bridge."
)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    yield corpus
    corpus.close()


def read(corpus: Corpus, text: str, question: str) -> Piece:
    """The piece of the first hit, in a collection of this one text."""
    list(corpus.add([new_article(text=text)]))
    vector = corpus.embedder.embed_queries([question])[0]
    hits = HybridRetriever(corpus).retrieve(question, vector, 10)[0]
    return next(iter(pieces(Asked(question, corpus.lexical), hits)))


def marked(piece: Piece, words: str) -> str:
    """What stands in the article where these words of the window are marked."""
    start = piece.window.text.index(words)
    place = piece.place(Mark(start, start + len(words), 0.0))
    return piece.hit.passage.slice(*place)


def test_a_window_is_around_the_best_sentence(corpus: Corpus) -> None:
    text = read(corpus, LONG, "what was said about a harbour on day 13?").window.text
    assert "day 13" in text
    assert len(text) <= LENGTH < len(LONG)


def test_the_first_hit_is_read_a_second_time_with_more_around(corpus: Corpus) -> None:
    list(corpus.add([new_article(text=f"{LONG} And {n}.") for n in range(3)]))
    question = "what was said about a harbour on day 13?"
    vector = corpus.embedder.embed_queries([question])[0]
    hits = HybridRetriever(corpus).retrieve(question, vector, 10)[0]
    narrow, wide, *others = pieces(Asked(question, corpus.lexical), hits)
    assert narrow.hit is wide.hit
    assert narrow.window.text in wide.window.text
    assert LENGTH < len(wide.window.text) <= WIDE
    assert [one.hit for one in others] == list(hits[1:])
    assert all(len(one.window.text) <= LENGTH for one in others)


def test_a_pronoun_is_read_with_the_sentence_before_it(corpus: Corpus) -> None:
    before = f"Kerry spoke of peace, {'and of war, ' * 30}at length."
    text = f"{before} He was in Paris for a meeting of ministers."
    piece = read(corpus, text, "who was in Paris for a meeting of ministers?")
    assert piece.window.text == text


def test_a_pronoun_is_read_as_the_name_in_the_question(corpus: Corpus) -> None:
    piece = read(corpus, TALKS, "was Kerry in Paris for talks?")
    assert "Kerry was in Paris for talks." in piece.window.text
    assert marked(piece, "Paris") == "Paris"
    assert marked(piece, "spoke of peace") == "spoke of peace"
    assert marked(piece, "Kerry was") == "He was"
    assert marked(piece, "peace. Kerry") == "peace. He"
    assert marked(piece, "flood") == "flood"
    assert piece.hit.passage.slice(*piece.place(piece.whole)) == "He was in Paris for talks."


def test_a_name_that_a_pronoun_is_read_as_is_cited_where_it_stands(corpus: Corpus) -> None:
    piece = read(corpus, TALKS, "was Kerry in Paris for talks?")
    start = piece.window.text.index("Kerry was")
    place = piece.place(Mark(start, start + len("Kerry"), 0.0))
    assert place == (0, len("Kerry"))


def test_a_possessive_is_read_as_one(corpus: Corpus) -> None:
    text = "Kerry spoke of peace. His car broke down on the bridge."
    piece = read(corpus, text, "when did the car of Kerry break down on the bridge?")
    assert piece.window.text.endswith("Kerry’s car broke down on the bridge.")
    assert marked(piece, "on the bridge") == "on the bridge"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Kerry spoke of peace. He was in Paris for talks.", "who was in Paris for talks?"),
        ("Ministers met in Paris. It was full of talks.", "was it full of talks in Paris?"),
        ("He was in Paris for talks. Kerry spoke.", "was Kerry in Paris for talks?"),
    ],
)
def test_no_other_pronoun_is_read_as_a_name(corpus: Corpus, text: str, question: str) -> None:
    """Not what the question does not name, not a place, not what comes later."""
    assert read(corpus, text, question).window.text in text


def test_pieces_are_read_while_they_fit(corpus: Corpus) -> None:
    piece = read(corpus, TALKS, "was Kerry in Paris for talks?")
    room = 2 * (10 + piece.length)
    assert len(list(within([piece] * 3, room, 10))) == 2
    assert len(list(within([piece] * 3, room - 1, 10))) == 1
    assert len(list(within([piece] * 3, 0, 10))) == 1
