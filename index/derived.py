"""The indexes that are made from the store, on disk: written, checked, and thrown away.

`manifest.json` is written last. It names the store's generation and every file's SHA-256, so an
index that is old, half written or damaged is seen before it is read, and rebuilt.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from index.store import PassageStore

State = Literal["fresh", "stale", "missing", "damaged"]

MANIFEST = "manifest.json"
LEXICAL = "lexical"
FORMAT = 5
"""Goes up when the files of another version cannot be read."""


def state(folder: Path, store: PassageStore, engine: str) -> State:
    """Whether the indexes in the folder can be used with this store and engine."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files = dict(manifest.pop("files"))
    except FileNotFoundError:
        return "missing"
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return "damaged"
    if manifest != _facts(store, engine):
        return "stale"
    if any(_digest(folder / name) != digest for name, digest in files.items()):
        return "damaged"
    return "fresh"


def publish(folder: Path, store: PassageStore, engine: str) -> None:
    """Write the manifest for the files that are in the folder now."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST and not _passing(path.name)
    )
    digests = {str(path.relative_to(folder)): _digest(path) for path in files}
    text = json.dumps({**_facts(store, engine), "files": digests}, indent=1)
    write_atomically(folder / MANIFEST, lambda path: path.write_text(text))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """All of the new file or all of the old one, whenever the power fails."""
    temporary = path.with_name(f".{path.name}.tmp")
    write(temporary)
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def _passing(name: str) -> bool:
    """Locks and half written files: they come and go, and are never read."""
    return name.startswith(".") and name.endswith((".lock", ".tmp"))


def _facts(store: PassageStore, engine: str) -> dict[str, object]:
    return {
        "format": FORMAT,
        "store": store.meta("store"),
        "generation": store.generation,
        "model": store.meta("model"),
        "dim": store.meta("dim"),
        "engine": engine,
    }


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def sync(path: Path) -> None:
    """Ask the disk to keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
