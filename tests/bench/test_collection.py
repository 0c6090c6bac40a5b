import itertools
import json
from pathlib import Path

import pytest

from bench.collection import Collection, Text, collected, given, invented, questions
from index.errors import InvalidInput

SHORT = [Text("One", "First here. " * 30), Text("", "Second there. " * 70), Text("Three", "End.")]


def test_invented_articles_are_the_same_every_time_and_share_no_passage() -> None:
    first, again = (collected("invented", invented(), 30) for _ in range(2))
    assert first == again
    assert len(first.passages) >= 30
    assert len(set(first.passages)) == len(first.passages)
    assert all(passage.startswith(one.title) for one, cut in first.articles for passage in cut)
    assert collected("invented", invented(seed=2), 30).digest != first.digest


def test_an_article_keeps_a_name_that_it_has_given() -> None:
    text = next(itertools.islice(invented(), 3, None)).text
    assert "Geneva" not in text
    assert len(text.split()) >= 600


def test_so_many_articles_are_taken_as_have_the_passages() -> None:
    whole = collected("short", [SHORT[0], SHORT[0], *SHORT], 100)
    assert [one for one, _ in whole.articles] == SHORT
    assert [len(cut) for _, cut in whole.articles] == [1, 2, 1]
    assert whole.passages[0].startswith("One\nFirst here.")
    assert [len(whole.first(count).articles) for count in (1, 2, 3, 4, 9)] == [1, 2, 2, 3, 3]
    assert len(collected("short", SHORT, 2).articles) == 2


def test_the_digest_is_that_of_the_articles() -> None:
    assert Collection("a", [(SHORT[0], ())]).digest == Collection("b", [(SHORT[0], ["x"])]).digest


def test_articles_are_read_from_a_file_or_a_folder_with_whatever_else_they_have(
    tmp_path: Path,
) -> None:
    rows = [{"_id": "1", "title": "A \n title", "text": "Text."}, {"title": None, "text": "More."}]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "queries.jsonl").write_text("not to be read")
    found = [Text("A title", "Text."), Text("", "More.")]
    assert list(given(tmp_path)) == list(given(tmp_path / "corpus.jsonl")) == found
    with pytest.raises(InvalidInput, match="neither a JSONL file nor a folder"):
        list(given(tmp_path / "nowhere"))


def test_no_question_comes_twice_and_each_has_words_of_a_passage() -> None:
    passages = ["The ferry of Brannoc sails at noon on every Friday in May and June"]
    asked = list(itertools.islice(questions(passages), 100))
    assert len(set(asked)) == 100
    assert all(one.rstrip("?").partition(" ")[2] in passages[0] for one in asked)
    assert asked == list(itertools.islice(questions(passages), 100))
    with pytest.raises(InvalidInput, match="no more questions"):
        list(questions(["just some few words here"]))
