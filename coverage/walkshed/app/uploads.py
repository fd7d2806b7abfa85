"""What a user may bring for each layer of a study: kinds of files, columns, how it is read, where it is noted.

Files are read by the readers of every other file of a study; nothing is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from walkshed.errors import InputError
from walkshed.inputs.contents import check_content
from walkshed.inputs.population_groups import wanted_groups
from walkshed.inputs.positions import COORDINATES
from walkshed.inputs.tables import find_columns, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


TABLES: Final = ("csv", "xlsx", "geojson", "json", "gpkg", "zip", "kml", "parquet")
AREAS: Final = ("geojson", "json", "gpkg", "zip", "kml", "parquet")
STREETS: Final = ("pbf", "osm")
RASTERS: Final = ("tif", "tiff")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of a study, as something to bring.

    Attributes
    ----------
    endings
        Of the files, without the dot.
    fields
        Our columns that the user may map.
    needs
        Each a choice of columns of which one is needed; those of :data:`PLACED` are not where the file has shapes.
    reads
        What it is called in the readers; ``""`` for files without columns.
    datum
        Its coordinates may be in a datum that the file does not tell.
    optional
        A study can do without.
    """

    endings: tuple[str, ...] = TABLES
    fields: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    reads: str = ""
    datum: bool = True
    optional: bool = False


PLACED: Final = (("lon", "location"), ("lat", "location"))
LAYERS: Final[Mapping[str, Layer]] = {
    "facilities": Layer(
        fields=("name", *COORDINATES, "status", "tier", "capacity", "opening_hours", "facility_id", "unit_id",
                "position_quality", "source"),
        needs=PLACED, reads="facilities",
    ),
    "demand": Layer(
        fields=("population", "households", "name", *COORDINATES, "demand_id", "kind", "area_m2", "unit_id"),
        needs=(("population", "households"), *PLACED), reads="demand",
    ),
    "boundary": Layer(endings=AREAS),
    "network": Layer(endings=STREETS, datum=False),
    "units": Layer(
        fields=("name", "unit_id", "level", "parent_id", "population"), needs=(("name", "unit_id"),), reads="units",
        optional=True,
    ),
    "candidates": Layer(
        fields=("place", *COORDINATES, "cost", "capacity", "kind", "candidate_id"), needs=PLACED, reads="candidates",
        optional=True,
    ),
    "entrances": Layer(
        fields=("owner", "facility_id", "name", *COORDINATES), needs=(("owner", "facility_id"), *PLACED),
        reads="entrances", optional=True,
    ),
    "gates": Layer(
        fields=("owner", "demand_id", "name", *COORDINATES), needs=(("owner", "demand_id"), *PLACED), reads="gates",
        optional=True,
    ),
    "denominators": Layer(
        endings=("csv", "xlsx"), fields=("unit_id", "basis", "group", "denominator"), needs=(("unit_id",),),
        reads="denominators", datum=False, optional=True,
    ),
    "raster": Layer(endings=RASTERS, datum=False, optional=True),
    "elevation": Layer(endings=RASTERS, datum=False, optional=True),
}  # fmt: skip
"""In the order in which they are offered."""


FIGURES_OF_THE_FILE: Final[Mapping[str, Any]] = {"raster": "", "unit_totals": False, "cell_centres": False}
"""Residents that a file counts are not counted again by a raster or by the totals of units."""


class Columns(NamedTuple):
    """The columns of a file.

    Attributes
    ----------
    seen
        As the file calls them.
    fields
        Ours that may be mapped.
    proposed
        Ours -> theirs, as the reader would find them.
    doubtful
        Ours for which several of theirs fit: the user has to say which.
    shapes
        The file holds shapes, so that no coordinates are needed.
    rows
        How many.
    """

    seen: tuple[str, ...]
    fields: tuple[str, ...]
    proposed: dict[str, str]
    doubtful: frozenset[str]
    shapes: bool
    rows: int


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the user says about a file.

    Attributes
    ----------
    columns
        Our name -> theirs, ``""`` for none; see :func:`mapping_of`.
    datum
        See :data:`walkshed.coordinates.DATUMS`.
    holds
        What a population raster counts, ``""`` to find out.
    onto_homes
        A population raster is shared out over the residential buildings there are, instead of counting cells.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    datum: str = "wgs84"
    holds: str = ""
    onto_homes: bool = True


def columns_of(path: Path, layer: str) -> Columns:
    """Return the columns of a file, with those that the reader would take.

    Raises
    ------
    InputError
        If the file cannot be read at all.
    """
    kind = LAYERS[layer]
    check_content(path)
    raw = read_table(path, layer=kind.reads)
    groups = wanted_groups(raw, None) if layer in {"demand", "units"} else ()
    wide = tuple(str(name) for name in raw.frame.columns if str(name).startswith("denominator_"))
    fields = (*kind.fields, *groups, *(wide if layer == "denominators" else ()))
    proposed: dict[str, str] = {}
    doubtful: set[str] = set()
    for name in fields:
        try:
            proposed |= find_columns(raw.frame, (name,), layer=kind.reads, path=path.name)
        except InputError:  # several fit
            doubtful.add(name)
    shapes = raw.geometry is not None and not bool(raw.geometry.isna().all())
    seen = tuple(str(name) for name in raw.frame.columns)
    return Columns(seen, fields, proposed, frozenset(doubtful), shapes, len(raw.lines))


def mapping_of(columns: Columns, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return what of the user's choice has to be told to the reader: what it would not find, or find otherwise.

    Examples
    --------
    >>> columns = Columns(("a", "name"), ("name", "lon"), {"name": "name"}, frozenset(), False, 1)
    >>> mapping_of(columns, {"name": "name", "lon": "a"}), mapping_of(columns, {"name": "", "lon": ""})
    ({'lon': 'a'}, {'name': ''})
    """
    return {
        name: chosen.get(name, "")
        for name in columns.fields
        if chosen.get(name, "") != columns.proposed.get(name, "") or name in columns.doubtful
    }


def lacking(layer: str, columns: Columns, chosen: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Return the choices of columns of which one is needed and none is chosen."""
    needs = [need for need in LAYERS[layer].needs if not (columns.shapes and need in PLACED)]
    return tuple(need for need in needs if not any(chosen.get(name) for name in need))


def is_needed(layer: str, columns: Columns, name: str) -> bool:
    """Say whether a column is one of those that a layer needs."""
    return any(name in need for need in LAYERS[layer].needs if not (columns.shapes and need in PLACED))
