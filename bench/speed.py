"""How fast, side by side with txtai: each part starts servers, sends load, and notes figures."""

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import load
from bench.collection import Collection, Text, invented
from bench.environments import QUIETLY
from bench.figures import OURS, THEIRS, Figures, percentile
from bench.indexes import Indexes, adding, answered
from bench.load import Load, Task
from bench.servers import QA, Running, Side, running

WARM = 20
ALONE, ALONE_S = 200, 10.0
"""Questions of one client, and seconds at most."""
CLIENTS = 16
MANY, MANY_S = 5000, 6.0
ANSWERS = 100
BEFORE_MEMORY = 1000
COLD = "who is meeting in Geneva?"
COLD_THEIRS = (
    "import sys, txtai; index = txtai.Embeddings(); index.load(sys.argv[1]); "
    "print(index.search(sys.argv[2], 1))"
)
TAKEN_IN = 600
"""Passages of the measurement of ingest."""
BUSY_S = 6.0
AT_ONCE = 20
"""Articles of a request, where they go on coming."""
COMING = 1000
"""Articles that can come meanwhile: more than there is time for."""
LOADS, LOAD_S = (1, 2, 4, 8, 16, 32), 2.5
BATCHES, BATCHED = (1, 4, 16), 16
"""Articles of a request, and of all requests of a size."""
SIZES = (0.1, 0.3, 1.0)
"""Of the collection."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, and where the figures go; the parts can be run one by one."""

    whole: Collection
    indexes: Indexes
    questions: Iterator[str]
    figures: Figures
    runs: int = 3

    def prepare(self, *, sizes: bool) -> None:
        """Make the indexes that are not there yet, so that measuring takes its own time only."""
        for part in SIZES if sizes else SIZES[-1:]:
            self.indexes.of(self.part(part))

    def part(self, share: float) -> Collection:
        """The first articles, which have such a share of the passages."""
        return self.whole.first(round(share * len(self.whole.passages)))

    def serve(self) -> None:
        """Searches, answers, start and memory: both sides in turn, each run a new process."""
        sides = self.indexes.of(self.whole)
        for number in range(self.runs):
            asked = self._some(WARM + ALONE + MANY + ANSWERS + BEFORE_MEMORY)
            for side in sides:
                self._say("searches", number, side.name)
                with running(side) as server:
                    self._served(side, server, asked)

    def ingest(self) -> None:
        """Passages a second, in turn: each run into an empty index of a new process."""
        some = self.whole.first(TAKEN_IN)
        for number in range(self.runs):
            for name in (OURS, THEIRS):
                self._say("ingest", number, name)
                seconds = self._taken_in(name, some, len(some.articles))
                self.figures.add("ingest_per_s", name, len(some.passages) / seconds)

    def busy(self) -> None:
        """A search while articles come in as fast as they are taken; txtai answers none then."""
        ours, _ = self.indexes.of(self.whole)
        for number in range(self.runs):
            self._say("searches during ingest", number, OURS)
            with TemporaryDirectory(dir=self.indexes.place) as folder:
                side = self.indexes.empty(OURS, Path(folder))
                shutil.copytree(ours.data, side.data)
                with running(side) as server:
                    self._interrupted(side, server, number)

    def cold(self) -> None:
        """A question by a process of its own: `qa ask`; txtai loading its index and searching."""
        ours, theirs = self.indexes.of(self.whole)
        commands = {
            OURS: (QA, "ask", COLD, "--data", ours.data),
            THEIRS: (self.indexes.python, "-I", "-c", COLD_THEIRS, theirs.data, COLD),
        }
        for command in commands.values():
            _alone(*command)  # so that no file has to come from the disk
        for number in range(self.runs):
            for name, command in commands.items():
                self._say("one question", number, name)
                self.figures.add("cold_s", name, _alone(*command))

    def curve(self) -> None:
        """Latency against load: more and more clients, once."""
        for side in self.indexes.of(self.whole):
            self._say("load", 0, side.name)
            with running(side) as server:
                answered(server, self._searches(side, WARM))
                for clients in LOADS:
                    asked = self._searches(side, MANY)
                    found = answered(server, asked, clients=clients, seconds=LOAD_S)
                    shares = [percentile(found.ms, share) for share in (50, 95)]
                    self.figures.point("load", side.name, clients, found.per_second, *shares)

    def batches(self) -> None:
        """Ingest by how many articles a request has, once."""
        some = Collection(self.whole.name, self.whole.articles[:BATCHED])
        for size in BATCHES:
            for name in (OURS, THEIRS):
                self._say(f"ingest, {size} articles at once", 0, name)
                rate = len(some.passages) / self._taken_in(name, some, size)
                self.figures.point("ingest", name, size, rate)

    def sizes(self) -> None:
        """Cost against the size of the collection, once."""
        for share in SIZES:
            part = self.part(share)
            for side in self.indexes.of(part):
                self._say(f"{len(part.passages):,} passages", 0, side.name)
                with running(side) as server:
                    answered(server, self._searches(side, WARM))
                    found = answered(server, self._searches(side, ALONE), seconds=ALONE_S)
                    cost = percentile(found.ms, 50), server.megabytes()
                    self.figures.point("size", side.name, len(part.passages), *cost)

    # -- inside -------------------------------------------------------------------------------

    def _say(self, what: str, number: int, name: str) -> None:
        self.indexes.say(f"{what}, run {number + 1}: {name}")

    def _some(self, count: int) -> list[str]:
        return list(itertools.islice(self.questions, count))

    def _searches(self, side: Side, count: int) -> list[load.Asked]:
        return [side.search(one) for one in self._some(count)]

    def _served(self, side: Side, server: Running, asked: Sequence[str]) -> None:
        left = iter(asked)

        def ask(count: int, clients: int = 1, seconds: float = ALONE_S) -> Load:
            requests = [side.search(one) for one in itertools.islice(left, count)]
            return answered(server, requests, clients=clients, seconds=seconds)

        def note(row: str, value: float) -> None:
            self.figures.add(row, side.name, value)

        note("restart_s", server.ready_s)
        ask(WARM)
        alone = ask(ALONE)
        note("search_p50", percentile(alone.ms, 50))
        note("search_p95", percentile(alone.ms, 95))
        before = server.processor_s()
        many = ask(MANY, CLIENTS, MANY_S)
        note("many_per_s", many.per_second)
        note("many_p95", percentile(many.ms, 95))
        note("server_ms", 1000 * (server.processor_s() - before) / len(many.ms))
        note("client_ms", 1000 * many.client_s / len(many.ms))
        again = answered(server, [side.search(asked[0])] * ALONE, seconds=ALONE_S)
        note("again_p50", percentile(again.ms, 50))
        if side.name == OURS:
            note("overhead_p50", percentile(overheads(alone), 50))
            answers = [load.get("/v1/ask", q=one) for one in itertools.islice(left, ANSWERS)]
            told = answered(server, answers, seconds=ALONE_S)
            note("ask_p50", percentile(told.ms, 50))
            note("ask_p95", percentile(told.ms, 95))
        if (missing := BEFORE_MEMORY - WARM - len(alone.ms) - len(many.ms)) > 0:
            ask(missing, CLIENTS, 60)
        note("megabytes", server.megabytes())

    def _taken_in(self, name: str, some: Collection, size: int) -> float:
        """Seconds that a new server takes for these articles, so many of them at once."""
        with TemporaryDirectory(dir=self.indexes.place) as folder:
            side = self.indexes.empty(name, Path(folder))
            with running(side) as server:
                answered(server, adding(side, _coming(0, 1), 1))
                sent = answered(server, adding(side, some, size))
                answered(server, self._searches(side, 1))
                return sent.wall_s

    def _interrupted(self, side: Side, server: Running, number: int) -> None:
        answered(server, self._searches(side, WARM))
        idle = answered(server, self._searches(side, ALONE), seconds=ALONE_S)
        coming = adding(side, _coming(number + 1, COMING), AT_ONCE)
        with load.start(Task(server.port, coming, seconds=BUSY_S)) as sending:
            time.sleep(0.5)
            busy = answered(server, self._searches(side, MANY), seconds=BUSY_S - 1)
            load.finished(sending)
        self.figures.add("idle_p95", OURS, percentile(idle.ms, 95))
        self.figures.add("busy_p95", OURS, percentile(busy.ms, 95))


def _alone(*command: str | Path) -> float:
    """Seconds of a process from its start to its end."""
    begun = time.perf_counter()
    subprocess.run(  # noqa: S603 -- one of the two above
        [*map(str, command)], check=True, env=os.environ | QUIETLY, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


def overheads(found: Load) -> list[float]:
    """Of each answer, what it took beside the stages that it tells."""
    pairs = zip(found.ms, found.stages, strict=True)
    return [taken - sum(stages.values()) for taken, stages in pairs]


def _coming(seed: int, count: int) -> Collection:
    """Articles that are in no collection."""
    articles: Iterator[Text] = itertools.islice(invented(seed + 100), count)
    return Collection("coming", [(one, one.passages() if count == 1 else ()) for one in articles])
