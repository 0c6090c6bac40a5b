"""Reads files of JSON or of lines, plain or .gz, so that whatever is wrong can be named."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object and its place: a file with a line or a JSON pointer."""

    source: str
    value: Mapping[str, object]
    pointer: str = ""

    @property
    def place(self) -> str:
        """What an error message starts with."""
        return f"{self.source}{self.pointer and ': '}{self.pointer}"

    def error(self, reason: str) -> InvalidInput:
        """To be raised by whoever finds that the values do not fit together."""
        return InvalidInput(f"{self.place}: {reason}", pointer=self.pointer)

    def text(self, key: str, default: str | None = None) -> str:
        """A text, which may be empty; without a default it has to be there."""
        value = self.value.get(key, default)
        if not isinstance(value, str):
            raise self.error(f'"{key}" must be a text')
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self.error(f'"{key}" holds half of a surrogate pair') from None
        return value

    def filled(self, key: str) -> str:
        """A text with more than white space in it."""
        value = self.text(key)
        if not value.strip():
            raise self.error(f'"{key}" must not be empty')
        return value

    def name(self, key: str) -> str:
        """An id: some sets write theirs as numbers."""
        value = self.value.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.filled(key)

    def whole(self, key: str) -> int:
        """A whole number, zero or more."""
        value = self.value.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(f'"{key}" must be a whole number, zero or more')
        return value

    def children(self, key: str) -> Iterator["Record"]:
        """The objects of a list."""
        values = self.value.get(key)
        if not isinstance(values, list):
            raise self.error(f'"{key}" must be a list')
        return _objects(values, self.source, f"{self.pointer}/{key}")


@dataclass(frozen=True, slots=True)
class Seen:
    """The ids of one kind that were met, each of which may be used once."""

    kind: str
    places: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, record: Record) -> str:
        """The id itself; raises `InvalidInput` when it was met before."""
        if name in self.places:
            raise record.error(f"the {self.kind} {name!r} is already at {self.places[name]}")
        self.places[name] = record.place
        return name


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked where its name ends in .gz."""
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except FileNotFoundError:
        raise InvalidInput(f"{path}: no such file") from None
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInput(f"{path}: cannot be read: {error}") from None


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """The place (`file:number`) and the text of every line that is not blank."""
    for number, raw in enumerate(read_bytes(path).split(b"\n"), 1):
        place = f"{path}:{number}"
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{place}: not UTF-8: {error.reason}") from None
        if line.strip():
            yield place, line


def json_lines(path: Path) -> Iterator[Record]:
    """A record a line."""
    for place, line in lines(path):
        yield _record(place, _parsed(place, line))


def json_file(path: Path) -> Record:
    """The one record that a whole file is."""
    return _record(str(path), _parsed(str(path), read_bytes(path)))


def json_list(path: Path) -> Iterator[Record]:
    """The records of a file that is one list."""
    values = _parsed(str(path), read_bytes(path))
    if not isinstance(values, list):
        raise InvalidInput(f"{path}: must be a JSON list")
    return _objects(values, str(path), "")


def _parsed(source: str, text: str | bytes) -> object:
    try:
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{source}: not UTF-8: {error.reason}") from None
    except json.JSONDecodeError as error:
        where = f"{source}:{error.lineno}" if isinstance(text, bytes) else source
        raise InvalidInput(f"{where}: wrong JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise InvalidInput(f"{source}: wrong JSON: nested too deeply") from None


def _record(source: str, value: object, pointer: str = "") -> Record:
    if not isinstance(value, dict):
        raise Record(source, {}, pointer).error("must be a JSON object")
    return Record(source, value, pointer)


def _objects(values: Sequence[object], source: str, pointer: str) -> Iterator[Record]:
    for number, value in enumerate(values):
        yield _record(source, value, f"{pointer}/{number}")
