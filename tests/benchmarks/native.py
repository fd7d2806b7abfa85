"""The same searches in C, compiled from ``search.c`` where a compiler is present."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from walkshed.reach.labels import BLOCK, NODE

if TYPE_CHECKING:
    from tests.benchmarks.engine import NodePairs

    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.labels import Blocks
    from walkshed.reach.work import Work

SOURCE = Path(__file__).with_name("search.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


@cache
def native_library() -> ctypes.CDLL | None:
    """Return the compiled searches, or None without a compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    library = Path(tempfile.mkdtemp(prefix="walkshed-benchmark-")) / "search.so"
    subprocess.run([compiler, *FLAGS, "-o", str(library), str(SOURCE), "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.bounded.restype = loaded.nearest.restype = ctypes.c_int64
    return loaded


def _at(array: np.ndarray) -> ctypes.c_void_p:
    if not array.flags.c_contiguous:
        message = "C takes contiguous arrays only"
        raise ValueError(message)
    return ctypes.c_void_p(array.ctypes.data)


def _seeds(graph: Graph, sources: Places) -> tuple[np.ndarray, np.ndarray]:
    node = np.column_stack([graph.u[sources.edge], graph.v[sources.edge]]).astype(np.int32).ravel()
    at = np.column_stack([sources.access + sources.to_u, sources.access + sources.to_v]).ravel()
    return np.ascontiguousarray(node), np.ascontiguousarray(at)


class NativeSearch:
    """The searches in C over the arrays of a graph, with their workspaces."""

    def __init__(self, library: ctypes.CDLL, graph: Graph) -> None:
        self._library = library
        self._graph = graph
        self._nodes = len(graph.indptr) - 1

    def bounded(self, sources: Places, limit: float, work: Work, pairs: NodePairs) -> NodePairs:
        """Search from every source and write the nodes within ``limit`` minutes, with the workspace of our own."""
        node, at = _seeds(self._graph, sources)
        filled, queued, rate = work.queue
        written = self._library.bounded(
            _at(self._graph.indptr), _at(self._graph.arcs), ctypes.c_int64(self._nodes),
            ctypes.c_int64(len(sources.edge)), _at(node), _at(at), ctypes.c_double(limit), ctypes.c_double(rate),
            ctypes.c_int64(len(filled) - 1), _at(work.minutes), _at(filled), _at(queued),
            ctypes.c_int64(len(queued) // len(filled)), _at(work.touched), _at(work.entry), _at(work.at),
            _at(work.improved), _at(pairs.start), _at(pairs.node), _at(pairs.minutes), ctypes.c_int64(len(pairs.node)),
        )  # fmt: skip
        if written < 0:
            message = "the workspace of the benchmark is too small"
            raise MemoryError(message)
        return pairs

    def nearest(self, sources: Places, queue: Blocks) -> tuple[np.ndarray, np.ndarray]:
        """Return the minutes from the nearest source to every node, and the source's row."""
        node, at = _seeds(self._graph, sources)
        row = np.repeat(sources.row, 2)
        known = np.empty(self._nodes + 1, NODE)
        known["minutes"], known["row"], known["arc"] = np.inf, -1, self._graph.indptr
        status = self._library.nearest(
            _at(self._graph.arcs), ctypes.c_int64(len(node)), _at(node), _at(at), _at(row),
            ctypes.c_double(queue.buckets_per_minute), ctypes.c_int64(len(queue.begin) - 1), _at(known),
            _at(queue.begin), _at(queue.end), _at(queue.node), ctypes.c_int64(BLOCK), ctypes.c_int64(len(queue.node)),
        )  # fmt: skip
        if status < 0:
            message = "the workspace of the benchmark is too small"
            raise MemoryError(message)
        return known["minutes"][:-1].copy(), known["row"][:-1].astype(np.int64)
