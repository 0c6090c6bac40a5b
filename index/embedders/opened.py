"""Opens the embedder for a model: compiled where that can be had, else the reference.

Compiled models are kept in the cache folder, by everything that they depend on. Any number of
processes may make one at once: the first to finish puts its own in place, whole.
"""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.derived import sync
from index.embedders.weights import (
    PACKAGED,
    WEIGHTS,
    checked,
    folder_of,
    remembered_sha256,
)
from index.processor import multiplies_bfloat16
from index.types import Embedder

if TYPE_CHECKING:
    from index.embedders.compiled import CompiledEmbedder

log = logging.getLogger(__name__)

FORMAT = 2
"""Goes up when what an earlier version compiled is not to be used."""
ABOUT = "about.json"
PATIENCE_S = 900
"""For making one: seconds for a small model here, minutes for a large one on a busy machine."""


class Unusable(Exception):
    """There is no compiled model, for a reason that the user should know."""


def open_embedder(model: str, cache: Path, *, threads: int = 0) -> Embedder:
    """The embedder for a model; its vectors are the same however it is run."""
    folder = folder_of(model)
    if folder is not None:
        try:
            if compiled := _compiled(model, folder, cache, threads):
                return compiled
        except (Unusable, OSError, ImportError) as why:
            log.warning("%s is run without being compiled, slower: %s", model, why)
    from index.embedders.sentence_transformers import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(model, threads=threads)


def _compiled(model: str, folder: Path, cache: Path, threads: int) -> "CompiledEmbedder | None":
    cache.mkdir(parents=True, exist_ok=True)
    entry = cache / _key(model, folder, cache)
    facts = _read(entry, cache)
    if facts is None:
        log.info("compiling %s for this machine, once", model)
        _make(model, entry)
        facts = _read(entry, cache)
    if facts is None:
        raise Unusable(f"what was compiled in {entry} cannot be read")
    if "unsuitable" in facts:
        if facts["expected"]:
            return None
        raise Unusable(facts["unsuitable"])
    from index.embedders.compiled import About, CompiledEmbedder

    about = About(**facts["about"])
    try:
        return CompiledEmbedder(entry, folder / WEIGHTS, about, name=model, threads=threads)
    except RuntimeError as error:  # whatever the runtime has against the file
        raise Unusable(str(error)) from error


def _key(model: str, folder: Path, cache: Path) -> str:
    """Of everything that the compiled model depends on."""
    weights = folder / WEIGHTS
    digest = remembered_sha256(weights, cache)
    if model == PACKAGED:
        checked(digest, weights)
    try:
        runtime = version("openvino")
    except PackageNotFoundError as error:
        raise Unusable("the package openvino is not installed") from error
    others = [path.read_bytes() for path in sorted(folder.rglob("*.json"))]
    facts = [FORMAT, digest, runtime, multiplies_bfloat16()]
    made_of = hashlib.sha256(json.dumps(facts).encode())
    for content in others:
        made_of.update(hashlib.sha256(content).digest())
    return made_of.hexdigest()[:32]


def _read(entry: Path, cache: Path) -> dict[str, Any] | None:
    """What stands in an entry; nothing where it is missing or damaged."""
    try:
        facts = json.loads((entry / ABOUT).read_text())
        files = facts.get("files", {}).items()
        whole = all(remembered_sha256(entry / name, cache) == digest for name, digest in files)
    except (OSError, ValueError, AttributeError):
        whole = False
    return facts if whole else None


def _make(model: str, entry: Path) -> None:
    """By a process of its own, which takes torch with it when it ends."""
    shutil.rmtree(entry, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=entry.parent) as making:
        made = Path(making) / "made"
        made.mkdir()
        # -P: what lies in the user's folder under our names is not run.
        command = [sys.executable, "-P", "-m", "index.embedders.compiling", model, str(made)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S, text=True)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise Unusable(f"compiling took more than {PATIENCE_S} seconds") from error
        except subprocess.CalledProcessError as error:
            last = error.stderr.strip().splitlines()[-1:]
            raise Unusable(f"compiling failed: {''.join(last)}") from error
        for path in made.iterdir():
            sync(path)
        try:
            made.rename(entry)
        except OSError:
            if not entry.is_dir():  # else another process was first
                raise
