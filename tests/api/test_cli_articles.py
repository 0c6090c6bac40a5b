import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import termios
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from index.corpus import STORE, Corpus
from index.embedders.hashing import HashingEmbedder
from index.store import PassageStore

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]


MANY = 2000
"""Articles; enough to be interrupted in the middle, on any machine."""


def ids(qa: Run, *words: str) -> list[str]:
    return [one["external_id"] for one in json.loads(qa("ls", "--json", *words).stdout)["data"]]


def summary(result: Result) -> dict[str, object]:
    found = json.loads(result.stdout)
    assert found.pop("seconds") > 0
    found.pop("passages_per_second")
    return dict(found)


def many(path: Path, count: int) -> Path:
    text = "The council of {0} met on day {0}. It voted for bridge {0}. Nobody objected to it. "
    lines = [json.dumps({"external_id": str(n), "text": text.format(n)}) for n in range(count)]
    path.write_text("\n".join(lines))
    return path


def test_ingest_counts_what_was_done(qa: Run, news: Path) -> None:
    expected = {"created": 2, "updated": 0, "unchanged": 0, "duplicate": 0}
    assert summary(qa("ingest", str(news), "--json")) == {**expected, "rejected": [], "passages": 2}
    done = qa("ingest", str(news))
    assert done.exit_code == 0
    assert done.stdout.startswith("0 created, 0 updated, 2 unchanged, 0 rejected; 0 passages in ")
    assert done.stderr == ""


def test_ingest_rejects_what_it_cannot_read_and_takes_the_rest(qa: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"caf\xe9")
    (folder / "b.jsonl").write_text('{"text": "One."}\n\n{"text": 1}\n{broken\n{"text": "Two."}\n')
    (folder / "c.md").write_text("# Three\n\nThree.")
    (folder / "d.txt").touch()
    missing = tmp_path / "none.txt"
    done = qa("ingest", str(folder), str(missing), "--json")
    assert done.exit_code == 1
    report = summary(done)
    assert report["created"] == 3
    assert [(one["path"], one["line"]) for one in report["rejected"]] == [  # type: ignore[attr-defined]
        (str(folder / "a.txt"), None),
        (str(folder / "b.jsonl"), 3),
        (str(folder / "b.jsonl"), 4),
        (str(folder / "d.txt"), None),
        (str(missing), None),
    ]
    told = done.stderr.splitlines()
    assert len(told) == 5
    assert told[0].startswith(f"{folder}/a.txt: is not UTF-8")
    assert told[1] == f"{folder}/b.jsonl:3: text must be a string (at /text)"
    assert told[4] == f"{missing}: No such file or directory"


