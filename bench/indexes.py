"""The indexes that are searched for speed: made from a collection, once, and kept."""

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.collection import Collection
from bench.environments import run
from bench.figures import OURS
from bench.load import Asked, Load, Task
from bench.load import run as sent
from bench.servers import QA, Running, Side, dateline, running, txtai

CODE = Path(__file__).parents[1] / "index"
BATCH = "/v1/articles/import"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Indexes:
    """Ours and txtai's, of the same passages and with the same model."""

    python: Path
    """txtai's."""
    model: str
    place: Path
    say: Say

    def of(self, part: Collection) -> tuple[Side, Side]:
        """Both, ready to be started."""
        return self._ours(part), self._theirs(part)

    def empty(self, name: str, folder: Path) -> Side:
        """One of the two, with nothing in it yet."""
        data = folder / "data"
        return dateline(data) if name == OURS else txtai(self.python, data, self.model)

    def _ours(self, part: Collection) -> Side:
        folder = self.place / f"dateline-{part.digest}-{_code()}"
        if not folder.exists():
            self.say(f"indexing {len(part.passages):,} passages, once: Dateline")
            with TemporaryDirectory(dir=self.place) as made:
                lines = Path(made) / "articles.jsonl"
                lines.write_text("".join(part.lines))
                run(QA, "ingest", lines, "--data", Path(made) / "data")
                (Path(made) / "data").rename(folder)
        return dateline(folder)

    def _theirs(self, part: Collection) -> Side:
        # It keeps the path of its model.
        model = hashlib.sha256(self.model.encode()).hexdigest()[:8]
        folder = self.place / f"txtai-{part.digest}-{model}"
        if not folder.exists():
            self.say(f"indexing {len(part.passages):,} passages, once: txtai")
            with TemporaryDirectory(dir=self.place) as made:
                side = txtai(self.python, Path(made) / "data", self.model)
                with running(side) as server:
                    answered(server, adding(side, part, len(part.articles)))
                side.data.rename(folder)
        return txtai(self.python, folder, self.model)


def answered(
    server: Running, requests: Sequence[Asked], *, clients: int = 1, seconds: float = 3600.0
) -> Load:
    """What it answered; raises where it refused."""
    load = sent(Task(server.port, requests, clients, seconds))
    if load.refused or not load.ms:
        raise RuntimeError(f"{load.refused} of {load.refused + len(load.ms)} requests were refused")
    return load


def adding(side: Side, some: Collection, size: int) -> list[Asked]:
    """What takes articles in, so many at once, and ends with an index that can be searched."""
    if side.name == OURS:
        lines = some.lines
        return [
            ("POST", BATCH, "".join(lines[start : start + size]))
            for start in range(0, len(lines), size)
        ]
    asked: list[Asked] = []
    for start in range(0, len(some.articles), size):
        cut = some.articles[start : start + size]
        rows = [
            {"id": f"{start + number}-{place}", "text": passage}
            for number, (_, passages) in enumerate(cut)
            for place, passage in enumerate(passages)
        ]
        asked += [("POST", "/add", json.dumps(rows)), ("GET", "/upsert" if start else "/index", "")]
    return asked


@functools.cache
def _code() -> str:
    """A digest of the code that writes our indexes: another version makes its own."""
    files = sorted(CODE.rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]
