"""The pages about chat tools: complete, and with commands that do what they say."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.service import Service
from api.settings import Settings, variable
from tests.api.conftest import serving

PAGES = Path(__file__).parents[2] / "deploy" / "chat"
TOOLS = ("discord", "mattermost", "rocketchat", "slack", "teams", "telegram", "zulip")
CHECK = re.compile(r"<!-- check -->\n```sh\n(.*?)```", re.DOTALL)
EXAMPLE = re.compile(r"(QA_\w+)=([\w+/=]{20,})")
SHOWN_SECRET = "7b1f0c53b3a1e1f0d1a0c9e5d2b8a4f6"  # noqa: S105


def page(tool: str) -> str:
    return (PAGES / f"{tool}.md").read_text()


CHECKS = [
    pytest.param(tool, command, id=f"{tool}-{number}")
    for tool in TOOLS
    for number, command in enumerate(CHECK.findall(page(tool)))
]


@pytest.fixture(scope="module")
def address(shared_service: Service) -> Iterator[str]:
    """A server with the secrets that the pages show."""
    secrets = {name: value for tool in TOOLS for name, value in EXAMPLE.findall(page(tool))}
    secrets["QA_TELEGRAM_SECRET"] = SHOWN_SECRET
    with serving(Settings.from_env(secrets), shared_service) as url:
        yield url


def run(command: str, address: str) -> subprocess.CompletedProcess[str]:
    for program in ("bash", "curl", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    assert "http://localhost:8000/hooks/" in command
    script = command.replace("http://localhost:8000", address)
    return subprocess.run(  # noqa: S602
        script, shell=True, executable=shutil.which("bash"), text=True, capture_output=True
    )


@pytest.mark.parametrize(("tool", "command"), CHECKS)
def test_the_check_of_each_page_is_accepted(tool: str, command: str, address: str) -> None:
    done = run(command, address)
    assert (done.returncode, done.stderr) == (0, "")
    expected = {"slack": '{"challenge":"here"}', "discord": '{"type":1}'}
    if tool in expected:
        assert done.stdout == expected[tool]
        assert expected[tool] in page(tool)
    else:
        assert "Geneva" in done.stdout
        assert json.loads(done.stdout)


@pytest.mark.parametrize(("tool", "command"), CHECKS)
def test_and_with_another_secret_it_is_not(tool: str, command: str, address: str) -> None:
    other = re.sub(r"^((?:secret|token)=.{3}).", r"\1x", command, flags=re.MULTILINE)
    other = other.replace("IEIAABAgME", "IEIBABAgME")
    assert other != command
    done = run(other, address)
    assert done.returncode == 22
    assert "401" in done.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_each_page_tells_what_to_set_and_what_to_paste(tool: str) -> None:
    names = {name for name in re.findall(r"QA_[A-Z_]+", page(tool)) if name != "QA_API_KEYS"}
    fields = {variable(name) for name in Settings.model_fields if name.startswith(f"{tool}_")}
    assert names == fields
    assert f"https://YOUR-HOST/hooks/{tool}" in page(tool)
    assert CHECK.search(page(tool))


def test_the_list_names_every_tool_with_its_variables() -> None:
    listed = (PAGES / "README.md").read_text()
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert pages == {*TOOLS, "matrix", "mcp", "openai", "widget"}
    for tool in pages:
        (row,) = re.findall(rf"^\|.*\[{tool}.md\]\({tool}.md\).*$", listed, re.MULTILINE)
        for name in Settings.model_fields:
            assert (f"`{variable(name)}`" in row) is name.startswith(f"{tool}_")


def test_slacks_manifest_is_json_and_names_one_address() -> None:
    found = re.search(r"```json\n(.*?)```", page("slack"), re.DOTALL)
    assert found
    manifest = json.loads(found[1])
    settings, (command,) = manifest["settings"], manifest["features"]["slash_commands"]
    addresses = {
        command["url"],
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
    }
    assert addresses == {"https://YOUR-HOST/hooks/slack"}
    assert settings["event_subscriptions"]["bot_events"] == ["app_mention", "message.im"]
