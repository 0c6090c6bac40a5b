"""The version of this software, installed or run from a checkout."""

import tomllib
from importlib import metadata
from pathlib import Path

NAME = "dateline"


def version() -> str:
    """As `pyproject.toml` has it."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])