def test_ingest_says_so_when_a_folder_holds_nothing(qa: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = qa("ingest", str(empty))
    assert done.exit_code == 1
    assert done.stderr == f"{empty}: holds no article: looked for .txt, .md, .jsonl\n"


def test_ingest_reads_json_lines_from_stdin(qa: Run) -> None:
    lines = '{"text": "One.", "external_id": "1"}\n\n{"text": ""}\n'
    done = qa("ingest", "-", stdin=lines)
    assert done.exit_code == 1
    assert done.stderr == "-:3: the text is empty (at /text)\n"
    assert ids(qa) == ["1"]


def test_ingest_if_empty_does_nothing_when_anything_is_there(qa: Run, news: Path) -> None:
    more = many(news.with_name("more.jsonl"), 1)
    assert qa("ingest", "--if-empty", str(news)).stdout.startswith("2 created")
    done = qa("ingest", "--if-empty", str(more))
    assert (done.exit_code, done.stdout) == (0, "")
    assert sorted(ids(qa)) == ["strike", "talks"]


def test_ingest_goes_to_a_server_in_batches(qa: Run, url: str, tmp_path: Path, data: Path) -> None:
    path = many(tmp_path / "many.jsonl", 40)
    with path.open("a") as file:
        file.write("\n" + json.dumps({"text": "x", "title": "t" * 1001, "external_id": "long"}))
        file.write("\n" + json.dumps({"text": "Last.", "external_id": "last"}))
    done = qa("ingest", str(path), "--url", url, "--json")
    report = summary(done)
    assert done.exit_code == 1
    assert report["created"] == 41
    assert report["rejected"] == [
        {
            "path": str(path),
            "reason": "/title: String should have at most 1000 characters (long)",
            "line": None,
        }
    ]
    assert set(map(str, range(40))) | {"last"} < set(ids(qa, "--all", "--url", url))
    assert qa("ingest", str(path), "--url", url).stdout.startswith("0 created, 0 updated, 41 unch")
    assert not data.exists()


@pytest.mark.usefixtures("stored")
def test_a_locked_directory_is_told_with_the_way_round(qa: Run, news: Path, data: Path) -> None:
    corpus = Corpus.open(data, HashingEmbedder())
    for words in (["ingest", str(news)], ["rm", "ext:talks"]):
        done = qa(*words)
        assert done.exit_code == 1
        assert done.stderr.startswith(f"qa: {data} is in use by another process")
        assert "`--url`" in done.stderr
    assert qa("search", "Geneva").exit_code == 0
    corpus.close()


def test_a_directory_that_cannot_be_written_is_told(qa: Run, news: Path, data: Path) -> None:
    data.write_text("a file")
    done = qa("ingest", str(news))
    assert done.exit_code == 1
    assert done.stderr.startswith("qa: ")
    assert done.stderr.count("\n") == 1


def test_ls_gives_pages_and_all_of_them(qa: Run, tmp_path: Path) -> None:
    qa("ingest", str(many(tmp_path / "many.jsonl", 5)))
    first = json.loads(qa("ls", "--limit", "2", "--json").stdout)
    assert first["total"] == 5
    second = json.loads(qa("ls", "--limit", "2", "--cursor", first["next_cursor"], "--json").stdout)
    everything = json.loads(qa("ls", "--all", "--json").stdout)
    assert everything["data"][:4] == first["data"] + second["data"]
    assert everything["next_cursor"] is None
    assert len(everything["data"]) == 5
    text = qa("ls", "--limit", "4")
    assert [line.split()[0] for line in text.stdout.splitlines()] == [
        one["id"] for one in everything["data"][:4]
    ]
    assert text.stderr.startswith("qa: 5 in all; go on with --cursor art_")
    assert len(qa("ls", "--all").stdout.splitlines()) == 5
    assert qa("ls", "--limit", "0").exit_code == 2


def test_ls_of_nothing_exits_with_3(qa: Run, data: Path) -> None:
    assert qa("ls").exit_code == 3
    Corpus.open(data, HashingEmbedder()).close()
    assert qa("ls", "--json").exit_code == 3


@pytest.mark.usefixtures("stored")
def test_a_typed_data_goes_before_the_variable_for_a_server(qa: Run, data: Path) -> None:
    dead = "http://127.0.0.1:1"
    assert qa("ls", QA_URL=dead).exit_code == 5
    assert qa("ls", "--data", str(data), QA_URL=dead).exit_code == 0
    assert qa("ls", "--data", str(data), "--url", dead).exit_code == 2
    assert qa("ls", QA_LIMIT="1").stdout.count("\n") == 1
    assert qa("ls", "--limit", "2", QA_LIMIT="1").stdout.count("\n") == 2


def test_show_prints_an_article_as_it_is_stored(qa: Run, stored: Path, url: str) -> None:
    exact = qa("show", "ext:talks", "--text")
    text = (
        PassageStore(stored / STORE)
        .article(json.loads(qa("show", "ext:talks", "--json").stdout)["id"])
        .text
    )
    assert exact.stdout_bytes == text.encode()
    assert b"\r\n\r\n" in exact.stdout_bytes
    shown = qa("show", "ext:talks").stdout
    assert shown.startswith("US, Russia to meet\nAFP, 2016-12-08\nart_")
    there = httpx.get(f"{url}/v1/articles/ext:harbour").json()
    assert json.loads(qa("show", "ext:harbour", "--json", "--url", url).stdout) == there
    assert qa("show", there["id"], "--text", "--url", url).stdout == there["text"]


@pytest.mark.usefixtures("stored")
def test_show_prints_a_passage_with_its_place(qa: Run) -> None:
    hit = json.loads(qa("search", "Geneva", "--source", "AFP", "--json").stdout)["passages"][0]
    passage = json.loads(qa("show", hit["id"], "--json").stdout)
    shared = set(passage) & set(hit)
    assert {name: passage[name] for name in shared} == {name: hit[name] for name in shared}
    text = json.loads(qa("show", "ext:talks", "--json").stdout)["text"]
    assert text[passage["start"] : passage["end"]] == passage["text"]
    pieces = [text[one["start"] : one["end"]] for one in passage["sentences"]]
    assert pieces[1] == "He was in Paris."
    place = f"{hit['id']} of {hit['article_id']}, characters {hit['start']} to {hit['end']}\n"
    assert place in qa("show", hit["id"]).stdout
    assert qa("show", hit["id"], "--text").stdout_bytes == passage["text"].encode()


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("key", ["art_x", "ext:x", "ext:", "psg_99", "psg_x", "psg_" + "9" * 30])
def test_show_of_something_unknown_is_an_error(qa: Run, key: str) -> None:
    done = qa("show", key)
    assert done.exit_code == 1
    assert done.stderr.startswith("qa: there is no ")


@pytest.mark.usefixtures("stored")
def test_rm_removes_what_is_there_and_reports_each(qa: Run) -> None:
    done = qa("rm", "ext:nope", "ext:talks", "art_nope")
    assert done.exit_code == 1
    assert done.stdout == "removed ext:talks\n"
    assert [line.startswith("qa: there is no article ") for line in done.stderr.splitlines()] == [
        True,
        True,
    ]
    assert ids(qa) == ["strike"]
    assert qa("rm", "ext:strike").exit_code == 0
    assert qa("ls").exit_code == 3


def test_rm_makes_no_directory(qa: Run, data: Path) -> None:
    assert qa("rm", "ext:x").exit_code == 3
    assert not data.exists()


def test_rm_works_on_a_server(qa: Run, url: str) -> None:
    assert qa("rm", "ext:harbour", "--url", url).stdout == "removed ext:harbour\n"
    assert qa("rm", "ext:harbour", "--url", url).exit_code == 1
    assert sorted(ids(qa, "--url", url)) == ["aleppo", "copy"]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("reply", "left"), [(b"n\n", 2), (b"y\n", 1)])
