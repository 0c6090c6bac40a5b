import json
from pathlib import Path

from bench.collection import Collection, Text
from bench.indexes import adding
from bench.servers import dateline, txtai

SOME = Collection(
    "some", [(Text(f"t{i}", f"text {i}"), [f"t{i}\na", f"t{i}\nb"]) for i in range(3)]
)


def test_ours_are_sent_as_lines_so_many_articles_at_once(tmp_path: Path) -> None:
    first, second = adding(dateline(tmp_path), SOME, 2)
    assert first[:2] == ("POST", "/v1/articles/import")
    assert [json.loads(line)["title"] for line in first[2].splitlines()] == ["t0", "t1"]
    assert [json.loads(line)["title"] for line in second[2].splitlines()] == ["t2"]


def test_txtai_gets_the_passages_and_is_told_to_index_them(tmp_path: Path) -> None:
    asked = adding(txtai(Path("python"), tmp_path / "x", "m"), SOME, 2)
    assert [one[:2] for one in asked] == [
        ("POST", "/add"),
        ("GET", "/index"),
        ("POST", "/add"),
        ("GET", "/upsert"),
    ]
    rows = json.loads(asked[0][2]) + json.loads(asked[2][2])
    assert [row["text"] for row in rows] == SOME.passages
    assert len({row["id"] for row in rows}) == 6
