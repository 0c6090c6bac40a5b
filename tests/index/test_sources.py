import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.sources import files, read
from index.sources.text import title_of
from index.types import Article, Rejection

LIMIT = 1_000_000


def articles(path: Path, limit: int = LIMIT) -> list[Article | Rejection]:
    return list(read(path, max_bytes=limit))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("War ends\n\nWar ends\nA caption. / AFP", "War ends"),
        ("War ends\nWar ends\nIt is over.", "War ends"),
        ("# War ends\nIt is over.", "War ends"),
        ("War ends\n\nIt is over.", "War ends"),
        ("It is over.\n\nNobody won.", ""),
        ("It is\nover now and\nnobody won", ""),
        ("one line", ""),
        ("", ""),
        ("x" * 300 + "\n\nIt is over.", ""),
    ],
)
def test_the_title_is_the_first_line_where_it_is_a_headline(text: str, title: str) -> None:
    assert title_of(text) == title


def test_a_text_file_is_one_article_unchanged(tmp_path: Path) -> None:
    text = "War ends\r\n\r\nWar ends\r\nKerry’s “peace”. 😀\r\n"
    file = tmp_path / "war.txt"
    file.write_bytes(text.encode())
    (article,) = articles(file)
    assert isinstance(article, Article)
    assert (article.text, article.title) == (text, "War ends")
    assert article.external_id == str(file)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfIt is over.")
    assert articles(file)[0].text == "It is over."


def test_jsonl_has_the_fields_of_an_article(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    line = {
        "external_id": "7",
        "url": "https://example.org/a",
        "title": "War ends",
        "text": "It is over.",
        "source": "AFP",
        "lang": "en",
        "published_at": "2016-12-09",
    }
    file.write_text(json.dumps(line) + "\n\n")
    (article,) = articles(file)
    assert article.external_id == "7"
    assert article.published_at == datetime(2016, 12, 9, tzinfo=UTC)
    assert (article.title, article.source, article.lang) == ("War ends", "AFP", "en")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a"', "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"title": "a"}', "text is empty"),
        (b'{"text": "a", "colour": "red"}', "unknown field 'colour' (at /colour)"),
        (b'{"text": 3}', "text must be a string"),
        (b'{"text": "a", "published_at": "soon"}', "not an RFC 3339 time"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b'{"text": "a\\u0000"}', "NUL"),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b"[" * 100_000, "not JSON"),
        (b'{"text": "a", "published_at": "2016-W49-4"}', "not an RFC 3339 time"),
        (b'{"text": ' + b"1" * 5_000 + b"}", "not JSON"),
        (
            b'{"text": "' + b"x" * (LIMIT + 1) + b'"}',
            "has 1,000,001 bytes; the limit is 1,000,000 (at /text)",
        ),
        (b'{"text": "' + b"x" * (7 * LIMIT) + b'"}', "is longer than 6,100,000 bytes"),
    ],
)
def test_a_broken_line_is_rejected_and_the_rest_is_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"text": "first"}\n' + line + b'\n{"text": "last"}')
    first, broken, last = articles(file)
    assert (first.text, last.text) == ("first", "last")
    assert isinstance(broken, Rejection)
    assert (broken.path, broken.line) == (str(file), 2)
    assert reason in broken.reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "is empty"),
        ("a.jsonl", b"", "is empty"),
        ("a.txt", b"\x89PNG\x00\x01", "NUL"),
        ("a.md", "café".encode("latin-1"), "not UTF-8: byte 0xe9 at offset 3 (line 1)"),
        ("a.pdf", b"%PDF", "is not one of .txt, .md, .jsonl"),
        ("a.txt", b"   \n", "text is empty"),
        ("a.txt", b"x" * (LIMIT + 1), "has 1,000,001 bytes; the limit is 1,000,000"),
    ],
)
def test_a_file_that_is_no_article_is_rejected_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (rejection,) = articles(tmp_path / name)
    assert isinstance(rejection, Rejection)
    assert reason in rejection.reason


def test_a_text_may_be_as_long_as_the_limit_however_it_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "' + "\\u0041" * 1000 + '"}\n')
    (article,) = articles(file, limit=1000)
    assert isinstance(article, Article)
    assert article.text == "A" * 1000


def test_a_name_that_is_not_utf_8_is_spelled_out(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    file.write_text("It is over.")
    (article,) = articles(file)
    assert isinstance(article, Article)
    assert article.external_id == f"{tmp_path}/caf\\xe9.txt"
    file.write_bytes(b"")
    assert articles(file) == [Rejection(f"{tmp_path}/caf\\xe9.txt", "is empty")]


def test_a_folder_with_endless_nesting_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 100_000)
    (rejection,) = articles(tmp_path)
    assert isinstance(rejection, Rejection)
    assert "not JSON" in rejection.reason


def test_a_missing_file_is_rejected(tmp_path: Path) -> None:
    (rejection,) = articles(tmp_path / "none.txt")
    assert rejection == Rejection(str(tmp_path / "none.txt"), "No such file or directory")


def test_a_folder_is_read_in_order_without_what_is_no_article(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.md").write_text("# C\nIt is.")
    (tmp_path / "a.txt").write_text("A is.")
    (tmp_path / "README.md").write_text("# About\nThis folder.")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / ".hidden.txt").write_text("No.")
    (tmp_path / "questions.jsonl").write_text('{"question": "who?"}\n')
    (tmp_path / "d.jsonl").write_text("broken\n")
    assert [file.name for file in files(tmp_path)] == ["a.txt", "c.md", "d.jsonl"]
    one, two, broken = articles(tmp_path)
    assert (one.text, two.title) == ("A is.", "C")
    assert isinstance(broken, Rejection)
