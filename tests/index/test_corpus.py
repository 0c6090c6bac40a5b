import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import derived
from index.corpus import DERIVED, STORE, Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import IndexLocked, IndexMismatch, NotReady
from index.identity import new_article
from index.store import PassageStore
from index.tables import Embedded
from index.types import Article, Matrix, Spans


class Counting(HashingEmbedder):
    """Counts the passages that it embeds."""

    count = 0

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        self.count += len(texts)
        return super().embed_passages(titles, texts, sentences)


def article(name: str, text: str, **fields: str) -> Article:
    return new_article(external_id=name, text=text, **fields)


WAR = article("war", "The war ends. Kerry is in Geneva.")
PORT = article("port", "The port reopened. Ships came to the harbour.")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus.open(tmp_path, Counting())
    yield corpus
    corpus.close()


def top(corpus: Corpus, question: str) -> str:
    """The text of the best passage by vectors."""
    ids, _ = corpus.passages.search(corpus.embedder.embed_queries([question]), 1)
    return corpus.store.passage(int(ids[0, 0])).text


def test_what_is_added_is_found_by_vectors_and_by_words(corpus: Corpus) -> None:
    written = list(corpus.add([WAR, PORT]))
    assert [(w.id, w.external_id, w.result, w.passages) for w in written] == [
        (WAR.id, "war", "created", 1),
        (PORT.id, "port", "created", 1),
    ]
    assert top(corpus, "ships in the harbour") == PORT.text
    terms = corpus.lexical.terms("Geneva")
    (key,) = corpus.lexical.search(terms, 5)[0]
    assert corpus.store.passage(int(key)).article_id == WAR.id


def owners(corpus: Corpus) -> dict[str, set[int]]:
    """By article, what its passages say is the article's first passage."""
    found: dict[str, set[int]] = {}
    for passage in corpus.store.all_passages():
        first = int(corpus.articles_of(np.array([passage.id]))[0])
        found.setdefault(passage.article_id, set()).add(first)
        assert corpus.store.passage(first).article_id == passage.article_id
    return found


def test_every_passage_knows_its_articles_first_one_after_any_change(tmp_path: Path) -> None:
    def long(name: str, word: str) -> Article:
        return new_article(external_id=name, text=f"The {word} is in Geneva. " * 60)

    corpus = Corpus.open(tmp_path, HashingEmbedder())
    list(corpus.add([long("a", "talk"), long("b", "cod"), long("c", "port")]))
    list(corpus.add([long("a", "other talk")]))
    corpus.remove([long("b", "cod").id])
    list(corpus.add([long("d", "ferry"), long("b", "cod again")]))
    known = owners(corpus)
    assert [len(one) for one in known.values()] == [1, 1, 1, 1]
    articles = corpus.lexical.search(corpus.lexical.terms("Geneva"), 9, level="articles")[0]
    assert sorted(articles.tolist()) == sorted(first for one in known.values() for first in one)
    corpus.close()
    again = Corpus.open(tmp_path, HashingEmbedder())
    assert owners(again) == known
    again.close()


def test_an_unchanged_article_embeds_nothing(corpus: Corpus) -> None:
    list(corpus.add([WAR, PORT]))
    generation, count = corpus.generation, corpus.embedder.count
    assert [w.result for w in corpus.add([PORT, WAR])] == ["unchanged", "unchanged"]
    assert (corpus.generation, corpus.embedder.count) == (generation, count)


def test_new_metadata_alone_embeds_nothing(corpus: Corpus) -> None:
    list(corpus.add([WAR]))
    (written,) = corpus.add([article("war", WAR.text, source="AFP")])
    assert (written.result, written.passages) == ("updated", 1)
    assert corpus.store.article(WAR.id).source == "AFP"
    assert corpus.embedder.count == 1


def test_a_changed_article_replaces_the_old_one_everywhere(corpus: Corpus) -> None:
    list(corpus.add([WAR, PORT]))
    (written,) = corpus.add([article("war", "The truce holds.")])
    assert written.result == "updated"
    assert len(corpus.passages) == len(corpus.lexical) == 2
    assert corpus.lexical.search(corpus.lexical.terms("Geneva"), 5)[0].tolist() == []


