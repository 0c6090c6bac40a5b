"""Ingest: from files, folders and standard input into the index, with a tally and progress."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from api.schemas_articles import WriteOut
from index import sources
from index.errors import InvalidInput, ServiceError, TooLarge
from index.sources import jsonl
from index.types import Article, Rejection

STDIN = Path("-")
BATCH_BYTES = 65_536
"""Of text that are stored together: about a hundred passages, a second or two of embedding."""
BATCH_ARTICLES = 256
ROOM = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
NO_TOTAL = "{n_fmt} [{elapsed}{postfix}]"


class Store(Protocol):
    """A Service here, or the Client of one that runs somewhere else."""

    def add_each(self, articles: Sequence[Article]) -> Iterator[WriteOut | Exception]:
        """Store what can be stored, with a result or the reason for each in its order."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that was read, where, and how far the reading has come in bytes."""

    path: str
    found: Article | Rejection | None
    size: int


@dataclass(slots=True)
class Tally:
    """What became of the inputs of one run."""

    results: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    start: float = field(default_factory=time.perf_counter)

    def add(self, written: WriteOut) -> None:
        """Count one article; the passages of those that were there already are not counted."""
        self.results[written.result] += 1
        if written.result in ("created", "updated"):
            self.passages += written.passages

    @property
    def articles(self) -> int:
        """How many were stored or found to be there."""
        return self.results.total()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.start

    def as_json(self) -> dict[str, object]:
        """One object for `--json`."""
        seconds = self.seconds
        return {
            **{name: self.results[name] for name in ("created", "updated", "unchanged")},
            "duplicate": self.results["duplicate"],
            "rejected": [asdict(rejection) for rejection in self.rejected],
            "passages": self.passages,
            "seconds": round(seconds, 3),
            "passages_per_second": round(self.passages / seconds, 1),
        }

    def as_text(self) -> str:
        """One line for people."""
        kinds = {**dict.fromkeys(("created", "updated", "unchanged"), 0), **self.results}
        counts = [f"{number:,} {name}" for name, number in kinds.items()]
        seconds = self.seconds
        return (
            f"{', '.join(counts)}, {len(self.rejected):,} rejected; {self.passages:,} passages "
            f"in {seconds:.1f} s, {self.passages / seconds:.1f} a second"
        )


class Ingest:
    """One run over some inputs; `tally` is right at any moment, also after an interruption."""

    def __init__(
        self, store: Store, *, max_bytes: int, tell: Callable[[str], None], tally: Tally
    ) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._tell = tell
        self._tally = tally
        self._batch: list[Item] = []
        self._size = 0
        self._stopping = False

    def stop(self) -> None:
        """Make `run` raise KeyboardInterrupt when what is being stored now is stored."""
        self._stopping = True

    def run(self, paths: Sequence[Path]) -> None:
        """Store everything that can be read; what cannot is told and counted."""
        files = [file for path in paths for file in self._files(path)]
        total = None if STDIN in files else sum(map(_size, files))
        # Nothing is drawn where stderr is no terminal (disable=None).
        with tqdm(
            total=total,
            file=sys.stderr,
            disable=None,
            unit="B",
            unit_scale=True,
            dynamic_ncols=True,
            leave=False,
            bar_format=NO_TOTAL if total is None else ROOM,
        ) as bar:
            for item in self._items(files):
                self._take(item, bar)
                if self._stopping:
                    raise KeyboardInterrupt
            self._flush(bar)

    def _files(self, path: Path) -> list[Path]:
        if path == STDIN:
            return [path]
        found = sources.files(path)
        if not found:
            kinds = ", ".join(sources.SUFFIXES)
            self._reject(Rejection(str(path), f"holds no article: looked for {kinds}"), None)
        return found

    def _items(self, files: Sequence[Path]) -> Iterator[Item]:
        for file in files:
            if file == STDIN:
                yield from _stdin(self._max_bytes)
            else:
                yield from _file(file, self._max_bytes)

    def _take(self, item: Item, bar: tqdm) -> None:
        if isinstance(item.found, Article):
            self._batch.append(item)
            self._size += item.size
            if self._size >= BATCH_BYTES or len(self._batch) >= BATCH_ARTICLES:
                self._flush(bar)
            return
        if item.found is not None:
            self._reject(item.found, bar)
        bar.update(item.size)

    def _flush(self, bar: tqdm) -> None:
        batch, self._batch, self._size = self._batch, [], 0
        articles = [item.found for item in batch if isinstance(item.found, Article)]
        if not articles:
            return
        for item, result in zip(batch, self._store.add_each(articles), strict=True):
            if isinstance(result, WriteOut):
                self._tally.add(result)
            else:
                self._reject(_refused(item, result), bar)
            rate = self._tally.passages / self._tally.seconds
            done = f"{self._tally.articles:,} articles, {rate:.1f} passages/s"
            bar.set_postfix_str(done, refresh=False)
            bar.update(item.size)

    def _reject(self, rejection: Rejection, bar: "tqdm | None") -> None:
        self._tally.rejected.append(rejection)
        place = rejection.path if rejection.line is None else f"{rejection.path}:{rejection.line}"
        if bar is not None:
            bar.clear()
        self._tell(f"{place}: {rejection.reason}")


def _file(path: Path, max_bytes: int) -> Iterator[Item]:
    """What a file holds; the sizes add up to the file's."""
    left = _size(path)
    for found in sources.read_file(path, max_bytes=max_bytes):
        size = min(left, len(found.text.encode())) if isinstance(found, Article) else 0
        left -= size
        yield Item(str(path), found, size)
    yield Item(str(path), None, left)


def _stdin(max_bytes: int) -> Iterator[Item]:
    """The JSON Lines of standard input."""
    lines = jsonl.lines(sys.stdin.buffer, jsonl.line_limit(max_bytes))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found: Article | Rejection
        try:
            found = jsonl.parse_line(line, max_bytes=max_bytes)
        except InvalidInput as error:
            place = f" (at {error.pointer})" if error.pointer else ""
            found = Rejection(str(STDIN), f"{error}{place}", number)
        yield Item(str(STDIN), found, len(line))


def _refused(item: Item, error: Exception) -> Rejection:
    """Why one article was not stored; raises what would stop the others just as well."""
    if isinstance(error, ServiceError) and not isinstance(error, InvalidInput | TooLarge):
        raise error
    article = item.found
    name = ""
    if isinstance(article, Article) and article.external_id != str(Path(item.path).resolve()):
        name = f" ({article.external_id or article.url or article.title or article.id})"
    return Rejection(item.path, f"{str(error) or type(error).__name__}{name}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
