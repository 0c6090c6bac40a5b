import json
import os
from pathlib import Path

import pytest

from bench.servers import Usage, dateline, running, txtai, usage


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" 12   1  2048 00:01:05", Usage(12, 1, 2048, 65.0)),
        ("12 1 2048 2-01:00:00", Usage(12, 1, 2048, 2 * 86400 + 3600)),
        ("12 1 2048   1:05.25", Usage(12, 1, 2048, 65.25)),
    ],
)
def test_a_line_of_ps_is_read_as_linux_and_macos_write_it(line: str, expected: Usage) -> None:
    assert usage(line) == expected


def test_both_sides_are_asked_for_ten_passages_each_in_its_own_words(tmp_path: Path) -> None:
    theirs = txtai(Path("python"), tmp_path / "index", "the-model")
    assert dateline(tmp_path).search("who?")[1] == "/v1/search?q=who%3F&limit=10"
    assert theirs.search("who?")[1] == "/search?query=who%3F&limit=10"
    settings = json.loads(Path(theirs.environ["CONFIG"]).read_text())
    assert settings["embeddings"] == {"path": "the-model", "hybrid": True, "content": True}


def test_a_server_is_there_until_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith("QA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("QA_EMBED_MODEL", "hashing")
    monkeypatch.setenv("QA_READER", "none")
    with running(dateline(tmp_path / "data")) as server:
        assert server.ready_s > 0
        assert server.megabytes() > 10
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
