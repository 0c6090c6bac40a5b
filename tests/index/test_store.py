import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from index.errors import IndexDamaged, InvalidInput, NotFound, NotReady, StorageFull
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
    external_id="war",
    text="War ends\n\n“It’s over,” said Kerry. 😀 Nobody won.",
    title="War ends",
    source="AFP",
    published_at=datetime(2016, 12, 9, tzinfo=UTC),
)
PORT = new_article(external_id="port", text="The port reopened. Ships came.", lang="en")


def test_an_article_comes_back_as_it_was(store: PassageStore) -> None:
    store.put([embedded(WAR), embedded(PORT)])
    assert store.article(WAR.id) == WAR
    assert store.article(PORT.id) == PORT


def test_passages_are_slices_of_the_text_in_code_points(store: PassageStore) -> None:
    (ids,), _ = store.put([embedded(WAR)])
    passage = store.passage(ids[0])
    assert passage.text == WAR.text[passage.start : passage.end]
    assert [WAR.text[a:b] for a, b in passage.sentences] == [
        "“It’s over,” said Kerry.",
        "😀 Nobody won.",
    ]
    assert passage.slice(*passage.sentences[1]) == "😀 Nobody won."
    assert (passage.title, passage.source, passage.sha256) == ("War ends", "AFP", WAR.sha256)


def test_vectors_come_back_by_passage_with_its_own_first(store: PassageStore) -> None:
    (port,), _ = store.put([embedded(PORT)])
    (war,), _ = store.put([embedded(WAR)])
    (found,) = store.vectors(DIM)
    assert found.ids.tolist() == [*port, *war]
    assert found.starts.tolist() == [0, 3]
    assert found.vectors.rows() == pytest.approx(np.full((6, DIM), 0.5))


def test_an_article_that_is_put_again_replaces_its_passages(store: PassageStore) -> None:
    (old,), _ = store.put([embedded(PORT)])
    changed = new_article(external_id="port", text="The port closed.")
    (new,), gone = store.put([embedded(changed)])
    assert gone == old
    assert not set(new) & set(old)
    assert store.article(PORT.id).text == "The port closed."
    assert store.passages(old) == {}
    assert store.counts().articles == 1


def test_a_passage_id_is_never_used_again(store: PassageStore) -> None:
    (old,), _ = store.put([embedded(PORT)])
    store.remove([PORT.id])
    (new,), _ = store.put([embedded(PORT)])
    assert min(new) > max(old)


def test_removing_leaves_nothing_of_the_text_in_the_files(
    store: PassageStore, tmp_path: Path
) -> None:
    store.put([embedded(WAR), embedded(PORT)])
    there, gone = store.remove([PORT.id, "art_none", PORT.id])
    assert there == [PORT.id]
    assert len(gone) == 1
    with pytest.raises(NotFound):
        store.article(PORT.id)
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"reopened" not in files
    assert b"Nobody won" in files


def test_every_write_has_a_generation(store: PassageStore) -> None:
    assert store.generation == 0
    store.put([embedded(WAR)])
    store.put_metadata(WAR)
    assert store.generation == 2
    store.remove(["art_none"])
    assert store.generation == 2
    store.remove([WAR.id])
    assert store.generation == 3


def test_a_failed_write_leaves_no_trace(store: PassageStore) -> None:
    store.put([embedded(WAR)])
    bad = Embedded(PORT, split(PORT.text), [])
    with pytest.raises(ValueError, match="zip"):
        store.put([embedded(new_article(text="Another one.")), bad])
    assert store.counts().articles == 1
    assert store.generation == 1
    store.put([embedded(PORT)])
    assert store.counts().articles == 2


def test_a_full_disk_is_told_apart_and_loses_nothing(store: PassageStore) -> None:
    store.put([embedded(WAR)])
    pages = store.connection().execute("PRAGMA page_count").fetchone()[0]
    store.connection().execute(f"PRAGMA max_page_count = {pages}")
    big = embedded(new_article(text=("Words and words. " * 50 + "\n\n") * 1_000))
    with pytest.raises(StorageFull):
        store.put([big])
    assert store.article(WAR.id) == WAR
    store.connection().execute("PRAGMA max_page_count = 1000000")
    store.put([big])
    assert store.counts().articles == 2


def test_articles_are_listed_in_pages(store: PassageStore) -> None:
    articles = [new_article(text=f"Number {i}.") for i in range(7)]
    store.put([embedded(article) for article in articles])
    first = store.listing(limit=4)
    rest = store.listing(limit=4, after=first[-1].id)
    assert [item.id for item in first + rest] == sorted(article.id for article in articles)
    assert (first[0].characters, first[0].passages) == (9, 1)


def test_filters_choose_passages(store: PassageStore) -> None:
    (war, port), _ = store.put([embedded(WAR), embedded(PORT)])
    assert store.passage_ids({"source": "AFP"}).tolist() == war
    assert store.passage_ids({"not": {"source": "AFP"}}).tolist() == port
    assert store.passage_ids({"published_at": {"lt": "2016-12-09T00:00:01Z"}}).tolist() == war
    assert store.passage_ids({"published_at": {"lt": "2016-12-09"}}).tolist() == []
    assert store.passage_ids({"lang": None}).tolist() == war
    with pytest.raises(InvalidInput):
        store.passage_ids({"text": "x"})


