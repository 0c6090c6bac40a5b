from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.peer import Task, written

TASK = Task(texts=["one", "zwö"], documents=["a", "b"], questions=["which?"])
VECTORS = np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)


def digest(folder: Path, task: Task) -> str:
    folder.mkdir()
    return written(task, folder)


def test_other_questions_find_the_index_again(tmp_path: Path) -> None:
    first = digest(tmp_path / "1", TASK)
    assert digest(tmp_path / "2", replace(TASK, questions=["another?"])) == first


def test_other_texts_or_vectors_make_another_index(tmp_path: Path) -> None:
    tasks = [
        TASK,
        replace(TASK, texts=["one", "two"]),
        replace(TASK, vectors=VECTORS),
        replace(TASK, vectors=(VECTORS[0] * 2, VECTORS[1])),
    ]
    digests = {digest(tmp_path / str(number), task) for number, task in enumerate(tasks)}
    assert len(digests) == len(tasks)


def test_vectors_are_handed_over_only_where_they_are_shared(tmp_path: Path) -> None:
    digest(tmp_path / "own", TASK)
    digest(tmp_path / "shared", replace(TASK, vectors=VECTORS))
    assert not list((tmp_path / "own").glob("*.npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "shared" / "passages.npy"), VECTORS[0])
    np.testing.assert_array_equal(np.load(tmp_path / "shared" / "questions.npy"), VECTORS[1])
