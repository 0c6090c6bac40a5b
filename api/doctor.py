"""Doctor: examines a data directory, says what is wrong and what cures it, and changes nothing."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from api.build import build_engine
from api.models import model_of
from api.settings import Settings
from index import check, derived
from index.corpus import DERIVED, STORE, VECTORS
from index.errors import IndexDamaged, NotReady
from index.store import PassageStore

Level = Literal["ok", "note", "BAD"]

ROOM = 2
"""So many times the size of the data directory should be free: a rebuild writes a copy first."""
SHOWN = 20
"""Of the problems of a store; a broken disk has thousands."""
RESTORE = (
    "stop the server, set {data} aside, and ingest the articles again into a new directory; "
    "what can still be read is in {store}"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; what is BAD is damage, a note is not."""

    name: str
    level: Level
    detail: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at."""

    checks: list[Check]

    @property
    def healthy(self) -> bool:
        """Whether nothing is damaged."""
        return all(one.level != "BAD" for one in self.checks)

    def as_json(self) -> dict[str, object]:
        """One object for `--json`."""
        return {"healthy": self.healthy, "checks": [asdict(one) for one in self.checks]}


def examine(settings: Settings) -> Report:
    """Look at everything; raises NotReady where there is no store."""
    path = settings.data / STORE
    if not path.exists() or not path.stat().st_size:
        raise NotReady(f"nothing is indexed in {settings.data} yet: run `qa ingest PATH`")
    return Report([*_examine_stored(settings, path), _space(settings.data)])


def _examine_stored(settings: Settings, path: Path) -> Iterator[Check]:
    cure = RESTORE.format(data=settings.data, store=path)
    try:
        store = PassageStore(path, write=False)
        try:
            yield from _store(store, path, cure)
            yield _model(store, settings)
            yield _indexes(store, settings)
            yield _search(store, settings)
        finally:
            store.close()
    except (IndexDamaged, sqlite3.DatabaseError) as error:
        yield Check("store", "BAD", str(error), cure)


def _store(store: PassageStore, path: Path, cure: str) -> Iterator[Check]:
    found = list(check.problems(store))
    yield from (Check("store", "BAD", problem, cure) for problem in found[:SHOWN])
    if len(found) > SHOWN:
        yield Check("store", "BAD", f"and {len(found) - SHOWN:,} more problems", cure)
    if not found:
        counts = store.counts()
        yield Check(
            "store",
            "ok",
            f"{path}: {counts.articles:,} articles and {counts.passages:,} passages; texts, "
            "offsets and vectors are whole",
        )


def _model(store: PassageStore, settings: Settings) -> Check:
    name, dim = store.meta("model"), store.meta("dim")
    wanted = model_of(settings)
    if name == wanted:
        return Check("model", "ok", f"{name}, {dim} dimensions")
    detail = f"the index was made with {name} ({dim} dimensions), and the settings say {wanted}"
    return Check("model", "note", detail, f"set QA_EMBED_MODEL={name}")


def _indexes(store: PassageStore, settings: Settings) -> Check:
    folder = settings.data / DERIVED
    state = derived.state(folder, store, build_engine(settings).__name__)
    if state == "fresh":
        return Check("indexes", "ok", f"{folder}: fresh, at generation {store.generation}")
    cure = "none needed: the next start makes them again from the store"
    return Check("indexes", "note", f"{folder}: {state}", cure)


def _search(store: PassageStore, settings: Settings) -> Check:
    """Which index finds passages by their vectors, and from what size on it would be another."""
    path = settings.data / DERIVED / VECTORS
    size = f"; {_readable(path.stat().st_size)}" if path.exists() else ""
    about = build_engine(settings).about(store.counts().passages)
    return Check("search", "ok", f"{about}{size}")


SHARED = ".sqlite-shm"
"""SQLite's memory shared by the processes that read a store; it comes and goes with them."""


def _space(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    files = (file for file in data.rglob("*") if file.is_file() and file.suffix != SHARED)
    used = sum(file.stat().st_size for file in files)
    detail = f"{_readable(free)} free, {_readable(used)} used by {data}"
    if free < ROOM * used:
        return Check("disk", "note", detail, "make room: a rebuild writes a copy of the indexes")
    return Check("disk", "ok", detail)


def _readable(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
