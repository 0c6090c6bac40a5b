"""What most tests start from: real parts without weights, over a few articles."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import new_article
from qa.calibrate import FEATURES, Calibration
from qa.pipeline import Pipeline
from qa.read import SentenceReader
from qa.retrieve import HybridRetriever

HARBOUR = (
    "The harbour of Östmere reopened on Monday after a strike of nine days. 🚢 Dockers won a rise "
    "of 4.5 percent."
)
ARTICLES = (
    new_article(
        external_id="aleppo",
        title="US, Russia to meet",
        text="Syrian warplanes pounded Aleppo again today.\n\nUS officials will meet tomorrow with "
        "their Russian counterparts in Geneva, Kerry said. He was in Paris.",
        source="AFP",
        lang="en",
        published_at=datetime(2016, 12, 8, 14, 30, tzinfo=UTC),
        url="https://example.org/aleppo",
    ),
    new_article(
        external_id="harbour",
        title="Harbour reopens",
        text=HARBOUR,
        source="Reuters",
        lang="en",
        published_at=datetime(2017, 3, 6, 9, 0, tzinfo=UTC),
    ),
    new_article(
        external_id="copy",
        title="Harbour of Östmere open again",
        text=HARBOUR,
        source="Gazette",
        lang="en",
    ),
)

SURE_OF_SHARED_WORDS = Calibration(
    weights={**dict.fromkeys(FEATURES, 0.0), "sentence_coverage": 8.0}, bias=-4.0, threshold=0.5
)
"""Answers when a sentence holds more than half of what the question's words weigh."""


def pipeline_over(corpus: Corpus) -> Pipeline:
    """Real retrieval and reading, without weights."""
    return Pipeline(HybridRetriever(corpus), SentenceReader(corpus, SURE_OF_SHARED_WORDS))


def filled(path: Path) -> Corpus:
    """Three articles; two of them have the same text."""
    corpus = Corpus.open(path, HashingEmbedder())
    list(corpus.add(ARTICLES))
    return corpus


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of this run's own, in place of the user's."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QA_CACHE", str(folder))
        yield folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data directory of this test's own, and limits that are quick to reach."""
    return Settings(data=tmp_path / "data", max_article_mb=1, max_body_mb=2)


@pytest.fixture
def corpus(settings: Settings) -> Iterator[Corpus]:
    """A corpus of this test's own, to be written to."""
    corpus = filled(settings.data)
    yield corpus
    corpus.close()


@pytest.fixture
def pipeline(corpus: Corpus) -> Pipeline:
    """Real retrieval and reading over `corpus`."""
    return pipeline_over(corpus)


@pytest.fixture
def service(corpus: Corpus, pipeline: Pipeline, settings: Settings) -> Service:
    """What the routes and the command line offer, over `corpus`."""
    return Service(corpus, pipeline, settings)


@pytest.fixture
def client(settings: Settings, service: Service) -> Iterator[TestClient]:
    """The whole application, started, over `corpus`."""
    with TestClient(create_app(settings, service)) as client:
        yield client


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all the tests that only read; it remembers nothing of what others asked."""
    folder = tmp_path_factory.mktemp("shared")
    settings = Settings(data=folder, max_article_mb=1, max_body_mb=2, cache_entries=0)
    corpus = filled(settings.data)
    yield Service(corpus, pipeline_over(corpus), settings)
    corpus.close()


@pytest.fixture(scope="session")
def shared_client(shared_service: Service) -> Iterator[TestClient]:
    """One for all the tests that only read."""
    settings = Settings(max_article_mb=1, max_body_mb=2)
    with TestClient(create_app(settings, shared_service)) as client:
        yield client