def test_rm_asks_on_a_terminal(start: Start, qa: Run, reply: bytes, left: int) -> None:
    ours, theirs = pty.openpty()
    process = start("rm", "ext:talks", stdin=theirs)
    os.write(ours, reply)
    _, told = process.communicate()
    assert b"Remove ext:talks for good? [y/N]" in told
    assert len(ids(qa)) == left
    assert process.returncode == left - 1
    os.close(ours)
    os.close(theirs)


@pytest.mark.usefixtures("data")
def test_ingest_draws_a_bar_with_rate_and_time_left_on_a_terminal(
    start: Start, tmp_path: Path
) -> None:
    path = str(many(tmp_path / "many.jsonl", 600))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = start("ingest", path, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            drawn += os.read(ours, 1 << 16)
        except OSError:  # Linux's way to say that the other end is closed
            break
    os.close(ours)
    assert process.wait() == 0
    assert b"  0%|" in drawn
    assert b"%|\xe2\x96\x88" in drawn
    assert re.search(rb" \d+ articles, [\d.]+ passages/s\]", drawn)
    assert re.search(rb"\[00:\d\d<00:\d\d, ", drawn)


def wait_for(data: Path, articles: int, process: "subprocess.Popen[bytes]") -> int:
    """Until so many articles are stored by the process; how many they are."""
    while process.poll() is None:
        time.sleep(0.01)
        try:
            with closing(sqlite3.connect(f"file:{data / STORE}?mode=ro", uri=True)) as db:
                count = int(db.execute("SELECT count(*) FROM articles").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            continue
        if count >= articles:
            return count
    raise AssertionError(process.communicate())


@pytest.mark.slow
def test_a_killed_ingest_loses_nothing_that_was_stored(
    start: Start, qa: Run, data: Path, tmp_path: Path
) -> None:
    assert qa("ingest", str(many(tmp_path / "first.jsonl", 1))).exit_code == 0
    path = many(tmp_path / "many.jsonl", MANY)
    process = start("ingest", str(path))
    stored = wait_for(data, 20, process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    report = json.loads(qa("doctor", "--json").stdout)
    assert report["healthy"] is True
    assert report["checks"][2]["level"] == "note"
    kept = ids(qa, "--all")
    assert stored <= len(kept) < MANY
    assert qa("search", "the council of 3 met", "--json").exit_code == 0
    again = summary(qa("ingest", str(path), "--json"))
    assert again["unchanged"] == len(kept)
    assert again["created"] == MANY - len(kept)
    assert len(ids(qa, "--all")) == MANY
    checks = json.loads(qa("doctor", "--json").stdout)["checks"]
    assert {check["level"] for check in checks} == {"ok"}


@pytest.mark.slow
def test_an_interrupted_ingest_keeps_what_was_stored_and_exits_with_130(
    start: Start, qa: Run, data: Path, tmp_path: Path
) -> None:
    path = many(tmp_path / "many.jsonl", MANY)
    process = start("ingest", str(path), "--json")
    wait_for(data, 20, process)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate()
    assert process.returncode == 130
    assert told == b"qa: stopping after this batch; again to stop at once\n"
    kept = len(ids(qa, "--all"))
    assert 20 <= json.loads(out)["created"] <= kept < MANY
    assert qa("doctor").exit_code == 0
    corpus = Corpus.open(data, HashingEmbedder())
    assert len(corpus.passages) == corpus.store.counts().passages
    corpus.close()
