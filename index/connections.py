"""Connections: the open SQLite connections to one file, one to write and some to read."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IndexDamaged, StorageFull

WRITER = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is deleted is overwritten
)

CACHE_KB = 256
"""Of each connection, in place of 2,000: the system keeps the file once for all of them."""
NO_ROOM = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
"""What SQLite says where it may not make a file beside the database."""


class Connections:
    """A reader is taken for one read and given back, so there are as many as ran at once.

    With `write=False` nothing in the file can be changed, by no connection.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self._path = path
        self._write = write
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread uses meanwhile; raises IndexDamaged, see below."""
        with translated(self._path), decoded(self._path):
            db = self._taken()
            try:
                yield db
            finally:
                self._give_back(db)

    def writer(self) -> sqlite3.Connection:
        """The only connection that writes; its users take turns."""
        with self._lock:
            self._check_open()
            if self._writer is None:
                db = self._connect()
                for pragma in WRITER if self._write else ():
                    db.execute(f"PRAGMA {pragma}")
                self._writer = db
            return self._writer

    def close(self) -> None:
        """Close all that are idle now, and the others when they are given back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            if self._writer:
                self._writer.close()
                self._writer = None

    def _taken(self) -> sqlite3.Connection:
        with self._lock:
            self._check_open()
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if self._closed:
                db.close()
            else:
                self._idle.append(db)

    def _check_open(self) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError(f"{self._path} was closed")

    def _connect(self) -> sqlite3.Connection:
        if self._write:
            return self._opened("mode=rwc")
        try:
            return self._opened("mode=ro")
        except sqlite3.OperationalError as error:
            # WAL wants a -shm file; where none may be written, nobody writes the rest either.
            wal = self._path.with_name(f"{self._path.name}-wal")
            written = wal.exists() and wal.stat().st_size
            if error.sqlite_errorcode & 0xFF not in NO_ROOM or written:
                raise
            return self._opened("mode=ro&immutable=1")

    def _opened(self, mode: str) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?{mode}"
        db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            db.execute("PRAGMA busy_timeout = 10000")
            db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            if not self._write:
                db.execute("PRAGMA user_version").fetchone()
        except BaseException:
            db.close()
            raise
        return db


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What SQLite raises becomes StorageFull or IndexDamaged.

    A mistake of ours, and a lock that another process holds, stay as they are.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise StorageFull(f"cannot write {path}: {error}") from error
        if isinstance(error, sqlite3.OperationalError) and not _is_damage(error, code):
            raise
        raise _damaged(path, error) from error


@contextmanager
def decoded(path: Path) -> Iterator[None]:
    """Stored values that cannot be understood become IndexDamaged."""
    try:
        yield
    except UnicodeEncodeError:
        raise  # what was asked for, not what is stored
    except ValueError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> IndexDamaged:
    return IndexDamaged(f"{path} cannot be read: {error}: run `qa doctor`")


def _is_damage(error: sqlite3.OperationalError, code: int | None) -> bool:
    """Text that is not UTF-8 (it has no code), a disk that does not read, a table that is gone."""
    return code is None or code & 0xFF == sqlite3.SQLITE_IOERR or "no such" in str(error)
