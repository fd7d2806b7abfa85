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
from tests.benchmarks.engine import NodePairs, room_for_pairs

if TYPE_CHECKING:
    from walkshed.reach.graph import Graph, Places
    from walkshed.reach.search import Queue

SOURCE = Path(__file__).with_name("search.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
ENTRY = np.dtype([("at", np.float64), ("node", np.int32), ("behind", np.int32)])


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

    def __init__(self, library: ctypes.CDLL, graph: Graph, queue: Queue) -> None:
        self._library = library
        self._indptr = np.ascontiguousarray(graph.indptr, np.int64)
        self._head = np.ascontiguousarray(graph.head, np.int32)
        self._weight = np.ascontiguousarray(graph.weight, np.float64)
        self._graph = graph
        self._rate = ctypes.c_double(queue.buckets_per_minute)
        self._mask = ctypes.c_int64(len(queue.first) - 1)
        self._first = np.full(len(queue.first), -1, np.int32)
        self._minutes = np.full(len(graph.indptr) - 1, np.inf)
        self._entries = np.zeros(4 * len(self._minutes) + (1 << 16), ENTRY)

    def room(self, sources: int, pairs: int) -> NodePairs:
        """Return room for results."""
        return room_for_pairs(sources, pairs)

    def bounded(self, sources: Places, limit: float, pairs: NodePairs) -> NodePairs:
        """Search from every source and write the nodes within ``limit`` minutes."""
        node, at = _seeds(self._graph, sources)
        written = self._library.bounded(
            _at(self._indptr), _at(self._head), _at(self._weight), ctypes.c_int64(len(sources.edge)), _at(node),
            _at(at), ctypes.c_double(limit), self._rate, self._mask, _at(self._minutes), _at(self._first),
            _at(self._entries), ctypes.c_int64(len(self._entries)), _at(pairs.start), _at(pairs.node),
            _at(pairs.minutes), ctypes.c_int64(len(pairs.node)),
        )  # fmt: skip
        if written < 0:
            message = "the workspace of the benchmark is too small"
            raise MemoryError(message)
        return pairs

    def nearest(self, sources: Places) -> tuple[np.ndarray, np.ndarray]:
        """Return the minutes from the nearest source to every node, and the source's row."""
        node, at = _seeds(self._graph, sources)
        row = np.repeat(sources.row, 2)
        minutes, label = np.full(len(self._minutes), np.inf), np.full(len(self._minutes), -1, np.int64)
        status = self._library.nearest(
            _at(self._indptr), _at(self._head), _at(self._weight), ctypes.c_int64(len(node)), _at(node), _at(at),
            _at(row), self._rate, self._mask, _at(minutes), _at(label), _at(self._first), _at(self._entries),
            ctypes.c_int64(len(self._entries)),
        )  # fmt: skip
        if status < 0:
            message = "the workspace of the benchmark is too small"
            raise MemoryError(message)
        return minutes, label
