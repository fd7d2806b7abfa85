# ruff: noqa: T201 - a command that prints what it measured
"""What a long table takes: ``python -m tests.inputs.row_memory --rows 1000000 [--kind csv|parquet|gpkg]``.

Writes so many rooms, reads them with the limits raised, each time in a process of its own, and prints seconds and the
memory that the process took at most beyond what it took before.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import os
import resource
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from walkshed.errors import WalkshedError
from walkshed.inputs.facilities import read_facilities

LIMITS = {"WALKSHED_MAX_ROWS": "100000000", "WALKSHED_MAX_CELLS": "1000000000", "WALKSHED_MAX_FILE_MB": "20000"}


def write(kind: str, rows: int, folder: Path) -> Path:
    """Write rooms on a grid of a district."""
    path = folder / f"rooms.{kind}"
    dice = np.random.default_rng(1)
    lon, lat = dice.uniform(106.2, 106.4, rows), dice.uniform(29.4, 29.6, rows)
    if kind == "csv":
        with path.open("w", encoding="utf-8") as stream:
            stream.write("name,lon,lat\n")
            stream.writelines(f"r{i},{x:.6f},{y:.6f}\n" for i, (x, y) in enumerate(zip(lon, lat, strict=True)))
        return path
    table = gpd.GeoDataFrame({"name": np.arange(rows).astype(str)}, geometry=shapely.points(lon, lat), crs="EPSG:4326")
    table.to_parquet(path) if kind == "parquet" else table.to_file(path)
    return path


def read(path: Path, limits: dict[str, str]) -> None:
    """Read the rooms and tell what it took."""
    os.environ.update(limits)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    try:
        said = f"{len(read_facilities(path).table)} rows"
    except WalkshedError as error:
        said = error.text("en")
    memory_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{path.name}: {time.monotonic() - began:.1f} s, {memory_mb:.0f} MB: {said}", flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.inputs.row_memory", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kind", action="append", choices=["csv", "parquet", "gpkg"])
    parser.add_argument("--refuse", action="store_true", help="leave the limits as they are")
    given = parser.parse_args()
    start = mp.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="row-memory-") as folder:
        for kind in given.kind or ["csv", "parquet"]:
            path = write(kind, given.rows, Path(folder))
            process = start.Process(target=read, args=(path, {} if given.refuse else LIMITS))
            process.start()
            process.join()


if __name__ == "__main__":
    main()
