"""Environments for what is compared with us and for plots: made on first use, then kept."""

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import torch

from index.errors import ServiceError

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
MADE = ".made"
QUIETLY = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TQDM_DISABLE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""With nothing but the files it is given, without bars, and with threads that sleep while they
wait, as ours do: beside other programs on two cores they would else take many times as long."""


def requirements(name: str) -> Path:
    """What is installed there, exactly."""
    return HERE / f"requirements-{name}.txt"


def environment(name: str, cache: Path, *, with_torch: bool = True) -> Path:
    """The Python that has the requirements of this name, and the PyTorch that we run on."""
    first = [_build()] if with_torch else []
    needed = requirements(name)
    facts = "\n".join([*first, f"{sys.version_info[:2]}", needed.read_text()])
    folder = cache / f"python-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / MADE).exists():
        log.warning("installing %s in %s, once", name, folder)
        run(sys.executable, "-m", "venv", "--clear", folder)
        _install(python, first, needed)
        (folder / MADE).touch()
    return python


def run(*command: str | Path) -> None:
    """What it prints is not part of our report."""
    subprocess.run([*map(str, command)], check=True, stdout=sys.stderr, env=os.environ | QUIETLY)  # noqa: S603


def _build() -> str:
    if torch.version.cuda:
        raise ServiceError(
            "PyTorch is its CUDA build, which is not installed a second time beside others: "
            'see "The small PyTorch" in CONTRIBUTING.md'
        )
    return f"torch=={metadata.version('torch')}"


def _install(python: Path, first: Sequence[str], needed: Path) -> None:
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    install = (*pip, "install", "--no-deps", "--only-binary", ":all:")
    index = os.environ.get("TORCH_INDEX")
    if first:
        run(*install, *(("--extra-index-url", index) if index else ()), *first)
    run(*install, "-r", needed)
    run(*pip, "check")