def test_a_newer_format_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    PassageStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(IndexDamaged, match="newer version"):
        PassageStore(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(IndexDamaged, match="cannot be read"):
        PassageStore(path)


def test_an_article_that_is_put_again_keeps_the_time_it_was_added(store: PassageStore) -> None:
    store.put([embedded(PORT)])
    first = store.listed(PORT.id).added_at
    store.put([embedded(new_article(external_id="port", text="The port closed."))])
    assert store.listed(PORT.id).added_at == first


def test_a_digest_is_the_title_and_the_sum_of_the_text(store: PassageStore) -> None:
    store.put([embedded(WAR)])
    assert store.digest(WAR.id) == ("War ends", WAR.sha256)
    assert store.digest(PORT.id) is None


def test_threads_that_ended_leave_no_connection(store: PassageStore) -> None:
    store.put([embedded(WAR)])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        threads = [threading.Thread(target=store.article, args=(WAR.id,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # At most one for each that ran at once, of up to three files.
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3 * 4


def test_one_reads_while_another_is_halfway(store: PassageStore) -> None:
    (war, port), _ = store.put([embedded(WAR), embedded(PORT)])
    passages, vectors = store.all_passages(), store.vectors(DIM)
    assert next(passages).id == war[0]
    assert next(vectors).ids.tolist() == [*war, *port]
    assert store.article(PORT.id) == PORT
    assert [passage.id for passage in passages] == port
    assert next(vectors, None) is None


@pytest.mark.parametrize(
    ("damage", "read"),
    [
        ("UPDATE vectors SET rows = x'000000'", lambda store: list(store.vectors(DIM))),
        ("UPDATE passages SET sentences = x'00'", lambda store: store.passage(1)),
        ("UPDATE passages SET sentences = x'000000'", lambda store: list(store.all_passages())),
        ("UPDATE articles SET published_at = 'x'", lambda store: store.article(WAR.id)),
        ("UPDATE articles SET added_at = 'x'", lambda store: store.listing(limit=1)),
        (
            "UPDATE articles SET text = CAST(x'ff' AS TEXT)",
            lambda store: store.article(WAR.id),
        ),
        (
            "UPDATE meta SET value = 'x' WHERE key = 'generation'",
            lambda store: PassageStore(store._path),
        ),
        ("DROP TABLE vectors", lambda store: list(store.vectors(DIM))),
    ],
)
def test_damage_that_is_met_is_named_with_what_to_do(
    store: PassageStore, damage: str, read: Callable[[PassageStore], object]
) -> None:
    store.put([embedded(WAR)])
    store.connection().executescript(damage)
    with pytest.raises(IndexDamaged, match="run `qa doctor`"):
        read(store)


def test_a_database_page_that_is_overwritten_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    store = PassageStore(path)
    store.put([embedded(new_article(text=("Words and words. " * 50 + "\n\n") * 100))])
    store.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(IndexDamaged, match="run `qa doctor`"):
        PassageStore(path).listing(limit=1)


def test_a_reader_changes_nothing(store: PassageStore, tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    store.put([embedded(WAR)])
    store.close()
    before = path.read_bytes(), path.stat().st_mtime_ns
    reader = PassageStore(path, write=False)
    assert reader.article(WAR.id) == WAR
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.set_meta({"a": "b"})
    reader.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_reader_sees_what_a_writer_has_just_written(store: PassageStore, tmp_path: Path) -> None:
    reader = PassageStore(tmp_path / "articles.sqlite", write=False)
    store.put([embedded(WAR)])
    assert reader.article(WAR.id) == WAR


def test_a_reader_makes_no_store(tmp_path: Path) -> None:
    path = tmp_path / "articles.sqlite"
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        PassageStore(path, write=False)
    assert not path.exists()
    path.touch()
    with pytest.raises(NotReady):
        PassageStore(path, write=False)
    assert path.read_bytes() == b""


def test_each_store_has_an_id_of_its_own(store: PassageStore, tmp_path: Path) -> None:
    ids = [store.meta("store"), PassageStore(tmp_path / "other.sqlite").meta("store")]
    assert ids[0] != ids[1]
    assert None not in ids


def in_format_1(path: Path) -> Path:
    """A store as it was written before, with one article."""
    store = PassageStore(path)
    store.set_meta({"dim": str(DIM)})
    store.put([embedded(PORT)])
    db = store.connection()
    db.execute("UPDATE vectors SET rows = ?", (np.full((3, DIM), 0.5, np.float16).tobytes(),))
    db.execute("PRAGMA user_version = 1")
    store.close()
    return path


def test_a_store_with_16_bit_vectors_is_brought_up_to_date(tmp_path: Path) -> None:
    path = in_format_1(tmp_path / "articles.sqlite")
    with pytest.raises(NotReady, match="earlier version"):
        PassageStore(path, write=False)
    for _ in range(2):
        store = PassageStore(path)
        assert next(store.vectors(DIM)).vectors.rows() == pytest.approx(
            np.full((3, DIM), 0.5), abs=1e-3
        )
        store.close()
    assert PassageStore(path, write=False).article(PORT.id) == PORT
