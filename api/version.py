"""The version of this software, installed or run from a checkout."""

import tomllib
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict

NAME = "dateline"


class About(BaseModel):
    """What runs here or there; a server tells more."""

    model_config = ConfigDict(extra="allow")

    name: str
    version: str
    python: str
    models: dict[str, str]


def version() -> str:
    """As `pyproject.toml` has it."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])
