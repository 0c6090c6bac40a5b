import subprocess
import sys
from pathlib import Path

import pytest

from api.build import build_engine, build_pipeline, build_service, build_writer
from api.schemas_articles import ArticleIn
from api.settings import Settings
from index.corpus import Corpus
from index.errors import InvalidInput, NotReady
from index.vectors.exact import ExactIndex
from index.vectors.faiss import FaissIndex
from qa.read import SentenceReader
from qa.readers.packaged import PackagedModel
from qa.span_reader import SpanReader


def test_the_engine_is_the_one_that_is_set() -> None:
    assert build_engine(Settings()) is FaissIndex
    assert build_engine(Settings(engine="exact")) is ExactIndex


def test_without_a_reader_the_best_sentence_answers(corpus: Corpus) -> None:
    pipeline = build_pipeline(corpus, Settings(reader="none"))
    assert isinstance(pipeline.reader, SentenceReader)
    assert pipeline.retriever.corpus is corpus


def test_a_writer_is_there_where_a_language_model_is_set() -> None:
    assert build_writer(Settings()) is None
    writer = build_writer(Settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="m-1"))
    assert writer is not None
    writer.close()


@pytest.mark.model
def test_the_packaged_reader_is_what_reads_by_default(corpus: Corpus) -> None:
    reader = build_pipeline(corpus, Settings()).reader
    assert isinstance(reader, SpanReader)
    assert reader.name == PackagedModel.name


@pytest.mark.model
def test_a_reader_can_be_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        build_pipeline(corpus, Settings(reader=str(tmp_path / "nowhere")))


def test_everything_can_be_built_without_weights(settings: Settings) -> None:
    light = settings.model_copy(update={"embed_model": "hashing", "reader": "none"})
    service = build_service(light)
    assert (service.embedder, service.reader) == ("hashing-256", "sentence")
    service.add([ArticleIn(text="Bread is baked.")])
    service.close()
    reader = build_service(light, write=False)
    assert reader.counts().articles == 1
    reader.close()


def test_reading_needs_something_to_read(settings: Settings) -> None:
    with pytest.raises(NotReady):
        build_service(
            settings.model_copy(update={"embed_model": "hashing", "reader": "none"}), write=False
        )


def test_an_engine_that_is_not_known_is_no_setting() -> None:
    with pytest.raises(AssertionError, match="milvus"):
        build_engine(Settings.model_construct(engine="milvus"))


@pytest.mark.model
def test_a_command_answers_without_what_is_slow_to_load(tmp_path: Path) -> None:
    text = "The talks are held in Geneva. Ministers of nine countries came to them."
    (tmp_path / "talks.txt").write_text(text)
    program = (
        "import sys\n"
        "from api.cli import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "slow = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'httpx'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )

    def run(*given: str) -> list[str]:
        command = [sys.executable, "-c", program, *given, "--data", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return done.stdout.splitlines()

    assert "torch" not in run("ingest", str(tmp_path / "talks.txt"))[-1]
    answer = run("ask", "where are the talks held?")
    assert answer[0] == "Geneva"
    assert answer[-1] == "[]"
