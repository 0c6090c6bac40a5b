"""The one door to the formats: a path in, articles and rejections out."""

import json
from collections.abc import Iterator
from pathlib import Path

from index.errors import InvalidInput
from index.sources import jsonl, text
from index.types import Article, Rejection

SUFFIXES = (".txt", ".md", ".jsonl")
NOT_ARTICLES = ("readme", "license", "changelog", "contributing")


def read(path: Path, *, max_bytes: int) -> Iterator[Article | Rejection]:
    """The articles of a file, or of all files below a folder, in the order of their names.

    In a folder, files of other kinds are passed over, and so are a README and JSONL files of
    something else; a file that is named is read or rejected with the reason.
    """
    if path.is_dir():
        for file in files(path):
            yield from read_file(file, max_bytes=max_bytes)
    else:
        yield from read_file(path, max_bytes=max_bytes)


def files(path: Path) -> list[Path]:
    """The files that `read` reads: the path itself, or what a folder holds."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    return [file for file in found if file.is_file() and _is_article(file, path)]


def read_file(path: Path, *, max_bytes: int) -> Iterator[Article | Rejection]:
    """The articles of one file."""
    try:
        suffix = path.suffix.lower()
        if suffix == ".jsonl":
            _readable(path)
            yield from jsonl.read_lines(path, max_bytes=max_bytes)
        elif suffix in SUFFIXES:
            if (size := _readable(path)) > max_bytes:
                raise InvalidInput(f"has {size:,} bytes; the limit is {max_bytes:,}")
            yield text.read_file(path)
        else:
            raise InvalidInput(f"is not one of {', '.join(SUFFIXES)}")
    except InvalidInput as error:
        yield Rejection(text.spelled(path), str(error))
    except OSError as error:
        yield Rejection(text.spelled(path), error.strerror or str(error))


def _readable(path: Path) -> int:
    size = path.stat().st_size
    if not size:
        raise InvalidInput("is empty")
    return size


def _is_article(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    if hidden or file.stem.lower() in NOT_ARTICLES:
        return False
    return file.suffix.lower() != ".jsonl" or not _holds_something_else(file)


def _holds_something_else(file: Path) -> bool:
    """Whether the first line is a JSON object that is plainly no article: it has no text."""
    try:
        with file.open("rb") as lines:
            first = json.loads(lines.readline(1 << 20))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "text" not in first
