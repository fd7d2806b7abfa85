"""A fictional mountain district, written by a generator: every measure can be seen at work on it, offline.

It lies nowhere: the mountains at its coordinates hold no such river, towns or people. Its codes begin with 9999, which
no district's do.
"""

from __future__ import annotations

from pathlib import Path

from walkshed.files import replacing, reserve, unwritable, write_whole
from walkshed.sample.district import build_district
from walkshed.sample.files import (
    boundary_layer,
    compound_layer,
    compound_table,
    gate_table,
    name_table,
    premise_table,
    room_table,
    study_files,
    terrain_raster,
    unit_layer,
)

__all__ = ["write_sample"]

STREETS_BYTES = 4_000_000
"""More than the street file of the sample takes."""


def write_sample(folder: Path | str) -> tuple[Path, ...]:
    """Write the study of the fictional sample district.

    Parameters
    ----------
    folder
        Made when absent. Files of the same names are replaced.

    Returns
    -------
    tuple of Path
        The files; ``study.toml``, ``scenario.toml`` and ``compounds.toml`` among them can be run. They are the same
        bytes every time and everywhere.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    target = Path(folder)
    district = build_district()
    files = {
        "boundary.geojson": boundary_layer(),
        "units.geojson": unit_layer(district),
        "facilities.csv": room_table(),
        "names.csv": name_table(),
        "candidates.csv": premise_table(),
        "compounds.geojson": compound_layer(district),
        "compounds.csv": compound_table(district),
        "gates.csv": gate_table(district),
        "elevation.tif": terrain_raster(),
        **study_files(district),
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(target / name, content)
        with replacing(target / "streets.osm.pbf") as draft:
            reserve(draft, STREETS_BYTES)  # the writer of street files takes the program with it on a full disk
            district.osm.write(draft)
    except OSError as error:
        raise unwritable(target, error) from error
    return tuple(target / name for name in (*files, "streets.osm.pbf"))
