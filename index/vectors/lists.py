"""FAISS's inverted files: how they are made, trained and asked."""

import threading
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np

from index.types import Ids, Matrix

PROBED = 16
"""One list in so many is looked at, but never fewer than eight."""
SAMPLE = 40
"""Vectors for each list to learn its centre from; FAISS asks for 39."""
ROUNDS = 10
"""Of k-means."""
UNIT = np.float32(127)
"""What the numbers of a unit vector are multiplied by before they become bytes, as are those of a
question. A cosine is off by 0.003, in two cases of three."""


class Ending(Exception):
    """The program ends, and nobody needs what is being made."""


def go_on() -> None:
    """Raises Ending where there is no point any more: Python waits for threads that run."""
    if not threading.main_thread().is_alive():
        raise Ending


def inverted_file(middles: Matrix) -> Any:
    """An empty one with these lists: inner products of scaled vectors, searched and removed by id.

    Its rows are bytes that need no training, so a single list is ready at once.
    """
    lists, dim = middles.shape
    nearest = faiss.IndexFlatIP(dim)
    nearest.add(middles)
    index = faiss.IndexIVFScalarQuantizer(
        nearest,
        dim,
        lists,
        faiss.ScalarQuantizer.QT_8bit_direct_signed,
        faiss.METRIC_INNER_PRODUCT,
        False,  # noqa: FBT003 -- the rows themselves, not what they differ from the middle by
    )
    index.is_trained = True
    index.nprobe = min(lists, max(8, lists // PROBED))
    # By this ids are found and removed.
    index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]
    return index


def centres(some: Callable[[Ids], tuple[Ids, Matrix]], ids: Ids, count: int) -> Matrix:
    """The middles of so many lists, by k-means over a sample; raises Ending."""
    chosen = np.random.default_rng(0).permutation(ids)[: SAMPLE * count]
    _, rows = some(np.sort(chosen))
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    faiss.omp_set_num_threads(1)  # the searches need the others
    found = None
    for _ in range(ROUNDS):
        go_on()
        kmeans = faiss.Kmeans(
            rows.shape[1], count, niter=1, spherical=True, min_points_per_centroid=1
        )
        kmeans.train(rows, init_centroids=found)
        found = kmeans.centroids
    return np.asarray(found, np.float32)


def known(index: Any) -> Ids:
    """Every id in it, list by list."""
    lists = index.invlists
    parts = [
        faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)).copy()
        for i in range(index.nlist)
        if lists.list_size(i)
    ]
    return np.concatenate([np.empty(0, np.int64), *parts])


def parameters(index: Any, allowed: Ids | None) -> Any:
    """How to search among these ids, exactly; None for as usual."""
    if allowed is None:
        return None
    bits = np.zeros(int(allowed.max(initial=0)) + 1, bool)
    bits[allowed] = True
    packed = np.packbits(bits, bitorder="little")
    chosen = faiss.IDSelectorBitmap(packed)  # type: ignore[arg-type,call-arg]
    return faiss.SearchParametersIVF(sel=chosen, nprobe=index.nlist)  # type: ignore[call-arg]
