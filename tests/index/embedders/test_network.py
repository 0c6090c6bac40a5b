import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import pytest

from index.embedders.network import Batch, Behind, Network
from index.processor import NICE
from index.types import Matrix

BATCHES = [Batch([number], [], None, None) for number in range(6)]
"""More than there are threads."""


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class Numbers:
    """In place of a network: the number of a batch, and who computed it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.loaded_with = priority()
        self.computed_with: set[int] = set()

    def __call__(self, batch: Batch) -> Matrix:
        self.computed_with.add(priority())
        return np.array(batch.rows, np.float32)


def behind(load: Callable[[], Numbers], otherwise: Numbers) -> Behind:
    network = cast(Network, otherwise)
    return Behind(cast(Callable[[], Network], load), network, threads=2)


def test_every_batch_is_computed_and_the_network_is_loaded_once() -> None:
    loaded: list[Numbers] = []

    def load() -> Numbers:
        loaded.append(Numbers("own"))
        return loaded[-1]

    other = Numbers("other")
    network = behind(load, other)
    assert not loaded
    found: dict[int, float] = {}

    def work(network: Network, batch: Batch) -> None:
        found[batch.rows[0]] = float(network(batch)[0])

    with ThreadPoolExecutor(4) as callers:
        for done in [callers.submit(network.each, BATCHES, work) for _ in range(4)]:
            done.result()
    assert found == {number: number for number in range(6)}
    assert (len(loaded), other.computed_with) == (1, set())
    if sys.platform == "linux":
        lower = min(priority() + NICE, 19)
        assert (loaded[0].loaded_with, loaded[0].computed_with) == (lower, {lower})


def test_where_the_file_has_gone_passages_go_with_the_questions() -> None:
    def load() -> Numbers:
        raise RuntimeError("no such file")

    other, seen = Numbers("other"), []
    behind(load, other).each(BATCHES, lambda network, batch: seen.append(network(batch)[0]))
    assert sorted(seen) == list(range(6))
    assert other.computed_with


def test_an_error_is_the_callers_and_the_next_call_goes_on() -> None:
    network, seen = behind(lambda: Numbers("own"), Numbers("other")), []

    def broken(_network: Network, _batch: Batch) -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        network.each(BATCHES, broken)
    network.each(range(6), lambda _, number: seen.append(number))
    assert sorted(seen) == list(range(6))
