import pytest

from bench.doors import SECRETS, STATES, Figures, every_door, measured, report
from qa.cached import silent

LIGHT = {"embed_model": "hashing", "reader": "none"}


@pytest.fixture(scope="module")
def found() -> Figures:
    """One round over a real server in a process of its own."""
    return measured(1, silent, {**SECRETS, **LIGHT})


def test_every_door_is_asked_alone_and_during_ingest(found: Figures) -> None:
    doors = [door.name for door in every_door()]
    assert len(doors) == len(set(doors)) == 12
    for state in STATES:
        assert list(found.seconds[state]) == doors
        assert all(len(each) == 1 and each[0] > 0 for each in found.seconds[state].values())
    assert found.put_off == 0
    assert found.articles >= 20
    assert found.articles_per_second > 0


def test_the_report_has_milliseconds() -> None:
    seconds = {door.name: [0.001, 0.002, 0.003] for door in every_door()}
    figures = Figures(dict.fromkeys(STATES, seconds), 2, 40, 3.6)
    lines = report(figures).splitlines()
    assert "| slack-mention | later | 2 | 3 | 2 | 3 |" in lines
    assert lines[-1] == (
        "72 requests, 2 of them put off; 40 articles taken in meanwhile, 4 a second."
    )
