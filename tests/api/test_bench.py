import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api import bench, doors
from api.bench import Machine, Measured, advice, asked_from, asked_in, by_stage, measure
from api.build import build_service
from api.settings import Settings
from index.errors import InvalidInput

QUICK = {f"{stage}_p{share}": 1.0 for stage in bench.STAGES for share in bench.SHARES}
METRICS = QUICK | {"per_second": 900.0, "memory_mb": 400.0}
MODELS = {"embed": "all-MiniLM-L6-v2", "read": "dateline-reader"}
FOUND = Measured(METRICS, 200, 16, 80, MODELS, Settings(), Machine(2, 1.0, 8000.0))


def slow(stage: str, **settings: object) -> Measured:
    metrics = METRICS | {f"{stage}_p50": 90.0, "total_p50": 100.0, "total_p95": 120.0}
    return replace(FOUND, metrics=metrics, settings=Settings.model_validate(settings))


def test_percentiles_lie_between_the_nearest_two_times() -> None:
    taken = [{"embed": float(ms), "retrieve": 1, "read": 0, "total": ms + 1} for ms in range(101)]
    found = by_stage([*reversed(taken)])
    assert [found[f"embed_p{share}"] for share in (50, 95, 99)] == [50.0, 95.0, 99.0]
    assert found["total_p95"] == 96.0
    assert by_stage([taken[0], taken[100]])["embed_p95"] == pytest.approx(95.0)


def test_nothing_is_advised_where_nothing_is_slow_or_large() -> None:
    assert advice(FOUND) == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (slow("embed"), "it gains by faster cores"),
        (slow("embed", threads=1), "QA_THREADS=1 leaves 2 cores unused"),
        (replace(slow("embed"), models={"embed": "big", "read": ""}), "big is larger than"),
        (slow("retrieve"), "80 passages are searched"),
        (slow("retrieve", engine="exact"), "QA_ENGINE=exact compares with every vector"),
        (slow("read"), "QA_READER=none answers with whole sentences"),
        (slow("read", reader="big"), "unset QA_READER"),
        (slow("read", reader="none"), "nothing can be set"),
    ],
)
def test_the_slowest_stage_says_what_is_to_be_done(found: Measured, told: str) -> None:
    [line] = advice(found)
    assert "takes 90% of the time" in line
    assert told in line


def test_uneven_times_a_busy_machine_and_full_memory_are_told_each() -> None:
    metrics = METRICS | {"total_p95": 4.1, "memory_mb": 5000.0}
    busy = replace(FOUND, metrics=metrics, machine=Machine(2, 7.0, 8000.0))
    uneven, loaded, full = advice(busy)
    assert "four times as long" in uneven
    assert loaded.startswith("7 programs wanted the 2 cores")
    assert full.startswith("5,000 of 8,000 MB")


def test_of_a_server_elsewhere_this_machine_tells_nothing() -> None:
    there = Settings(url="http://there.example")
    assert advice(replace(FOUND, settings=there, machine=Machine(2, 99.0, 1.0))) == []


@pytest.fixture
def asked(stored: Path) -> list[str]:
    with closing(doors.answering(Settings.from_env(os.environ))) as door:
        return asked_from(door, 9)


def test_titles_come_first_then_sentences_and_none_twice(asked: Sequence[str]) -> None:
    assert sorted(asked[:2]) == ["Strike ends", "US, Russia to meet"]
    assert sorted(asked[2:]) == [
        "Dockers won a rise of 4.5 percent.",
        "He was in Paris.",
        "The \U0001f6a2 harbour stays shut.",
        "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry",
    ]


def test_questions_of_a_file_are_lines_or_json(tmp_path: Path) -> None:
    path = tmp_path / "asked.txt"
    path.write_text(
        'who won?\n\n{"question": "who lost?"}\n{"text": "why so?"}\nwho won?\nwhy not?\n'
    )
    assert asked_in(path, 3) == ["who won?", "who lost?", "why so?"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\n", "has no questions"), (b"{oh no\n", "line 1: is not JSON"), (b"\xff", "UTF-8")],
)
def test_a_file_without_questions_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "asked.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason):
        asked_in(path, 3)


def test_every_question_is_asked_once_after_one_to_warm_up(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.from_env(os.environ)
    questions: list[str] = []
    with closing(build_service(settings, write=False)) as service:
        ask = service.ask
        monkeypatch.setattr(service, "ask", lambda one: (questions.append(one.q), ask(one))[1])
        found = measure(service, settings, ["who?", "where?", "when?"])
    assert questions[:3] == [bench.WARM_UP, "who?", "where?"]
    assert questions[3:] == ["when?"]
    assert (found.questions, found.articles, found.passages) == (3, 2, 2)
    assert found.models == {"embed": "hashing-256", "read": "sentence"}
    assert found.metrics["per_second"] > 0
