import gzip
from pathlib import Path

import pytest

from index.errors import InvalidInput
from qa.records import Record, Seen, json_file, json_list, lines, read_bytes

RECORD = Record(
    "set.json", {"text": "x", "blank": " ", "id": 7, "n": 3, "list": [{}, 1]}, "/data/0"
)


def test_an_error_names_the_file_and_the_pointer() -> None:
    error = RECORD.error("is wrong")
    assert str(error) == "set.json: /data/0: is wrong"
    assert error.pointer == "/data/0"
    assert str(Record("set.jsonl:4", {}).error("is wrong")) == "set.jsonl:4: is wrong"


def test_values_are_handed_out_by_their_type() -> None:
    assert RECORD.text("text") == "x"
    assert RECORD.text("missing", "default") == "default"
    assert RECORD.name("text") == "x"
    assert RECORD.name("id") == "7"
    assert RECORD.whole("n") == 3


@pytest.mark.parametrize(
    ("read", "key", "reason"),
    [
        (Record.text, "n", "must be a text"),
        (Record.text, "missing", "must be a text"),
        (Record.filled, "blank", "must not be empty"),
        (Record.name, "blank", "must not be empty"),
        (Record.name, "list", "must be a text"),
        (Record.whole, "text", "must be a whole number"),
        (Record.children, "text", "must be a list"),
    ],
)
def test_a_value_of_another_type_is_refused(read: object, key: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=f'set.json: /data/0: "{key}" {reason}'):
        read(RECORD, key)  # type: ignore[operator]


def test_children_know_where_they_are() -> None:
    children = RECORD.children("list")
    assert next(children).place == "set.json: /data/0/list/0"
    with pytest.raises(InvalidInput, match=r"set\.json: /data/0/list/1: must be a JSON object"):
        next(children)


def test_an_id_may_be_used_once() -> None:
    seen = Seen("query")
    assert seen.add("q", Record("a:1", {})) == "q"
    with pytest.raises(InvalidInput, match="a:2: the query 'q' is already at a:1"):
        seen.add("q", Record("a:2", {}))


def test_blank_lines_are_skipped_but_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n \nfour")
    assert list(lines(path)) == [(f"{path}:1", "one"), (f"{path}:4", "four")]


def test_a_packed_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"a": "b"}'))
    assert json_file(path).text("a") == "b"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_bytes(tmp_path / "nothing")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_bytes(tmp_path)


def test_a_file_that_is_one_list_gives_its_objects(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": "b"}, 1]')
    records = json_list(path)
    assert next(records).text("a") == "b"
    with pytest.raises(InvalidInput, match=r"a\.json: /1: must be a JSON object"):
        next(records)
    path.write_text("{}")
    with pytest.raises(InvalidInput, match="must be a JSON list"):
        json_list(path)
