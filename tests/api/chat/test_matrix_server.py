"""The Matrix bot on a real homeserver, with people who write to it.

Synapse is not among the dependencies (AGPL, 240 MB): TEST_SYNAPSE names a Python that has it,
`python -m venv synapse && synapse/bin/pip install matrix-synapse`.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

PYTHON = os.environ.get("TEST_SYNAPSE", "")
PROGRAM = ("-c", "from api.cli import main; main()", "matrix")
SECONDS = 30
CONFIG = """
server_name: localhost
listeners:
  - {{port: {port}, type: http, bind_addresses: [127.0.0.1], resources: [{{names: [client]}}]}}
database: {{name: sqlite3, args: {{database: '{folder}/homeserver.db'}}}}
media_store_path: '{folder}/media'
signing_key_path: '{folder}/signing.key'
log_config: '{folder}/log.yaml'
pid_file: '{folder}/homeserver.pid'
registration_shared_secret: secret
report_stats: false
trusted_key_servers: []
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login: {{address: {{per_second: 1000, burst_count: 1000}}}}
rc_invites: {{per_user: {{per_second: 1000, burst_count: 1000}}}}
"""
LOG = "{version: 1, handlers: {file: {class: logging.FileHandler, filename: '%s/log'}},"
LOG += " root: {level: WARNING, handlers: [file]}}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="TEST_SYNAPSE names no Python that has Synapse"),
]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Homeserver:
    """Synapse with SQLite in a folder, started and stopped at will."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "homeserver.yaml"
        self.config.write_text(CONFIG.format(port=self.port, folder=folder))
        (folder / "log.yaml").write_text(LOG % folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._call("synapse.app.homeserver", "--generate-keys", "-c", str(self.config))

    def start(self) -> None:
        command = [PYTHON, "-m", "synapse.app.homeserver", "-c", str(self.config)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/_matrix/client/versions").raise_for_status()
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "Synapse does not start"
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)

    def register(self, name: str) -> "Person":
        """By Synapse's own tool; the password is the name."""
        options = ("-c", str(self.config), "-u", name, "-p", name, "--no-admin", self.url)
        self._call("synapse._scripts.register_new_matrix_user", *options)
        return Person(self.url, name)

    def _call(self, module: str, *options: str) -> None:
        subprocess.run([PYTHON, "-m", module, *options], check=True, capture_output=True)


@dataclass
class Person:
    """Somebody who writes to the bot, over the plain client-server interface."""

    url: str
    name: str
    http: httpx.Client = field(init=False)
    since: str = field(default="", init=False)

    def __post_init__(self) -> None:
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.name},
            "password": self.name,
        }
        found = httpx.post(f"{self.url}/_matrix/client/v3/login", json=login).json()
        headers = {"Authorization": f"Bearer {found['access_token']}"}
        self.id, self.token = found["user_id"], found["access_token"]
        base = f"{self.url}/_matrix/client/v3/"
        self.http = httpx.Client(base_url=base, headers=headers, timeout=40)

    def call(self, method: str, path: str, **options: Any) -> Any:
        response = self.http.request(method, path, **options)
        assert response.is_success, response.text
        return response.json()

    def room(self, *invited: str, **options: Any) -> str:
        body = {"preset": "private_chat", "invite": list(invited)} | options
        return str(self.call("POST", "createRoom", json=body)["room_id"])

    def write(self, room: str, body: str, **more: Any) -> str:
        path = f"rooms/{quote(room)}/send/m.room.message/{time.time_ns()}"
        content = {"msgtype": "m.text", "body": body} | more
        return str(self.call("PUT", path, json=content)["event_id"])

    def joined(self, room: str, user: str) -> None:
        """Wait until somebody is in a room."""
        deadline = time.monotonic() + SECONDS
        while user not in self.call("GET", f"rooms/{quote(room)}/joined_members")["joined"]:
            assert time.monotonic() < deadline, f"{user} did not join"
            time.sleep(0.1)

    def replies(self, room: str) -> list[dict[str, Any]]:
        """Everything that others wrote there, oldest first."""
        query = {"dir": "b", "limit": 50, "filter": '{"types": ["m.room.message"]}'}
        found = self.call("GET", f"rooms/{quote(room)}/messages", params=query)["chunk"]
        return [event["content"] for event in reversed(found) if event["sender"] != self.id]

    def reply(self, room: str, event: str) -> dict[str, Any]:
        """Wait for the reply to a message."""
        deadline = time.monotonic() + SECONDS
        while True:
            for content in self.replies(room):
                if (
                    content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
                    == event
                ):
                    return content
            assert time.monotonic() < deadline, "no reply"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    """Synapse, for all the tests here."""
    server = Homeserver(tmp_path_factory.mktemp("synapse"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ada(homeserver: Homeserver) -> Iterator[Person]:
    """Who asks."""
    person = homeserver.register("ada")
    yield person
    person.http.close()


@pytest.fixture(scope="module")
def bob(homeserver: Homeserver) -> Iterator[Person]:
    """Who is there, too."""
    person = homeserver.register("bob")
    yield person
    person.http.close()


@pytest.fixture(scope="module")
def account(homeserver: Homeserver) -> Iterator[Person]:
    """The bot's account."""
    person = homeserver.register("news")
    yield person
    person.http.close()


@dataclass
class Running:
    """`qa matrix` as a process, with what it logs."""

    process: "subprocess.Popen[bytes]"
    log: list[bytes]

    def logged(self, text: bytes) -> None:
        deadline = time.monotonic() + SECONDS
        while not any(text in line for line in self.log):
            assert time.monotonic() < deadline, b"".join(self.log)
            time.sleep(0.05)


@pytest.fixture
def bot(url: str, data: Path, homeserver: Homeserver, account: Person) -> Iterator[Running]:
    """The bot with the three articles, signed in by its token."""
    with_token = {"QA_MATRIX_URL": homeserver.url, "QA_MATRIX_TOKEN": account.token}
    yield from running(url, with_token)


def running(url: str, variables: dict[str, str]) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, *PROGRAM, "--url", url],
        env=os.environ | variables,
        stderr=subprocess.PIPE,
    )
    log: list[bytes] = []
    assert process.stderr
    reading = threading.Thread(target=log.extend, args=(process.stderr,))
    reading.start()
    found = Running(process, log)
    found.logged(b"answers on")
    yield found
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    reading.join()
    process.stderr.close()


