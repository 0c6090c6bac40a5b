import sqlite3

import pytest
import typer
from typer.testing import CliRunner

from api.exits import Commands
from index import errors


def ended(error: BaseException) -> tuple[int, str]:
    app = typer.Typer(cls=Commands)

    @app.command()
    def fail() -> None:
        raise error

    @app.command()
    def other() -> None: ...

    done = CliRunner().invoke(app, ["fail"])
    assert done.stdout == ""
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ServiceError("why"), 1),
        (errors.NotFound("why"), 1),
        (errors.IndexLocked("why"), 1),
        (errors.IndexDamaged("why"), 1),
        (errors.InvalidInput("why", pointer="/q"), 2),
        (errors.NotReady("why"), 3),
        (errors.NotAllowed("why"), 4),
        (errors.Unreachable("why"), 5),
        (OSError("why"), 1),
        (PermissionError("why"), 1),
        (sqlite3.OperationalError("why"), 1),
    ],
)
def test_every_expected_error_is_one_line_and_a_status(error: Exception, status: int) -> None:
    assert ended(error) == (status, "qa: why\n")


def test_an_interruption_ends_with_130_and_a_closed_pipe_with_1_in_silence() -> None:
    assert ended(KeyboardInterrupt()) == (130, "")
    assert ended(BrokenPipeError(32, "Broken pipe")) == (1, "")


def test_an_unforeseen_error_is_not_hidden() -> None:
    app = typer.Typer(cls=Commands)

    @app.command()
    def fail() -> None:
        raise ZeroDivisionError

    @app.command()
    def other() -> None: ...

    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(app, ["fail"], catch_exceptions=False)
