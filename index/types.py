"""The value types that travel through the project, and the two seams of this package."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
"""Row-major float32, one row a text."""
Ids = npt.NDArray[np.int64]
Spans = Sequence[tuple[int, int]]
"""Half-open ranges in Unicode code points."""


@dataclass(frozen=True, slots=True)
class Article:
    """A news article as it is stored; every offset in the project points into `text`."""

    id: str
    text: str
    title: str = ""
    url: str | None = None
    source: str | None = None
    lang: str | None = None
    published_at: datetime | None = None
    external_id: str | None = None

    @property
    def sha256(self) -> str:
        """Hex digest of the stored text, so that a citation can be checked later."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one article: `article.text[start:end] == text`."""

    id: int
    article_id: str
    text: str
    start: int
    end: int
    sentences: tuple[tuple[int, int], ...]
    """Offsets into the article, like `start` and `end`."""
    title: str = ""
    url: str | None = None
    source: str | None = None
    published_at: datetime | None = None
    sha256: str = ""

    def slice(self, start: int, end: int) -> str:
        """The article's text from `start` to `end`, which must lie inside the passage."""
        return self.text[start - self.start : end - self.start]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `score` orders hits of one list only, higher is better."""

    passage: Passage
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    """What the score was made of, for `explain`."""
    sentence_cosines: tuple[float, ...] = ()
    """Of the question with each of the passage's sentences."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """An input that could not be read, with the place and the reason; nothing else is lost."""

    path: str
    reason: str
    line: int | None = None


WriteResult = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one article that was sent; it is durable when this is handed out."""

    id: str
    external_id: str | None
    result: WriteResult
    passages: int


class Embedder(Protocol):
    """Texts to unit-length float32 rows of `dim` columns."""

    @property
    def name(self) -> str:
        """Written into the index and compared when it is opened."""

    @property
    def dim(self) -> int:
        """Columns of every matrix that is handed out."""

    def embed_queries(self, texts: Sequence[str]) -> Matrix:
        """A row a question."""

    def embed_passages(
        self, titles: Sequence[str], texts: Sequence[str], sentences: Sequence[Spans]
    ) -> tuple[Matrix, list[Matrix]]:
        """A row a passage (title and text together), and for each a row a sentence.

        `sentences[i]` are ranges in `texts[i]`.
        """


class VectorIndex(Protocol):
    """Inner-product search over rows of `dim` columns with integer ids, held in memory.

    It finds candidates: their exact scores are taken from all their stored vectors.
    """

    def __init__(self, dim: int) -> None: ...

    def __len__(self) -> int: ...

    def add(self, ids: Ids, vectors: Matrix) -> None:
        """Add rows; an id that is already there is replaced."""

    def remove(self, ids: Ids) -> None:
        """Remove rows; unknown ids are ignored."""

    def search(self, vectors: Matrix, k: int, allowed: Ids | None = None) -> tuple[Ids, Matrix]:
        """The `k` best ids and scores a row, best first, ids of -1 where there are fewer.

        `allowed` restricts the search to these ids, exactly.
        """

    def tend(self, *, wait: bool = False) -> None:
        """Do what is due after changes, beside the searches; `wait` until it is done."""

    def ids(self) -> Ids:
        """Every id in the index, in no particular order."""

    def save(self, path: Path) -> None:
        """Write everything to one file."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""

    @classmethod
    def about(cls, size: int) -> str:
        """How so many rows are searched, for `qa doctor`."""
