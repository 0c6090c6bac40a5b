from pathlib import Path

import pytest

from index.embedders.hashing import HashingEmbedder
from qa.datasets import named
from training.data import HELD_OUT, OTHERS, Source, held_out, prepare, write_held_out


@pytest.fixture
def source(squad: Path, tmp_path: Path) -> Source:
    return prepare("small", named(str(squad)), HashingEmbedder(), tmp_path / "cache")


def test_every_question_has_what_answers_it_and_what_does_not(source: Source) -> None:
    assert len(source.items) == 18
    for item in source.items:
        assert 0 < len(item.others) <= OTHERS
        for place, spans in item.golds:
            text = source.texts[place].text
            assert {text[start:end] for start, end in spans} == set(item.answers)
        for place in item.others:
            assert not any(answer in source.texts[place].text for answer in item.answers)


def test_what_does_not_answer_comes_first_from_the_passage_that_was_asked_about(
    source: Source,
) -> None:
    for item in source.items:
        if not item.answers:
            place = item.question.removeprefix("Who won in ").removesuffix("?")
            assert place in source.texts[item.others[0]].text


def test_whole_articles_are_held_out(squad: Path, source: Source) -> None:
    dataset = named(str(squad))
    kept = held_out("small", dataset)
    assert len(kept) == -(-9 // HELD_OUT)
    assert sum(item.held_out for item in source.items) == 2 * len(kept)
    assert held_out("xquad", dataset) == {one.external_id for one in dataset.articles}


def test_what_is_held_out_can_be_evaluated_among_all_articles(squad: Path, tmp_path: Path) -> None:
    dataset = named(str(squad))
    path = tmp_path / "held.json"
    write_held_out("small", dataset, path)
    found = named(str(path))
    assert sorted(one.text for one in found.articles) == sorted(
        one.text for one in dataset.articles
    )
    kept = held_out("small", dataset)
    assert {one.id for one in found.questions} == {
        one.id for one in dataset.questions if one.paragraph in kept
    }
    assert {(one.id, one.answers) for one in found.questions} <= {
        (one.id, one.answers) for one in dataset.questions
    }


def test_what_was_saved_is_loaded(source: Source, tmp_path: Path) -> None:
    source.save(tmp_path / "small.json.gz")
    assert Source.load(tmp_path / "small.json.gz") == source
