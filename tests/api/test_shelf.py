import pytest

from api import shelf
from api.service import Service
from index.corpus import Corpus
from index.errors import NotFound


def test_the_store_alone_tells_what_the_service_does(service: Service, corpus: Corpus) -> None:
    assert shelf.articles(corpus.store, 2) == service.articles(2)
    assert shelf.article(corpus.store, "ext:aleppo") == service.article("ext:aleppo")
    assert shelf.text(corpus.store, "ext:aleppo") == service.text("ext:aleppo")


def test_an_id_is_an_id_and_a_callers_own_id_leads_to_it(corpus: Corpus) -> None:
    assert shelf.id_of("art_1") == "art_1"
    assert corpus.store.article(shelf.id_of("ext:aleppo")).external_id == "aleppo"
    assert shelf.id_of("ext:") == "ext:"
    with pytest.raises(NotFound):
        shelf.article(corpus.store, "aleppo")
