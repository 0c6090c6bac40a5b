from typer.testing import CliRunner

from bench.__main__ import app


def test_a_set_that_cannot_be_read_is_named_and_ends_with_status_1() -> None:
    result = CliRunner().invoke(app, ["quality", "nowhere"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nowhere: no such file or folder" in result.stderr
