"""How the command line ends: a status for every error, and one line that says what happened."""

import errno
import sqlite3
from typing import Any

import typer
from typer.core import TyperGroup

from index import errors

OK, ERROR, USAGE, NOTHING_INDEXED, NOT_ALLOWED, UNREACHABLE = range(6)
NO_ANSWER = 10
GATE_FAILED = 11
DAMAGED = 12


STATUSES: dict[type[errors.ServiceError], int] = {
    errors.InvalidInput: USAGE,
    errors.NotReady: NOTHING_INDEXED,
    errors.NotAllowed: NOT_ALLOWED,
    errors.Unreachable: UNREACHABLE,
}
"""Any other error that is raised on purpose is `ERROR`."""


class Commands(TyperGroup):
    """The commands, whose expected errors become a line on stderr and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; typer itself sees to interruptions and closed pipes."""
        try:
            return super().invoke(ctx)
        except errors.ServiceError as error:
            status = STATUSES.get(type(error), ERROR)
            raise _told(error, status) from None
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            raise _told(error, ERROR) from None


def _told(error: Exception, status: int) -> typer.Exit:
    typer.echo(f"qa: {error}", err=True)
    return typer.Exit(status)
