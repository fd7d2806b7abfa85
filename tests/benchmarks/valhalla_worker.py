"""Valhalla in an interpreter of its own: makes tiles of an extract, then draws isochrones when told to.

Started as ``python valhalla_worker.py extract.osm.pbf folder`` with the origins on the first line of standard input.
Imports nothing of ours, since that interpreter may have nothing but Valhalla.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import valhalla  # type: ignore[import-not-found] # lives in the other interpreter

FREE = ("step", "service", "elevator", "gate", "destination_only")
EVEN = ("alley", "walkway", "sidewalk", "driveway")


def make_actor(extract: str, folder: Path) -> Any:
    """Build the tiles and return Valhalla's actor."""
    tiles = folder / "tiles"
    tiles.mkdir(parents=True)
    config = valhalla.get_config(tile_extract="", tile_dir=str(tiles), verbose=False)
    mjolnir = config["mjolnir"]
    mjolnir["tile_dir"] = str(tiles)
    for key in ("tile_extract", "timezone", "admin"):
        mjolnir.pop(key, None)
    file = folder / "valhalla.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    builder = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    subprocess.run([str(builder), "-c", str(file), extract], check=True, capture_output=True)
    return valhalla.Actor(str(file))


def request(lon: float, lat: float, speed_kmh: float, minutes: float) -> str:
    """Return the request of one isochrone: every street at one speed, none disliked, nothing smoothed away."""
    options = (
        {"walking_speed": speed_kmh} | {f"{name}_penalty": 0 for name in FREE} | {f"{name}_factor": 1 for name in EVEN}
    )
    return json.dumps(
        {
            "locations": [{"lon": lon, "lat": lat}],
            "costing": "pedestrian",
            "costing_options": {"pedestrian": options},
            "contours": [{"time": minutes}],
            "polygons": True,
            "denoise": 0,
            "generalize": 0,
        }
    )


def main() -> None:
    """Answer every line of standard input with the seconds and the isochrones."""
    actor = make_actor(sys.argv[1], Path(sys.argv[2]))
    task = json.loads(sys.stdin.readline())
    requests = [request(lon, lat, task["speed_kmh"], task["minutes"]) for lon, lat in task["origins"]]
    sys.stdout.write(json.dumps({"version": valhalla.__version__ if hasattr(valhalla, "__version__") else "?"}) + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        answers = [actor.isochrone(text) for text in requests]
        seconds = [time.perf_counter() - wall, time.process_time() - cpu]
        sys.stdout.write(json.dumps({"seconds": seconds, "answers": [json.loads(text) for text in answers]}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
