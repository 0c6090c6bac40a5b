import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.doctor import SHOWN, Check, Report, examine
from api.settings import Settings
from index.corpus import DERIVED, STORE, VECTORS, Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import NotReady
from index.identity import new_article


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", embed_model="hashing", reader="none")


@pytest.fixture
def data(settings: Settings) -> Path:
    """A store with as many articles as can be told of, and two more."""
    corpus = Corpus.open(settings.data, HashingEmbedder())
    texts = (f"Bridge {n} was opened. Nobody came." for n in range(SHOWN + 2))
    list(corpus.add(new_article(text=text, external_id=text) for text in texts))
    corpus.close()
    return settings.data


def execute(data: Path, sql: str) -> None:
    with closing(sqlite3.connect(data / STORE)) as db, db:
        db.execute(sql)


def named(report: Report, name: str) -> list[Check]:
    return [check for check in report.checks if check.name == name]


def contents(data: Path) -> dict[str, bytes]:
    """All that is kept; a reader of SQLite may leave an empty log and its shared memory behind."""
    files = (path for path in data.rglob("*") if path.is_file() and path.suffix != ".sqlite-shm")
    found = {str(path): path.read_bytes() for path in files if path.name != "lock"}
    return {name: held for name, held in found.items() if held or not name.endswith("-wal")}


def test_a_healthy_store_is_told_to_be_one_and_left_alone(settings: Settings, data: Path) -> None:
    before = contents(data)
    report = examine(settings)
    assert report.healthy
    assert [(check.name, check.level, check.cure) for check in report.checks] == [
        ("store", "ok", ""),
        ("model", "ok", ""),
        ("indexes", "ok", ""),
        ("search", "ok", ""),
        ("disk", "ok", ""),
    ]
    assert f"{SHOWN + 2} articles and {SHOWN + 2} passages" in report.checks[0].detail
    assert contents(data) == before


def test_it_says_how_is_searched_and_what_would_change_it(settings: Settings, data: Path) -> None:
    (check,) = named(examine(settings), "search")
    assert check.detail.startswith(
        f"exact over {SHOWN + 2} vectors; trained from 200,000 on; 0.0 MB"
    )
    (data / DERIVED / VECTORS).unlink()
    (check,) = named(examine(settings.model_copy(update={"engine": "exact"})), "search")
    assert check.detail == f"exact over {SHOWN + 2} vectors, in numpy"


def test_it_needs_no_lock(settings: Settings, data: Path) -> None:
    with closing(Corpus.open(data, HashingEmbedder())) as corpus:
        list(corpus.add([new_article(text="While it is open.")]))
        report = examine(settings)
    assert report.healthy
    assert named(report, "indexes")[0].detail.endswith(": stale")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "UPDATE articles SET text = text || 'x' WHERE id IN (SELECT min(id) FROM articles)",
            "SHA",
        ),
        ("UPDATE passages SET start = start + 1000 WHERE id = 1", "offsets"),
        ("UPDATE passages SET sentences = x'00000000ffffff7f' WHERE id = 1", "offsets"),
        ("DELETE FROM vectors WHERE passage_id = 1", "vectors are missing"),
        ("UPDATE vectors SET rows = x'0000' WHERE passage_id = 1", "vectors are missing or cut"),
        ("DELETE FROM articles WHERE id IN (SELECT min(id) FROM articles)", "has no articles"),
    ],
)
def test_damage_is_told_with_its_cure(settings: Settings, data: Path, sql: str, told: str) -> None:
    execute(data, sql)
    report = examine(settings)
    assert not report.healthy
    found = named(report, "store")
    assert {check.level for check in found} == {"BAD"}
    assert told in found[0].detail
    assert str(data) in found[0].cure
    assert report.as_json()["healthy"] is False


def test_of_much_damage_some_is_told(settings: Settings, data: Path) -> None:
    execute(data, "DELETE FROM vectors")
    found = named(examine(settings), "store")
    assert len(found) == SHOWN + 1
    assert found[-1].detail == "and 2 more problems"


@pytest.mark.parametrize("size", [5000, 20])
def test_a_file_that_is_no_database_is_damage(settings: Settings, data: Path, size: int) -> None:
    (data / STORE).write_bytes(b"not a database " * size)
    report = examine(settings)
    assert not report.healthy
    assert [check.level for check in named(report, "store")] == ["BAD"]
    assert named(report, "disk")


def test_a_page_that_is_overwritten_is_damage(settings: Settings, data: Path) -> None:
    with (data / STORE).open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096 * 6)
    assert not examine(settings).healthy


def spoil(folder: Path) -> None:
    path = folder / "passages.vectors"
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "damaged"),
        (spoil, "damaged"),
    ],
)
def test_indexes_that_make_themselves_again_are_a_note(
    settings: Settings, data: Path, change: Callable[[Path], object], state: str
) -> None:
    change(data / DERIVED)
    report = examine(settings)
    assert report.healthy
    (check,) = named(report, "indexes")
    assert (check.level, check.detail) == ("note", f"{data / DERIVED}: {state}")
    assert check.cure == "none needed: the next start makes them again from the store"


def test_another_model_than_the_settings_say_is_a_note(data: Path) -> None:
    report = examine(Settings(data=data))
    assert report.healthy
    (check,) = named(report, "model")
    assert check.level == "note"
    assert "made with hashing-256 (256 dimensions)" in check.detail
    assert "all-MiniLM-L6-v2" in check.detail


def test_little_room_on_the_disk_is_a_note(
    settings: Settings, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = sum(map(len, contents(data).values()))
    for free, level in ((2 * used + 1, "ok"), (2 * used - 1, "note")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))  # noqa: B023
        report = examine(settings)
        assert report.healthy
        assert [check.level for check in named(report, "disk")] == [level]


def test_where_nothing_is_stored_there_is_nothing_to_examine(settings: Settings) -> None:
    for prepare in (lambda: None, settings.data.mkdir, (settings.data / STORE).touch):
        prepare()
        with pytest.raises(NotReady, match="nothing is indexed"):
            examine(settings)