def test_invited_it_joins_and_answers(bot: Running, ada: Person, account: Person) -> None:
    room = ada.room(account.id, is_direct=True)
    ada.joined(room, account.id)
    start = time.monotonic()
    content = ada.reply(room, ada.write(room, "who will meet in Geneva?"))
    print(f"answered after {time.monotonic() - start:.2f} s")  # noqa: T201
    assert content["msgtype"] == "m.notice"
    assert content["m.mentions"] == {}
    assert content["body"].startswith("US officials will meet tomorrow")
    assert content["formatted_body"].startswith("<p><strong>US officials will meet tomorrow")


def test_among_others_it_answers_when_called_only(
    bot: Running, ada: Person, bob: Person, account: Person
) -> None:
    room = ada.room(account.id, bob.id)
    bob.call("POST", f"rooms/{quote(room)}/join", json={})
    ada.joined(room, account.id)
    bob.write(room, "who will meet in Geneva?")
    meant = {"m.mentions": {"user_ids": [account.id]}}
    first = ada.write(room, "news who will meet in Geneva?", **meant)
    assert "US officials" in ada.reply(room, first)["body"]
    second = bob.write(room, "News: what did dockers win?")
    assert "Dockers" in bob.reply(room, second)["body"]
    assert len([one for one in ada.replies(room) if one["msgtype"] == "m.notice"]) == 2


def test_in_a_thread_it_answers_there(bot: Running, ada: Person, account: Person) -> None:
    room = ada.room(account.id)
    ada.joined(room, account.id)
    root = ada.write(room, "who will meet in Geneva?")
    relation = {"rel_type": "m.thread", "event_id": root}
    content = ada.reply(room, ada.write(room, "harbour?", **{"m.relates_to": relation}))
    assert content["m.relates_to"]["rel_type"] == "m.thread"
    assert content["m.relates_to"]["event_id"] == root


def test_what_was_written_before_its_start_is_left_alone(
    url: str, data: Path, homeserver: Homeserver, ada: Person, account: Person
) -> None:
    room = ada.room(account.id)
    old = ada.write(room, "who will meet in Geneva?")
    time.sleep(1)
    devices = account.call("GET", "devices")["devices"]
    variables = {"QA_MATRIX_URL": homeserver.url, "QA_MATRIX_USER": "news"}
    for _ in running(url, variables | {"QA_MATRIX_PASSWORD": "news"}):
        ada.joined(room, account.id)  # invited before the start, too
        new = ada.write(room, "what did dockers win?")
        ada.reply(room, new)
    answered = [one["m.relates_to"]["m.in_reply_to"]["event_id"] for one in ada.replies(room)]
    assert (old in answered, answered) == (False, [new])
    after = account.call("GET", "devices")["devices"]
    assert len(after) == len(devices)  # the bot has signed out


def test_it_survives_the_homeserver(
    bot: Running, homeserver: Homeserver, ada: Person, account: Person
) -> None:
    room = ada.room(account.id)
    ada.joined(room, account.id)
    homeserver.stop()
    bot.logged(b"no news from the homeserver")
    homeserver.start()
    asked = ada.write(room, "who will meet in Geneva?")
    assert "US officials" in ada.reply(room, asked)["body"]


def test_in_an_encrypted_room_it_says_that_it_cannot_read(
    bot: Running, ada: Person, account: Person
) -> None:
    encryption = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    room = ada.room(account.id, initial_state=[encryption])
    ada.joined(room, account.id)
    for number in range(2):
        path = f"rooms/{quote(room)}/send/m.room.encrypted/{number}-{time.time_ns()}"
        secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s"}
        ada.call("PUT", path, json=secret | {"sender_key": "k", "device_id": "d"})
    deadline = time.monotonic() + SECONDS
    while not ada.replies(room):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    assert [one["body"][:8] for one in ada.replies(room)] == ["Messages"]


def test_a_wrong_password_ends_with_its_status(
    url: str, data: Path, homeserver: Homeserver, account: Person
) -> None:
    variables = {"QA_MATRIX_URL": homeserver.url, "QA_MATRIX_USER": "news"}
    done = subprocess.run(
        [sys.executable, *PROGRAM, "--url", url],
        env=os.environ | variables | {"QA_MATRIX_PASSWORD": "wrong"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert b"refuses the bot: Invalid username or password" in done.stderr
