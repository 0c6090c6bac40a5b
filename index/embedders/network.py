"""A graph of OpenVINO, computed for questions as soon as it can be, for passages as fast as it can.

With one stream all threads compute the same call, the others wait, and it is soonest done. With a
stream for each thread a fifth more passages are embedded, but each takes its thread twice as long.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tokenizers import Encoding

from index.processor import give_way
from index.types import Matrix

# The first would tell its makers of every import, unasked; the second makes models and is slow to
# load. openvino does without either.
for name in ("openvino_telemetry", "openvino.tools.ovc"):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]

import openvino  # noqa: E402  # only now

log = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that go through the network together; `rows` are their places among all."""

    rows: list[int]
    encodings: list[Encoding]
    words: Any
    mask: Any


class Network:
    """From word embeddings and mask to a vector for each token; called from any thread."""

    def __init__(self, graph: Path, precision: str, *, threads: int, streams: int = 1) -> None:
        options = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,  # others work here too
        }
        self._compiled = openvino.Core().compile_model(str(graph), "CPU", options)
        self._idle: list[Any] = []  # requests that no thread is using; each has its own memory

    def __call__(self, batch: Batch) -> Matrix:
        """A vector for each token of each text."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        tokens = np.array(request.infer([batch.words, batch.mask], share_inputs=True)[0])
        self._idle.append(request)
        return tokens


class Behind:
    """A network for what can wait, in threads of its own that let others go first.

    It is loaded when it is needed, and `otherwise` is taken where its file has gone since.
    """

    def __init__(self, load: Callable[[], Network], otherwise: Network, *, threads: int) -> None:
        self.threads = threads
        self._load = load
        self._otherwise = otherwise
        self._network: Network | None = None
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, "passages", initializer=give_way)

    def each(self, items: Iterable[Item], work: Callable[[Network, Item], None]) -> None:
        """Do the work with each, as many at a time as there are threads."""
        network = self._ready()
        for _ in self._pool.map(lambda item: work(network, item), items):
            pass

    def _ready(self) -> Network:
        with self._lock:
            if self._network is None:
                try:  # there, so that the threads which that starts are like it
                    self._network = self._pool.submit(self._load).result()
                except RuntimeError as error:
                    log.warning("passages share the network of the questions: %s", error)
                    self._network = self._otherwise
            return self._network