def test_the_last_of_two_versions_in_one_call_stays(corpus: Corpus) -> None:
    results = [w.result for w in corpus.add([WAR, PORT, article("war", "The truce holds.")])]
    assert results == ["created", "created", "updated"]
    assert corpus.store.article(WAR.id).text == "The truce holds."
    assert len(corpus.passages) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_versions_that_follow_each_other_are_told_apart_in_batches_of_any_size(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("index.corpus.BATCH_PASSAGES", size)
    changed = article("war", "The war goes on.")
    sent = [WAR, PORT, changed, changed, WAR, PORT, changed, WAR]
    results = [one.result for one in corpus.add(sent)]
    assert results == [
        "created",
        "created",
        "updated",
        "unchanged",
        "updated",
        "unchanged",
        "updated",
        "updated",
    ]
    assert corpus.store.article(WAR.id).text == WAR.text
    assert top(corpus, "Kerry in Geneva") == WAR.text
    assert len(corpus.passages) == len(corpus.vectors) == len(corpus.lexical) == 2


def test_a_batch_is_embedded_while_the_one_before_is_stored(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.corpus.BATCH_PASSAGES", 1)
    embedded, put = threading.Semaphore(0), corpus.store.put

    def embed(titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]) -> object:
        embedded.release()
        return HashingEmbedder().embed_passages(titles, texts, sentences)

    def slowly(batch: Sequence[Embedded]) -> object:
        if batch[0].article.id == WAR.id:
            assert embedded.acquire(timeout=30)  # its own
            assert embedded.acquire(timeout=30)  # the next one's
        return put(batch)

    monkeypatch.setattr(corpus.embedder, "embed_passages", embed)
    monkeypatch.setattr(corpus.store, "put", slowly)
    assert [one.result for one in corpus.add([WAR, PORT])] == ["created", "created"]


def test_removing_removes_from_every_index(corpus: Corpus) -> None:
    list(corpus.add([WAR, PORT]))
    assert corpus.remove([WAR.id, "art_none"]) == [WAR.id]
    assert len(corpus.passages) == len(corpus.lexical) == 1
    assert top(corpus, "Kerry in Geneva") == PORT.text


def test_a_second_writer_is_refused_and_a_reader_is_not(corpus: Corpus, tmp_path: Path) -> None:
    list(corpus.add([WAR]))
    with pytest.raises(IndexLocked, match="--url"):
        Corpus.open(tmp_path, HashingEmbedder())
    reader = Corpus.open(tmp_path, HashingEmbedder(), write=False)
    assert top(reader, "Geneva") == WAR.text
    reader.close()


def test_a_reader_of_nothing_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="qa ingest"):
        Corpus.open(tmp_path / "none", HashingEmbedder(), write=False)
    assert not (tmp_path / "none").exists()


def test_another_model_is_refused_with_the_cure(tmp_path: Path) -> None:
    Corpus.open(tmp_path, HashingEmbedder(16)).close()
    with pytest.raises(IndexMismatch, match=r"hashing-16.*qa reindex.*QA_EMBED_MODEL=hashing-16"):
        Corpus.open(tmp_path, HashingEmbedder(32))
    Corpus.open(tmp_path, HashingEmbedder(16)).close()


def state(path: Path) -> str:
    store = PassageStore(path / STORE)
    found = derived.state(path / DERIVED, store, "FaissIndex")
    store.close()
    return found


def contents(corpus: Corpus) -> tuple[list[int], list[int], list[str]]:
    """The ids in each index, and the articles in the store."""
    terms = corpus.lexical.terms("number")
    return (
        sorted(corpus.passages.ids().tolist()),
        sorted(corpus.lexical.search(terms, 10_000)[0].tolist()),
        [item.id for item in corpus.store.listing(limit=10_000)],
    )


def test_a_closed_corpus_is_loaded_and_not_rebuilt(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_articles(tmp_path, 5)
    assert state(tmp_path) == "fresh"
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    assert caplog.messages == []
    assert len(contents(corpus)[0]) == 5
    corpus.close()


def with_articles(path: Path, count: int) -> tuple[list[int], list[int], list[str]]:
    corpus = Corpus.open(path, HashingEmbedder())
    list(corpus.add(article(str(i), f"This is number {i}. It ends.") for i in range(count)))
    found = contents(corpus)
    corpus.close()
    return found


@pytest.mark.parametrize("victim", ["passages.vectors", "firsts.npy", "manifest.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_a_damaged_index_is_rebuilt_from_the_store(
    tmp_path: Path, victim: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = with_articles(tmp_path, 20)
    file = tmp_path / DERIVED / victim
    data = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    assert contents(corpus) == before
    assert damage == "missing" or "rebuilding" in caplog.text
    corpus.close()
    assert state(tmp_path) == "fresh"


def test_a_folder_that_is_gone_is_made_again(tmp_path: Path) -> None:
    before = with_articles(tmp_path, 3)
    shutil.rmtree(tmp_path / DERIVED)
    reader = Corpus.open(tmp_path, HashingEmbedder(), write=False)
    assert contents(reader) == before
    reader.close()
    assert not (tmp_path / DERIVED).exists()


INGEST = """
import os, sys
from pathlib import Path
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article

corpus = Corpus.open(Path(sys.argv[1]), HashingEmbedder())
texts = (f"This is number {i}. " * 9 for i in range(10**6))
for written in corpus.add(new_article(text=text) for text in texts):
    sys.stdout.write(written.id + "\\n")
    sys.stdout.flush()
"""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.05, 0.2, 0.5])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, delay: float) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", INGEST, tmp_path / "data"], stdout=output)
    deadline = time.monotonic() + 30
    while not log.stat().st_size and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(delay)
    process.kill()
    process.wait()
    acknowledged = log.read_text().splitlines()
    corpus = Corpus.open(tmp_path / "data", HashingEmbedder())
    passages, words, articles = contents(corpus)
    assert acknowledged
    assert set(acknowledged) <= set(articles)
    assert passages == words
    stored = corpus.vectors[np.array(passages, np.int64)]
    assert len(stored.vectors) == 10 * len(passages)
    corpus.close()


