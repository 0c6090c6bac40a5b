import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import Result

from api.cli import app
from api.schemas import AskResponse, SearchResponse
from index.corpus import STORE, Corpus
from index.embedders.hashing import HashingEmbedder

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]

LOADED = """
import sys
from api.cli import app
try:
    app({words!r}, prog_name="qa")
except SystemExit as ended:
    print(ended.code, sorted({{"torch", "faiss", "fastapi"}} & set(sys.modules)), file=sys.stderr)
"""
COMMANDS = [
    "ask",
    "bench",
    "doctor",
    "eval",
    "ingest",
    "ls",
    "matrix",
    "mcp",
    "reindex",
    "rm",
    "search",
    "serve",
    "show",
    "version",
]


@pytest.mark.parametrize(
    ("words", "status"), [(["--help"], 0), (["ask", "--help"], 0), (["ask"], 2), (["nonsense"], 2)]
)
def test_help_and_usage_errors_load_nothing_heavy(words: list[str], status: int) -> None:
    code = LOADED.format(words=words)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == f"{status} []"
    assert bool(done.stdout) == (status == 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_is_a_sentence_with_an_example_and_variables(
    qa: Run, command: str
) -> None:
    text = qa(command, "--help").stdout
    about = text.split("\n\n")[1].strip()
    assert about[0].isupper()
    assert about.endswith(".")
    assert f"Example: qa {command}" in text
    options = [line for line in text.splitlines() if line.startswith("  --")]
    assert " ".join(text.split()).count("[env var: QA_") == len(options) - len(["--help"])


def test_every_command_is_listed(qa: Run) -> None:
    commands = qa("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    assert sorted(line.split()[0] for line in commands.splitlines()) == COMMANDS


def test_every_option_has_a_variable() -> None:
    group = typer.main.get_command(app)
    found = {
        (name, parameter.opts[0]): parameter.envvar
        for name, command in group.commands.items()  # type: ignore[attr-defined]
        for parameter in command.params
        if parameter.opts[0].startswith("--")
    }
    assert found[("ask", "--min-confidence")] == "QA_MIN_CONFIDENCE"
    expected = {key: "QA_" + key[1][2:].replace("-", "_").upper() for key in found}
    assert found == expected


@pytest.mark.usefixtures("stored")
def test_ask_prints_the_answer_with_its_place(qa: Run) -> None:
    done = qa("ask", "who will meet in Geneva?", "--min-confidence", "0")
    assert done.exit_code == 0
    assert done.stdout.startswith("US officials will meet tomorrow with their Russian counterparts")
    assert "\n  US, Russia to meet (AFP, 2016-12-08)\n  art_" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@pytest.mark.usefixtures("stored")
def test_ask_with_json_prints_the_body_of_http(qa: Run) -> None:
    done = qa("ask", "who will meet in Geneva?", "--min-confidence", "0", "--limit", "1", "--json")
    answer = AskResponse.model_validate_json(done.stdout)
    assert done.stdout == answer.model_dump_json() + "\n"
    assert answer.query.text == "who will meet in Geneva?"
    assert [passage.title for passage in answer.passages] == ["US, Russia to meet"]
    assert answer.answered


@pytest.mark.usefixtures("stored")
def test_no_answer_is_an_error_only_where_that_is_wanted(qa: Run) -> None:
    words = ("ask", "who will meet in Geneva?", "--min-confidence", "1")
    assert qa(*words).exit_code == 0
    done = qa(*words, "--fail-on-abstain")
    assert done.exit_code == 10
    assert done.stdout.startswith("No answer was found")
    assert qa(*words, "--json", QA_FAIL_ON_ABSTAIN="1").exit_code == 10
    assert qa(*words[:2], "--min-confidence", "0", "--fail-on-abstain").exit_code == 0


@pytest.mark.usefixtures("stored")
def test_search_takes_filters_and_explains(qa: Run) -> None:
    def titles(*words: str) -> list[str]:
        body = qa("search", "Geneva dockers", "--json", *words).stdout
        return sorted(hit.title for hit in SearchResponse.model_validate_json(body).passages)

    assert titles() == ["Strike ends", "US, Russia to meet"]
    assert titles("--source", "AFP") == ["US, Russia to meet"]
    assert titles("--lang", "de") == []
    assert titles("--from", "2016-12-09") == []
    assert titles("--from", "2016-12-08", "--to", "2016-12-08") == ["US, Russia to meet"]
    assert titles("--limit", "1", "--collapse", "story") in (
        ["Strike ends"],
        ["US, Russia to meet"],
    )
    text = qa("search", "Geneva", "--source", "AFP", "--explain").stdout
    assert "1. US officials" in text
    assert "\nScores:\n  1. psg_" in text
    assert "dense " in text.splitlines()[-1]


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize("known", [True, False])
def test_a_question_to_nothing_exits_with_3(
    qa: Run, data: Path, command: str, *, known: bool
) -> None:
    if known:
        Corpus.open(data, HashingEmbedder()).close()
    done = qa(command, "who?")
    assert done.exit_code == 3
    assert done.stderr == f"qa: nothing is indexed in {data} yet: run `qa ingest PATH`\n"
    assert done.stdout == ""
    assert data.exists() is known


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["ask", " "], "the question: String should have at least 1 character"),
        (["ask", "x" * 1001], "the question: String should have at most 1000 characters"),
        (["ask", "x", "--limit", "101"], "--limit: Input should be less than or equal to 100"),
        (["search", "x", "--from", "soon"], "--from: must be a date, 2016-12-08, or a time"),
        (["ask", "x", "--min-confidence", "2"], "--min-confidence: Input should be less than or"),
        (["search", "x", "--from", "2017-01-01", "--to", "2016-01-01"], "from is later than to"),
        (["show", "x", "--url", "example.org"], "'example.org' is no address"),
        (["show", "x", "--url", "http://[::1"], "'http://[::1' is no address"),
        (["show", "psg_1", "--url", "http://127.0.0.1:1"], "a passage can be shown from a data"),
    ],
)
@pytest.mark.usefixtures("stored")
def test_what_cannot_be_asked_is_a_usage_error(qa: Run, words: list[str], reason: str) -> None:
    done = qa(*words)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"qa: {reason}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_what_is_not_reached_exits_with_5(qa: Run) -> None:
    for words in (["ask", "who?"], ["ls"], ["rm", "x"], ["show", "x"], ["version"]):
        done = qa(*words, "--url", "http://127.0.0.1:1")
        assert done.exit_code == 5
        assert done.stderr.startswith("qa: cannot reach http://127.0.0.1:1: ")


