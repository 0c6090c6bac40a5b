from pathlib import Path

import pytest

from index import derived
from index.store import PassageStore


@pytest.fixture
def store(tmp_path: Path) -> PassageStore:
    store = PassageStore(tmp_path / "articles.sqlite")
    store.set_meta({"model": "hashing", "dim": "4", "generation": "3"})
    return store


@pytest.fixture
def folder(tmp_path: Path, store: PassageStore) -> Path:
    folder = tmp_path / "derived"
    (folder / "lexical").mkdir(parents=True)
    (folder / "a.vectors").write_bytes(b"abc")
    (folder / "lexical" / "meta.json").write_text("{}")
    (folder / "lexical" / ".managed.json").write_text("[]")
    (folder / "lexical" / ".tantivy-meta.lock").touch()
    (folder / ".b.vectors.tmp").write_bytes(b"half")
    derived.publish(folder, store, "ExactIndex")
    return folder


def test_what_was_published_is_fresh(folder: Path, store: PassageStore) -> None:
    assert derived.state(folder, store, "ExactIndex") == "fresh"


def test_another_generation_or_engine_is_stale(folder: Path, store: PassageStore) -> None:
    assert derived.state(folder, store, "FaissIndex") == "stale"
    store.set_meta({"generation": "4"})
    assert derived.state(folder, store, "ExactIndex") == "stale"


def test_the_indexes_of_another_store_are_stale(
    folder: Path, store: PassageStore, tmp_path: Path
) -> None:
    other = PassageStore(tmp_path / "other.sqlite")
    other.set_meta({"model": "hashing", "dim": "4", "generation": "3"})
    assert derived.state(folder, other, "ExactIndex") == "stale"


def test_locks_and_half_written_files_are_no_part_of_it(folder: Path, store: PassageStore) -> None:
    (folder / "lexical" / ".tantivy-meta.lock").unlink()
    (folder / ".b.vectors.tmp").unlink()
    assert derived.state(folder, store, "ExactIndex") == "fresh"


def test_nothing_published_is_missing(tmp_path: Path, store: PassageStore) -> None:
    assert derived.state(tmp_path / "none", store, "ExactIndex") == "missing"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.vectors", b"abd"),
        ("a.vectors", b"ab"),
        ("a.vectors", b"abc\0"),
        ("lexical/meta.json", None),
        ("lexical/.managed.json", b"["),
        ("manifest.json", b"{"),
        ("manifest.json", b"[]"),
        ("manifest.json", b"{}"),
    ],
)
def test_any_change_to_a_file_is_damage(
    folder: Path, store: PassageStore, name: str, content: bytes | None
) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    assert derived.state(folder, store, "ExactIndex") == "damaged"


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        derived.write_atomically(path, fail)
    assert path.read_text() == "old"
