from pathlib import Path

import pytest

from api.local import DeferredEmbedder, Stored, open_for_writing
from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.errors import IndexMismatch, NotFound, NotReady
from index.identity import new_article
from index.types import Embedder


def test_what_is_stored_reads_as_the_service_has_it(service: Service, settings: Settings) -> None:
    here = Stored(settings.data)
    first = here.articles(2)
    assert first == service.articles(2)
    assert here.articles(2, first.next_cursor) == service.articles(2, first.next_cursor)
    for key in ("ext:harbour", first.data[0].id):
        assert here.article(key) == service.article(key)
    here.close()


def test_a_passage_is_found_by_its_id(service: Service, settings: Settings) -> None:
    here = Stored(settings.data)
    passage = here.passage("psg_1")
    text = service.text(passage.article_id)
    assert text[passage.start : passage.end] == passage.text
    assert text[passage.sentences[0].start : passage.sentences[0].end] in passage.text
    for key in ("psg_", "psg_-1", "psg_1.0", "psg_١", "psg_0", "psg_9223372036854775808"):
        with pytest.raises(NotFound, match="there is no passage"):
            here.passage(key)
    here.close()


def test_a_directory_without_a_store_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="run `qa ingest PATH`"):
        Stored(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_deferred_model_is_loaded_once_and_only_to_embed() -> None:
    loads: list[Embedder] = []

    def load() -> Embedder:
        loads.append(HashingEmbedder())
        return loads[-1]

    deferred = DeferredEmbedder("hashing-256", 256, load)
    assert loads == []
    rows = deferred.embed_queries(["Geneva"])
    assert (rows == HashingEmbedder().embed_queries(["Geneva"])).all()
    whole, parts = deferred.embed_passages(["T"], ["One. Two."], [[(0, 4), (5, 9)]])
    expected, pieces = HashingEmbedder().embed_passages(["T"], ["One. Two."], [[(0, 4), (5, 9)]])
    assert (whole == expected).all()
    assert (parts[0] == pieces[0]).all()
    assert len(loads) == 1


def test_a_deferred_model_that_turns_out_to_be_another_is_refused() -> None:
    deferred = DeferredEmbedder("hashing-256", 256, lambda: HashingEmbedder(64))
    with pytest.raises(IndexMismatch, match=r"hashing-256 \(256 dimensions\), not with hashing-64"):
        deferred.embed_queries(["Geneva"])


def test_an_index_of_another_model_is_refused_for_writing(tmp_path: Path) -> None:
    Corpus.open(tmp_path, HashingEmbedder(64)).close()
    with pytest.raises(IndexMismatch, match="hashing-64"):
        open_for_writing(Settings(data=tmp_path, embed_model="hashing", reader="none"))


def test_writing_makes_the_directory_and_leaves_whole_indexes(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new", embed_model="hashing", reader="none")
    for text in ("One.", "Two."):
        service = open_for_writing(settings)
        (result,) = service.add_each([new_article(text=text)])
        assert not isinstance(result, Exception)
        service.close()
    corpus = Corpus.open(settings.data, HashingEmbedder(), write=False)
    assert len(corpus.passages) == 2
    corpus.close()


def test_removing_and_sending_again_load_no_model(tmp_path: Path) -> None:
    class Named(HashingEmbedder):
        """The weightless embedder under the name of the default model, which cannot be loaded."""

        def __init__(self) -> None:
            super().__init__()
            self.name = "/no/such/model"

    article = new_article(text="One.", external_id="1")
    corpus = Corpus.open(tmp_path, Named())
    list(corpus.add([article]))
    corpus.close()
    service = open_for_writing(Settings(data=tmp_path, embed_model="/no/such/model"))
    (result,) = service.add_each([article])
    assert not isinstance(result, Exception)
    assert result.result == "unchanged"
    service.delete("ext:1")
    assert service.counts().articles == 0
    service.close()
