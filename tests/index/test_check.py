from pathlib import Path

import numpy as np
import pytest

from index.check import problems
from index.coded import Coded
from index.identity import new_article
from index.split import split
from index.store import PassageStore
from index.tables import Embedded
from index.types import Article

DIM = 4


def embedded(article: Article) -> Embedded:
    pieces = split(article.text, article.title)
    rows = [np.full((len(p.sentences) + 1, DIM), 0.5, np.float32) for p in pieces]
    return Embedded(article, pieces, rows)


@pytest.fixture
def store(tmp_path: Path) -> PassageStore:
    store = PassageStore(tmp_path / "articles.sqlite")
    store.set_meta({"dim": str(DIM)})
    return store


WAR = new_article(
    external_id="war", text="War ends\n\n“It’s over,” said Kerry. 😀 Nobody won.", title="War ends"
)
PORT = new_article(external_id="port", text="The port reopened. Ships came.", lang="en")


def test_the_check_finds_nothing_in_a_sound_store(store: PassageStore) -> None:
    store.put([embedded(WAR), embedded(PORT)])
    assert list(problems(store)) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("UPDATE articles SET text = 'x' || text WHERE external_id = 'war'", "SHA-256"),
        ('UPDATE passages SET "end" = 10000', "offsets do not fit"),
        ("UPDATE passages SET start = 30", "offsets do not fit"),
        ("UPDATE vectors SET rows = x'00'", "vectors are missing"),
        ("DELETE FROM vectors", "vectors are missing"),
        ("UPDATE passages SET sentences = x'000000'", "offsets do not fit"),
        ("UPDATE passages SET sentences = x'00000000'", "offsets do not fit"),
        ("UPDATE vectors SET rows = zeroblob(length(rows))", "do not have the length 1"),
        ("UPDATE articles SET published_at = 'soon'", "Invalid isoformat string: 'soon'"),
        ("UPDATE articles SET added_at = 'soon'", "Invalid isoformat string: 'soon'"),
        ("UPDATE articles SET text = CAST(x'ff' AS TEXT)", "cannot be read"),
        ("UPDATE meta SET value = 'abc' WHERE key = 'dim'", "dim is 'abc', which is no number"),
        ("UPDATE meta SET value = '' WHERE key = 'generation'", "generation is ''"),
        ("DROP TABLE vectors", "cannot be read"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM articles", "has no articles"),
    ],
)
def test_the_check_names_what_is_wrong(store: PassageStore, damage: str, message: str) -> None:
    store.put([embedded(WAR), embedded(PORT)])
    store.connection().executescript(damage)
    assert any(message in problem for problem in problems(store))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 0.3, 0.7])
def test_vectors_that_do_not_have_the_length_1_are_named(store: PassageStore, value: float) -> None:
    ((key,),), _ = store.put([embedded(PORT)])
    scales = np.full(3, 1 / 254, np.float32)
    scales[2] = value / 127
    packed = Coded(np.full((3, DIM), 127, np.int8), scales).packed()
    store.connection().execute("UPDATE vectors SET rows = ?", (packed,))
    assert list(problems(store)) == [
        f"passage psg_{key} of article {PORT.id}: its vectors do not have the length 1"
    ]


def test_a_hashed_sentence_without_words_may_be_all_zeros(store: PassageStore) -> None:
    store.set_meta({"model": "hashing-4"})
    store.put([embedded(PORT)])
    rows = Coded.of(np.zeros((3, DIM), np.float32)).packed()
    store.connection().execute("UPDATE vectors SET rows = ?", (rows,))
    assert list(problems(store)) == []
