import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DEMO = runpy.run_path(str(ROOT / ".ci" / "demo.py"))
EXPECTED, answer, commands = DEMO["EXPECTED"], DEMO["answer"], DEMO["commands"]
expected, run = DEMO["expected"], DEMO["run"]


def demo(*lines: str) -> str:
    text = "\n".join(lines)
    return f"before\n<!-- demo -->\n```sh\n{text}\n```\n<!-- /demo -->\nafter\n"


def test_a_command_goes_on_until_its_quotation_is_closed() -> None:
    assert commands(demo("one 'a", "b'", "# a comment", "", "two")) == ["one 'a\nb'", "two"]


def test_what_stands_outside_the_marks_is_no_command() -> None:
    assert commands("```sh\nmake serve\n```\n") == []


def test_every_command_of_the_readme_has_its_expected_output() -> None:
    found = commands(README.read_text())
    assert len(found) == len(EXPECTED)
    assert {expected(command) for command in found} == set(EXPECTED.values())


@pytest.mark.parametrize(
    "printed",
    [
        "a\n  b\n\nAlso found:\n\nc\n",
        '{"answered": true, "answer": {"text": "a b"}, "passages": ["c"]}',
    ],
)
def test_the_passages_below_an_answer_are_not_the_answer(printed: str) -> None:
    assert answer(printed) == "a b"


def test_what_is_no_answer_is_taken_whole() -> None:
    assert answer('{"answered":false,"passages":[]}') == '{"answered":false,"passages":[]}'


def test_the_right_output_is_right() -> None:
    assert run(
        "echo 'more than  300,000' # q=how many people has the war killed?", {"QA_PORT": "1"}
    )


@pytest.mark.parametrize(
    "command",
    ["echo 'about 200,000' # q=how many people has the war killed?", "exit 22 # -X DELETE"],
)
def test_a_wrong_output_and_a_wrong_status_are_told(command: str) -> None:
    assert not run(command, {"QA_PORT": "1"})