@pytest.mark.parametrize("place", ["passages", "lexical", "vectors"])
def test_a_change_that_broke_off_halfway_is_repaired(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus.open(tmp_path, HashingEmbedder())
    list(corpus.add([WAR]))
    with monkeypatch.context() as patch:
        patch.setattr(getattr(corpus, place), "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(corpus.add([PORT]))
    list(corpus.add([article("third", "Third.")]))
    assert len(corpus.passages) == len(corpus.lexical) == 3
    with monkeypatch.context() as patch:
        patch.setattr(getattr(corpus, place), "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(corpus.add([article("fourth", "Fourth.")]))
    corpus.close()
    again = Corpus.open(tmp_path, HashingEmbedder())
    assert len(again.passages) == len(again.lexical) == 4
    again.close()


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_searching_goes_on_while_articles_come_and_go(corpus: Corpus) -> None:
    list(corpus.add([WAR]))
    question = corpus.embedder.embed_queries(["Kerry Geneva"])
    stop, failures, searches = threading.Event(), [], 0

    def search() -> None:
        nonlocal searches
        while not stop.is_set():
            ids, _ = corpus.passages.search(question, 50)
            found = corpus.store.passages(int(key) for key in ids[0] if key >= 0)
            if not any(passage.article_id == WAR.id for passage in found.values()):
                failures.append(ids)
            if any(passage.text.count("version") > 1 for passage in found.values()):
                failures.append(found)
            searches += 1

    thread = threading.Thread(target=search)
    thread.start()
    for i in range(15):
        list(corpus.add(article(str(k), f"Article {k} version {i}.") for k in range(20)))
        corpus.remove([article(str(k), "x").id for k in range(10)])
    stop.set()
    thread.join()
    assert not failures
    assert searches


TEXTS = st.sampled_from(["The number one. It ends.", "Another number.", "Number\n\nthree."])


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.lists(st.tuples(st.integers(0, 5), TEXTS), max_size=6)),
            st.tuples(st.just("remove"), st.lists(st.integers(0, 6), max_size=4)),
            st.tuples(st.just("reopen"), st.none()),
        ),
        max_size=8,
    )
)
def test_store_and_indexes_stay_in_step_through_any_history(
    tmp_path_factory: pytest.TempPathFactory, steps: list
) -> None:
    path = tmp_path_factory.mktemp("data")
    corpus = Corpus.open(path, HashingEmbedder(16))
    model: dict[str, str] = {}
    for step, argument in steps:
        if step == "add":
            list(corpus.add(article(str(key), text) for key, text in argument))
            model |= {str(key): text for key, text in argument}
        elif step == "remove":
            corpus.remove([article(str(key), "x").id for key in argument])
            for key in argument:
                model.pop(str(key), None)
        else:
            corpus.close()
            corpus = Corpus.open(path, HashingEmbedder(16))
    stored = {
        item.external_id: corpus.store.article(item.id).text
        for item in corpus.store.listing(limit=99)
    }
    assert stored == model
    passages, words, _ = contents(corpus)
    assert passages == words == [p.id for p in corpus.store.all_passages()]
    for stored in corpus.store.vectors(16):
        assert np.array_equal(corpus.vectors[stored.ids].vectors.codes, stored.vectors.codes)
        for key, row in zip(stored.ids, stored.vectors[stored.starts].rows(), strict=True):
            _, scores = corpus.passages.search(row[None], 1, np.array([key]))
            assert scores[0, 0] == pytest.approx(float(row @ row), abs=2e-2)
    corpus.close()
