"""A small set of questions, in SQuAD's layout, over articles of one paragraph."""

import json
from pathlib import Path

import pytest

PLACES = ("Geneva", "Vienna", "Oslo", "Lima", "Cairo", "Quito", "Hanoi", "Riga", "Malmö")


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    """Nine articles with two questions each, one of which has no answer."""
    data = []
    for number, place in enumerate(PLACES):
        text = f"Talks were held in {place} on day {number}. Nothing came of them. It rained there."
        asked = [
            {
                "id": f"{place}-where",
                "question": f"Where were the talks of day {number} held?",
                "answers": [{"text": place, "answer_start": text.index(place)}],
                "is_impossible": False,
            },
            {
                "id": f"{place}-who",
                "question": f"Who won in {place}?",
                "answers": [],
                "is_impossible": True,
            },
        ]
        data.append({"title": place, "paragraphs": [{"context": text, "qas": asked}]})
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"version": "v2.0", "data": data}))
    return path