def test_a_question_goes_to_the_server_that_is_named(qa: Run, url: str, data: Path) -> None:
    there = httpx.post(f"{url}/v1/search", json={"q": "harbour strike"}).json()
    for done in (
        qa("search", "harbour strike", "--json", "--url", url),
        qa("search", "harbour strike", "--json", QA_URL=url),
    ):
        here = json.loads(done.stdout)
        assert here["passages"] == there["passages"]
        assert len(here["passages"]) == 3
    text = httpx.get(
        f"{url}/v1/ask", params={"q": "harbour strike"}, headers={"Accept": "text/plain"}
    ).text
    assert qa("ask", "harbour strike", "--url", url).stdout == text
    assert not data.exists()


def test_a_server_leads_the_conversation_that_is_named(qa: Run, url: str) -> None:
    named = ("--conversation", "talk", "--url", url)
    assert "Understood as" not in qa("ask", "who will meet in Geneva?", *named).stdout
    said = qa("ask", "and in Aleppo?", *named).stdout
    assert said.startswith("Understood as: who will meet in Aleppo?\n")
    assert "Understood as" not in qa("ask", "and in Aleppo?", "--url", url).stdout


def test_a_key_is_sent_and_needed(qa: Run, locked_url: str) -> None:
    done = qa("ls", "--url", locked_url)
    assert done.exit_code == 4
    assert done.stderr.startswith("qa: Send `Authorization: Bearer KEY`")
    assert qa("ls", "--url", locked_url, QA_API_KEYS="wrong").exit_code == 4
    assert qa("ls", "--url", locked_url, QA_API_KEYS="secret, other").exit_code == 0


