"""Valhalla from our side: finds an interpreter that has it, and talks to the worker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from tests.benchmarks.engine import CUTOFF_MIN, SPEED_KMH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORKER = Path(__file__).with_name("valhalla_worker.py")
VARIABLE = "WALKSHED_VALHALLA_PYTHON"
COMMANDS = ("python3.12", "python3.13", "python3.14")
Drawn = tuple[list[shapely.Geometry], float, float]


@cache
def valhalla_python() -> str | None:
    """Return an interpreter in which Valhalla's Python package can be imported, or None."""
    for candidate in (os.environ.get(VARIABLE), sys.executable, *COMMANDS):
        path = shutil.which(candidate) if candidate else None
        if path is not None:
            tried = subprocess.run([path, "-c", "import valhalla"], check=False, capture_output=True)
            if tried.returncode == 0:
                return path
    return None


@contextmanager
def valhalla_isochrones(
    python: str, extract: Path, origins: list[tuple[float, float]]
) -> Iterator[Callable[[], Drawn]]:
    """Give a function that draws the isochrones of all origins; it returns areas, wall and CPU seconds.

    The seconds are the worker's own, from the request to Valhalla's GeoJSON text.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-P", str(WORKER), str(extract), folder]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, text=True, **pipes) as worker:
            reader, writer = worker.stdout, worker.stdin
            assert reader is not None
            assert writer is not None

            def ask(line: str) -> dict[str, Any]:
                writer.write(line + "\n")
                writer.flush()
                while text := reader.readline():
                    if text.startswith("{"):  # the rest is what Valhalla logs
                        answer: dict[str, Any] = json.loads(text)
                        return answer
                message = "Valhalla's process ended"
                raise RuntimeError(message)

            def draw() -> Drawn:
                answer = ask("again")
                wall, cpu = answer["seconds"]
                return [_area(features) for features in answer["answers"]], wall, cpu

            ask(json.dumps({"origins": origins, "speed_kmh": SPEED_KMH, "minutes": CUTOFF_MIN}))
            try:
                yield draw
            finally:
                writer.close()
                worker.wait(timeout=30)


def _area(features: dict[str, Any]) -> shapely.Geometry:
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features["features"]]
    return shapely.union_all(shapely.make_valid(shapes))
