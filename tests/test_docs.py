"""What the README says is what the code has: settings, commands, routes, demo."""

import re
from pathlib import Path

import pytest
import typer

from api.cli import app
from api.settings import Settings, variable

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
ROUTES = [
    "/v1/ask",
    "/v1/search",
    "/v1/articles",
    "/v1/articles/import",
    "/v1/chat/completions",
    "/v1/models",
    "/v1/embeddings",
    "/mcp",
    "/hooks/TOOL",
    "/static/widget.js",
    "/livez",
    "/readyz",
    "/metrics",
    "/version",
]


def settings_table() -> str:
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "", ()) else f"`{field.default}`"
        rows.append(f"| `{variable(name)}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_table_of_settings_is_that_of_the_model() -> None:
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert found
    assert found[1] == settings_table()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`qa {command}" in README


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_in_the_readme(route: str) -> None:
    assert f"{route}`" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)`", README))))
def test_every_make_target_that_the_readme_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http|#)([^)]+)\)", README))))
def test_every_file_that_the_readme_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_changelog_names_every_command() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert [command for command in COMMANDS if command not in changelog] == []