def test_version_tells_what_runs_here_and_there(qa: Run, url: str) -> None:
    here = json.loads(qa("version", "--json").stdout)
    assert here["name"] == "dateline"
    assert here["models"] == {"embed": "hashing-256"}
    assert qa("version").stdout.startswith(f"dateline {here['version']}, Python 3.")
    there = json.loads(qa("version", "--json", "--url", url).stdout)
    assert there == httpx.get(f"{url}/version").json()


@pytest.mark.usefixtures("stored")
def test_doctor_tells_health_and_damage_by_its_status(qa: Run, data: Path) -> None:
    done = qa("doctor")
    assert done.exit_code == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["ok", "store"],
        ["ok", "model"],
        ["ok", "indexes"],
        ["ok", "search"],
        ["ok", "disk"],
    ]
    with sqlite3.connect(data / STORE) as db:
        db.execute("UPDATE articles SET text = 'X' || text WHERE external_id = 'talks'")
    db.close()
    done = qa("doctor", "--json")
    assert done.exit_code == 12
    report = json.loads(done.stdout)
    assert report["healthy"] is False
    assert report["checks"][0]["level"] == "BAD"
    assert "SHA-256" in report["checks"][0]["detail"]
    assert qa("doctor", "--data", f"{data}-not").exit_code == 3


@pytest.mark.usefixtures("stored")
def test_the_answer_is_bold_on_a_terminal(start: Start) -> None:
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    words = ("ask", "who will meet in Geneva?", "--min-confidence", "0")
    process = start(*words, stdout=theirs, env=environ | {"TERM": "xterm"})
    os.close(theirs)
    with os.fdopen(ours, "rb", 0) as terminal:
        text = terminal.read(1 << 16)
    assert process.wait() == 0
    assert text.startswith(b"\x1b[1mUS officials will meet")


@pytest.mark.usefixtures("stored")
def test_a_reader_that_leaves_early_gets_no_trace(start: Start) -> None:
    process = start("search", "Geneva")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 1
    assert process.stderr is not None
    assert process.stderr.read() == b""


@pytest.mark.slow
@pytest.mark.usefixtures("stored")
def test_serve_answers_until_it_is_told_to_stop(start: Start, qa: Run, data: Path) -> None:
    environ = {**os.environ, "QA_LOG_FORMAT": "text", "NO_COLOR": "1"}
    process = start("serve", "--port", "0", env=environ)
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        if b"running on " in line:
            address = line.decode().partition("running on ")[2].split()[0]
            break
    assert httpx.get(f"{address}/readyz").status_code == 200
    done = qa("rm", "strike")
    assert done.exit_code == 1
    assert "--url" in done.stderr
    assert qa("rm", "ext:strike", "--url", address).exit_code == 0
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait() == 0
    assert b"Traceback" not in rest
    report = json.loads(qa("doctor", "--json").stdout)
    assert {check["level"] for check in report["checks"]} == {"ok"}


@pytest.mark.usefixtures("stored")
def test_serve_says_why_it_cannot_start(start: Start, data: Path) -> None:
    corpus = Corpus.open(data, HashingEmbedder())
    process = start("serve", "--port", "0")
    _, told = process.communicate()
    corpus.close()
    assert process.returncode == 1
    assert told.decode().splitlines()[-1].startswith(f"qa: {data} is in use by another process")
    assert b"Traceback" not in told


def test_a_bot_needs_an_account_before_anything_is_opened(qa: Run, data: Path) -> None:
    done = qa("matrix")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("qa: set QA_MATRIX_URL, and QA_MATRIX_TOKEN or")


def test_a_missing_extra_is_named(qa: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("api.chat.matrix")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("api.chat.matrix", raising=False)
    monkeypatch.setitem(sys.modules, "nio", None)
    done = qa("matrix")
    assert done.exit_code == 1
    assert done.stderr == "qa: `qa matrix` needs `pip install 'dateline[matrix]'`\n"
