import sqlite3
from pathlib import Path

import pytest

from index.connections import Connections
from index.errors import IndexDamaged


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    return Connections(tmp_path / "a.sqlite", write=True)


def test_a_connection_is_used_again_when_it_was_given_back(connections: Connections) -> None:
    with connections.reader() as one, connections.reader() as two:
        assert one is not two
    with connections.reader() as three:
        assert three in (one, two)


def test_the_writers_connection_is_no_readers(connections: Connections) -> None:
    with connections.reader() as db:
        assert db is not connections.writer()
    assert connections.writer() is connections.writer()


def test_what_was_closed_is_not_opened_again(connections: Connections) -> None:
    with connections.reader() as db:
        connections.close()
        assert db.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")
    with pytest.raises(sqlite3.ProgrammingError, match="was closed"), connections.reader():
        pass


def test_a_lock_of_another_process_is_no_damage(connections: Connections) -> None:
    connections.writer().execute("CREATE TABLE a (b)")
    connections.writer().execute("BEGIN IMMEDIATE")
    with connections.reader() as db:
        db.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(sqlite3.OperationalError, match="locked"), connections.reader() as db:
        db.execute("INSERT INTO a VALUES (1)")
    with pytest.raises(IndexDamaged, match="no such table"), connections.reader() as db:
        db.execute("SELECT * FROM missing")


def test_malformed_values_are_damage_and_malformed_questions_are_not(
    connections: Connections,
) -> None:
    with pytest.raises(IndexDamaged, match="run `qa doctor`"), connections.reader():
        int("x")
    with pytest.raises(UnicodeEncodeError), connections.reader() as db:
        db.execute("SELECT ?", ("\ud800",))
