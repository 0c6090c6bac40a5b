"""Every script in examples/, run against a server."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.sh"))
SAYS = {
    "add.sh": ['"external_id":"example-1","result":"created"'],
    "ask.sh": ['{"id":"ans_', '"passages":[{"id":"psg_'],
    "ask-events.sh": ["event: meta\n", "event: sources\n", "event: answer\n", "event: done\n"],
    "ask-markdown.sh": ["[US, Russia to meet, AFP, 2016-12-08](<https://example.org/aleppo>)"],
    "ask-text.sh": ["US, Russia to meet (AFP, 2016-12-08)\n"],
    "delete.sh": [""],
    "embeddings.sh": ['"model":"hashing-256"', '"embedding":['],
    "follow-up.sh": ["US, Russia to meet (AFP, 2016-12-08)\n", "Understood as: "],
    "import.sh": ['"external_id":"example-2","result":"created"', '"line":2}'],
    "openai.sh": ['"object":"chat.completion"', "[1] [US, Russia to meet, AFP, 2016-12-08]"],
    "openai-stream.sh": ['"object": "chat.completion.chunk"', '"usage": {', "data: [DONE]\n"],
    "search.sh": ["Syrian warplanes pounded Aleppo again today.", '"source":"AFP"'],
}
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl is installed")


def run(script: str, url: str, *words: str) -> str:
    environ = {"PATH": os.environ["PATH"], "URL": url}
    done = subprocess.run(
        [EXAMPLES / script, *words], env=environ, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_does_what_it_says(script: str, url: str) -> None:
    if script == "delete.sh":
        run("add.sh", url)
    found = run(script, url)
    assert [part for part in SAYS[script] if part not in found] == []


def test_what_is_deleted_is_gone(url: str) -> None:
    question = "when will the lighthouse at Carrow Point close?"
    run("add.sh", url)
    assert "will close in May" in run("ask-text.sh", url, question)
    assert run("delete.sh", url, "ext:example-1") == ""
    assert "Carrow" not in run("ask-text.sh", url, question)


def test_a_file_of_ones_own_is_imported(url: str, news: Path) -> None:
    assert '"external_id":"talks","result":"created"' in run("import.sh", url, str(news))


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_is_short_and_stops_at_an_error(script: str) -> None:
    lines = (EXAMPLES / script).read_text().splitlines()
    assert (lines[0], lines[2]) == ("#!/bin/sh", "set -eu")
    assert lines[1].startswith("# ")
    assert "URL=${URL:-http://127.0.0.1:8000}" in lines
    assert len(lines) <= 20
