import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.ingest import BATCH_BYTES, Ingest, Tally
from api.schemas_articles import WriteOut
from api.service import Service
from index.errors import InvalidInput, StorageFull
from index.types import Article


@dataclass
class Recorder:
    """A store that keeps the batches, and answers with what it was told to."""

    replies: dict[str, Exception] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)

    def add_each(self, articles: Sequence[Article]) -> Iterator[WriteOut | Exception]:
        self.batches.append([article.text for article in articles])
        for article in articles:
            yield self.replies.get(article.text) or WriteOut(
                id=article.id,
                external_id=None,
                result="created",
                passages=2,
                story_id="sty_1",
                warnings=[],
            )


def run(store: Service | Recorder, *paths: Path) -> tuple[Tally, list[str]]:
    told: list[str] = []
    tally = Tally()
    Ingest(store, max_bytes=1_000_000, tell=told.append, tally=tally).run(paths)
    return tally, told


def lines(path: Path, *texts: str) -> Path:
    path.write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))
    return path


def test_everything_is_stored_and_counted(service: Service, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", "One.", "Two.", "One.")
    tally, told = run(service, path)
    assert tally.results == {"created": 2, "unchanged": 1}
    assert (tally.passages, told) == (2, [])
    again, _ = run(service, path)
    assert again.results == {"unchanged": 3}
    assert again.passages == 0
    assert service.counts().articles == 5


def test_articles_go_in_batches_by_size(tmp_path: Path) -> None:
    big = "x" * (BATCH_BYTES // 2)
    store = Recorder()
    run(store, lines(tmp_path / "a.jsonl", big + "1", big + "2", "small", *map(str, range(300))))
    assert [len(batch) for batch in store.batches] == [2, 256, 45]


def test_one_article_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", "good", "bad", "odd", "fine")
    store = Recorder({"bad": InvalidInput("no good"), "odd": RuntimeError()})
    tally, told = run(store, path)
    assert tally.articles == 2
    assert [told[0].partition(" (art_")[0], told[1].partition(" (art_")[0]] == [
        f"{path}: no good",
        f"{path}: RuntimeError",
    ]
    assert [one.path for one in tally.rejected] == [str(path)] * 2


def test_what_would_refuse_all_of_them_stops_the_run(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", "good", "bad", "fine")
    tally = Tally()
    ingest = Ingest(
        Recorder({"bad": StorageFull("no room")}), max_bytes=100, tell=print, tally=tally
    )
    with pytest.raises(StorageFull, match="no room"):
        ingest.run([path])
    assert tally.articles == 1


def test_a_stop_comes_after_the_batch_that_is_being_stored(tmp_path: Path) -> None:
    big = "x" * BATCH_BYTES
    store, tally = Recorder(), Tally()
    ingest = Ingest(store, max_bytes=1_000_000, tell=print, tally=tally)
    ingest.stop()
    with pytest.raises(KeyboardInterrupt):
        ingest.run([lines(tmp_path / "a.jsonl", big + "1", big + "2")])
    assert tally.articles == len(store.batches) == 1


def test_stdin_is_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"text": "One."}\n \n{"text": "caf\xe9"}\n{"text": "Two."}'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    store = Recorder()
    tally, told = run(store, Path("-"))
    assert store.batches == [["One.", "Two."]]
    assert told == ["-:3: is not UTF-8: byte 0xe9 at offset 13 (line 1)"]
    assert tally.rejected[0].line == 3


def test_a_line_of_stdin_that_has_no_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    class Measured(io.BytesIO):
        """Tells the longest piece that was asked of it."""

        longest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.longest = max(self.longest, size if size and size > 0 else sys.maxsize)
            return super().readline(size)

        def __next__(self) -> bytes:
            self.longest = sys.maxsize
            return super().__next__()

    data = Measured(b'{"text": "' + b"x" * 7_000_000 + b'"}\n{"text": "Two."}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    store = Recorder()
    tally, _ = run(store, Path("-"))
    assert store.batches == [["Two."]]
    assert [one.line for one in tally.rejected] == [1]
    assert data.longest < 6_500_000


def test_stdin_takes_rfc_3339_only(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'{"text": "One.", "published_at": "2016-W49-4"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    _, told = run(Recorder(), Path("-"))
    assert len(told) == 1
    assert told[0].endswith("(at /published_at)")


def test_the_summary_names_the_figures() -> None:
    tally = Tally()
    assert tally.as_text().startswith("0 created, 0 updated, 0 unchanged, 0 rejected; 0 passages ")
    tally.results.update(created=1200, duplicate=1)
    tally.passages = 2400
    tally.start -= 10
    text = tally.as_text()
    assert text.startswith("1,200 created, 0 updated, 0 unchanged, 1 duplicate, 0 rejected; 2,400 ")
    assert text.endswith(" passages in 10.0 s, 240.0 a second")
    assert tally.as_json() | {"seconds": 10} == {
        "created": 1200,
        "updated": 0,
        "unchanged": 0,
        "duplicate": 1,
        "rejected": [],
        "passages": 2400,
        "seconds": 10,
        "passages_per_second": 240.0,
    }
